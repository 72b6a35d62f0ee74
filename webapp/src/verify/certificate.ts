/**
 * A certificate of a time-stamp authority (RFC 5280), read as strictly as OpenSSL and Python's
 * `cryptography` together; nothing in it is believed. Pure. Not here: the way to an anchor (x509),
 * its key (authority-keys).
 */

import { sameBytes, writeHex } from "../evidence/text";
import {
  BIT_STRING,
  type Element,
  OCTET_STRING,
  SEQUENCE,
  SET,
  algorithm,
  boolean,
  elements,
  integer,
  malformed,
  of,
  oid,
  only,
  seconds,
  small,
  within,
} from "./der";

export const EC = "1.2.840.10045.2.1";

export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** A certificate as read; nothing in it is believed yet. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly version: number;
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly since: number;
  readonly until: number;
  readonly key: Uint8Array;
  readonly keyKind: string;
  readonly curve: string;
  readonly signed: Uint8Array;
  /** what it says of its signature inside, which nobody may exchange, and outside */
  readonly inner: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** Reads a certificate; one that is only *embedded* may have letters in its name that nobody knows. */
export function readCertificate(der: Uint8Array, embedded = false): Certificate {
  const [body, outer, signature, more] = within(only(der, SEQUENCE));
  if (more !== undefined) throw malformed("a certificate of four parts");
  const fields = within(body);
  const version = fields[0]?.tag === 0xa0 ? laterVersion(fields.shift()) : 0;
  const [serial, inner, issuer, validity, subject, key, ...rest] = fields;
  const [since, until] = within(validity);
  algorithm(outer);
  algorithm(inner);
  algorithm(within(key)[0]);
  checkName(issuer, false);
  checkName(subject, embedded);
  const [sort, point, behind] = within(key);
  const [kind, parameters, third] = within(sort);
  bits(point);
  const unknown = rest.some(({ tag }, at) => ![0x81, 0x82, 0xa3].includes(tag) || tag <= (rest[at - 1]?.tag ?? 0));
  if (behind !== undefined || third !== undefined || unknown || version > 2) throw malformed("a certificate of other parts");
  return {
    der,
    version: version + 1,
    serial: integer(serial),
    issuer: of(issuer, SEQUENCE).whole,
    subject: of(subject, SEQUENCE).whole,
    since: seconds(since),
    until: seconds(until),
    key: of(key, SEQUENCE).whole,
    keyKind: oid(kind),
    curve: oid(kind) === EC ? oid(parameters) : "",
    signed: of(body, SEQUENCE).whole,
    inner: of(inner, SEQUENCE).whole,
    algorithm: of(outer, SEQUENCE).whole,
    signature: wholeBytes(signature),
    extensions: readExtensions(rest.find(({ tag }) => tag === 0xa3)),
  };
}

/** A version that is written is not the first, which is not written. */
function laterVersion(element: Element | undefined): number {
  const version = small(integer(within(element, 0xa0)[0]));
  if (version === 0) throw malformed("a first version, written");
  return version;
}

/** Names are read to their letters, as libraries read them; *other* says whether no letters will do. */
function checkName(name: Element | undefined, other: boolean): void {
  for (const set of within(name)) {
    const pairs = within(set, SET);
    if (pairs.length === 0) throw malformed("a name of nothing");
    for (const pair of pairs) {
      const [kind, value, more] = within(pair);
      oid(kind);
      if (value === undefined || more !== undefined || !lettersOf(value, other)) throw malformed("a name of other letters");
    }
  }
}

/** Tags that OpenSSL lets stand in a name without knowing them. */
const UNKNOWN = [7, 8, 9, 11, 13, 14, 15, 29];
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

function lettersOf({ tag, content }: Element, other: boolean): boolean {
  const latin = () => String.fromCharCode(...content);
  if (tag === 19) return PRINTABLE.test(latin());
  if (tag === 22 || tag === 18) return content.every((byte) => byte < 0x80);
  if (tag === 20) return true;
  if (tag === 30) return content.length % 2 === 0;
  if (tag === 28) return content.length % 4 === 0 && content.every((byte, at) => at % 4 > 1 || byte <= 0x10 * (at % 4));
  if (tag !== 12) return other && UNKNOWN.includes(tag);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}

function bits(element: Element | undefined): { unused: number; bytes: Uint8Array } {
  const { content } = of(element, BIT_STRING);
  const [unused = 8, bytes] = [content[0], content.subarray(1)];
  const behind = (bytes.at(-1) ?? 0) & ((1 << unused) - 1);
  if (unused > 7 || behind !== 0 || (unused > 0 && bytes.length === 0)) throw malformed("bits behind the last");
  return { unused, bytes };
}

/** A signature of broken bytes is none, but its certificate may still be an anchor. */
function wholeBytes(element: Element | undefined): Uint8Array {
  const { unused, bytes } = bits(element);
  return unused === 0 ? bytes : new Uint8Array();
}

function readExtensions(element: Element | undefined): Map<string, Extension> {
  const found = new Map<string, Extension>();
  if (element === undefined) return found;
  for (const each of within(within(element, 0xa3)[0])) {
    const [name, second, third] = within(each);
    const critical = third === undefined || second === undefined ? false : boolean(second);
    const id = oid(name);
    if (found.has(id)) throw malformed("an extension twice");
    found.set(id, { critical, value: of(third ?? second, OCTET_STRING).content });
  }
  return found;
}

/** Whether it says of itself that it issued itself, letter by letter. */
export function selfIssued({ issuer, subject }: Certificate): boolean {
  return sameBytes(issuer, subject);
}

/** Two names are one if OpenSSL takes them so: case and outer spaces do not count. */
export function sameName(one: Uint8Array, other: Uint8Array): boolean {
  return sameBytes(one, other) || canonical(one) === canonical(other);
}

function canonical(name: Uint8Array): string {
  const parts = within(only(name, SEQUENCE)).map((set) =>
    elements(set.content).map((pair) => {
      const [kind, value] = within(pair);
      if (kind === undefined || value === undefined) throw malformed("expected a name");
      const text = textOf(value);
      return `${oid(kind)}=${text ?? `${value.tag}:${writeHex(value.content)}`}`;
    }),
  );
  return JSON.stringify(parts);
}

function textOf({ tag, content }: Element): string | null {
  if (![12, 19, 20, 22, 26].includes(tag)) return null;
  return String.fromCharCode(...content)
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[ \t\n\v\f\r]+/g, " ")
    .trim();
}
