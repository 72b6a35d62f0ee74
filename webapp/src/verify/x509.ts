/**
 * Certificates of time-stamp authorities (RFC 5280): reading them, and the way from a signer to an
 * anchor at the time stamped. What it takes is what OpenSSL takes for that purpose; what a browser
 * cannot judge is Unsupported, not refused. Pure but for the browser's own cryptography.
 */

import { AccompanyError, Malformed } from "../errors";
import { sameBytes, writeHex } from "../evidence/text";
import {
  BIT_STRING,
  BOOLEAN,
  NULL,
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

/** A kind of key, signature or restriction that this browser cannot judge. */
export class Unsupported extends AccompanyError {
  override name = "Unsupported";
}

type Bytes = Uint8Array<ArrayBuffer>;

const HASHES: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "SHA-1",
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};
const RSA = "1.2.840.113549.1.1.1";
const PSS = "1.2.840.113549.1.1.10";
const EC = "1.2.840.10045.2.1";
const EDWARDS = "1.3.101.112";
const CURVES: Readonly<Record<string, readonly [string, number]>> = {
  "1.2.840.10045.3.1.7": ["P-256", 32],
  "1.3.132.0.34": ["P-384", 48],
  "1.3.132.0.35": ["P-521", 66],
};
/** Curves that OpenSSL knows and browsers do not. */
const FOREIGN_CURVE =
  /^(?:1\.3\.132\.0\.\d\d?|1\.3\.36\.3\.3\.2\.8\.1\.1\.\d\d?|1\.2\.156\.10197\.1\.301)$/;
/** Signatures that OpenSSL knows and browsers, for good reasons, do not. */
const FOREIGN_SIGNATURE = /^1\.2\.840\.(?:113549\.1\.1\.(?:[234]|1[4-6])|10045\.4\.3\.1|10040\.4\.3)$/;
/** What certificates are signed with: the hash, and the kind of key. */
const SIGNED_BY: Readonly<Record<string, readonly [string, string]>> = {
  "1.2.840.113549.1.1.5": [RSA, "SHA-1"],
  "1.2.840.113549.1.1.11": [RSA, "SHA-256"],
  "1.2.840.113549.1.1.12": [RSA, "SHA-384"],
  "1.2.840.113549.1.1.13": [RSA, "SHA-512"],
  "1.2.840.10045.4.1": [EC, "SHA-1"],
  "1.2.840.10045.4.3.2": [EC, "SHA-256"],
  "1.2.840.10045.4.3.3": [EC, "SHA-384"],
  "1.2.840.10045.4.3.4": [EC, "SHA-512"],
  [EDWARDS]: [EDWARDS, ""],
};
const [KEY_USAGE, BASIC, CONSTRAINTS, EXTENDED] = ["2.5.29.15", "2.5.29.19", "2.5.29.30", "2.5.29.37"];
const [SUBJECT_KEY, AUTHORITY_KEY, OTHER_NAMES] = ["2.5.29.14", "2.5.29.35", "2.5.29.17"];
/** Extensions that OpenSSL minds or may pass over though they are critical. */
const KNOWN = new Set([
  KEY_USAGE,
  BASIC,
  CONSTRAINTS,
  EXTENDED,
  OTHER_NAMES,
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.54",
  "1.3.6.1.5.5.7.1.7",
  "1.3.6.1.5.5.7.1.8",
  "1.3.6.1.5.5.7.1.14",
  "2.16.840.1.113730.1.1",
]);
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
/** Purposes that OpenSSL knows; beside time stamping a signer may have none of them. */
const PURPOSES = new Set([
  ...[1, 2, 3, 4, 9, 10].map((last) => `1.3.6.1.5.5.7.3.${last}`),
  "1.3.6.1.4.1.311.10.3.3",
  "2.16.840.1.113730.4.1",
  "2.5.29.37.0",
]);

interface Extension {
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
function sameName(one: Uint8Array, other: Uint8Array): boolean {
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

function mayIssue(above: Certificate, below: Certificate): boolean {
  if (!sameName(above.subject, below.issuer)) return false;
  try {
    return extensionsLetIssue(above, below);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

function extensionsLetIssue(above: Certificate, below: Certificate): boolean {
  constraintsOf(above);
  const names = above.extensions.get(OTHER_NAMES);
  const strange = names !== undefined && within(only(names.value, SEQUENCE)).some(({ tag }) => (tag & 0xc0) !== 0x80);
  if (strange) return false;
  const wanted = below.extensions.get(AUTHORITY_KEY);
  const have = above.extensions.get(SUBJECT_KEY);
  if (wanted !== undefined && have !== undefined) {
    const named = within(only(wanted.value, SEQUENCE)).find(({ tag }) => tag === 0x80);
    if (named !== undefined && !sameBytes(named.content, only(have.value, OCTET_STRING).content)) return false;
  }
  const usage = usageOf(above);
  return usage === null || (usage & 0x04) !== 0;
}

/** Key usage as its first byte: 0x80 digital signature, 0x40 non-repudiation, 0x04 signs certificates. */
function usageOf({ extensions }: Certificate): number | null {
  const found = extensions.get(KEY_USAGE);
  if (found === undefined) return null;
  const { content } = only(found.value, BIT_STRING);
  return content[1] ?? 0;
}

function constraintsOf({ extensions }: Certificate): { ca: boolean; path: number | null } | null {
  const found = extensions.get(BASIC);
  if (found === undefined) return null;
  const fields = within(only(found.value, SEQUENCE));
  // OpenSSL takes any byte but 0 for true here.
  const ca = fields[0]?.tag === BOOLEAN && fields.shift()?.content[0] !== 0;
  const [path, more] = fields;
  if (more !== undefined) throw malformed("constraints of other parts");
  return { ca, path: path === undefined ? null : small(integer(path)) };
}

function isAuthority(certificate: Certificate): boolean {
  const constraints = constraintsOf(certificate);
  if (constraints !== null) return constraints.ca;
  const usage = usageOf(certificate);
  if (usage !== null) return (usage & 0x04) !== 0;
  return certificate.version === 1 && selfIssued(certificate);
}

function stampsTime(certificate: Certificate): boolean {
  const usage = usageOf(certificate);
  if (usage !== null && ((usage & ~0xc0) !== 0 || (usage & 0xc0) === 0)) return false;
  const extended = certificate.extensions.get(EXTENDED);
  if (extended?.critical !== true) return false;
  const purposes = within(only(extended.value, SEQUENCE)).map(oid);
  return purposes.includes(TIME_STAMPING) && !purposes.some((purpose) => PURPOSES.has(purpose));
}

function soundAt(certificate: Certificate, time: number): boolean {
  if (certificate.extensions.has(CONSTRAINTS)) throw new Unsupported("name constraints");
  const strange = [...certificate.extensions].some(([name, { critical }]) => critical && !KNOWN.has(name));
  return !strange && certificate.since <= time && time <= certificate.until;
}

/**
 * Whether a way leads from `signer` to one of `anchors`, all of it sound at `time` (seconds since
 * 1970). Anchors are those that issued themselves. As OpenSSL goes it: upwards by names, first over
 * `beside` and anchors, only then over `embedded`, without turning back; then all of it is judged.
 */
export async function leadsTo(
  signer: Certificate,
  beside: readonly Certificate[],
  embedded: readonly Certificate[],
  anchors: readonly Certificate[],
  time: number,
): Promise<boolean> {
  const roots: Certificate[] = [];
  for (const anchor of anchors) if (await isRoot(anchor)) roots.push(anchor);
  const store = [...roots, ...beside.filter((one) => !selfIssued(one))];
  const path = [signer];
  for (let top = signer; !roots.includes(top); ) {
    const above = (await issuerAmong(store, top, time)) ?? (await issuerAmong(embedded, top, time));
    if (above === undefined || path.length > LONGEST || path.includes(above)) return false;
    path.push(above);
    top = above;
  }
  if (!stampsTime(signer) || !path.every((one) => soundAt(one, time))) return false;
  for (const [at, above] of path.entries()) {
    const below = path[at - 1];
    if (below === undefined) continue;
    if (!isAuthority(above) || !longEnough(path.slice(0, at), above) || !(await issued(above, below))) return false;
  }
  return true;
}

const LONGEST = 12;

/** Whether it issued itself, with the kind of key it has; its own signature shows nothing. */
async function isRoot(anchor: Certificate): Promise<boolean> {
  return selfIssued(anchor) && mayIssue(anchor, anchor) && (await fits(anchor, anchor));
}

async function issuerAmong(
  pool: readonly Certificate[],
  below: Certificate,
  time: number,
): Promise<Certificate | undefined> {
  const may: Certificate[] = [];
  for (const above of pool) if (mayIssue(above, below) && (await fits(above, below))) may.push(above);
  return may.find(({ since, until }) => since <= time && time <= until) ?? may[0];
}

/** Whether the key above is one, and of the kind that the certificate below says it is signed by. */
async function fits(above: Certificate, below: Certificate): Promise<boolean> {
  const id = algorithm(only(below.inner, SEQUENCE));
  const kind = id === PSS ? RSA : SIGNED_BY[id]?.[0];
  if (FOREIGN_SIGNATURE.test(id)) throw new Unsupported(`signature ${id}`);
  return kind === above.keyKind && (await keyOf(above, "SHA-256")) !== null;
}

function longEnough(path: readonly Certificate[], above: Certificate): boolean {
  const allowed = constraintsOf(above)?.path ?? null;
  const between = path.slice(1).filter((one) => !selfIssued(one)).length;
  return allowed === null || path.length < 2 || between <= allowed;
}

async function issued(above: Certificate, below: Certificate): Promise<boolean> {
  if (!sameBytes(below.inner, below.algorithm)) return false;
  const [name, parameters] = within(only(below.algorithm, SEQUENCE));
  const id = oid(name);
  if (id === PSS) return await verifyPss(above, parameters, below);
  const known = SIGNED_BY[id];
  if (known?.[0] !== above.keyKind) return false;
  return await verifyBy(above, known[1], below.signed, below.signature);
}

async function verifyPss(above: Certificate, parameters: Element | undefined, below: Certificate): Promise<boolean> {
  const fields = parameters === undefined ? [] : within(parameters);
  const field = (tag: number) => fields.find((one) => one.tag === tag);
  const [hash, salt] = [field(0xa0), field(0xa2)];
  const name = hash === undefined ? "SHA-1" : HASHES[oid(within(within(hash, 0xa0)[0])[0])];
  if (name === undefined || above.keyKind !== RSA) throw new Unsupported("RSASSA-PSS");
  const length = salt === undefined ? 20 : small(integer(within(salt, 0xa2)[0]));
  const algorithm = { name: "RSA-PSS", hash: name };
  const key = await imported(above.key, algorithm);
  if (key === null) return false;
  const given = { name: "RSA-PSS", saltLength: length };
  return await crypto.subtle.verify(given, key, below.signature as Bytes, below.signed as Bytes);
}

/** The hash that an algorithm identifier names, as browsers call it; null for others. */
export function hashOf(identifier: Element | undefined): string | null {
  const [kind, parameters, more] = within(identifier);
  const none = parameters === undefined || (parameters.tag === NULL && parameters.content.length === 0);
  if (!none || more !== undefined) throw malformed("a hash of other parameters");
  return HASHES[oid(kind)] ?? null;
}

/** Whether `signature` over `data` is by the key in `certificate`, with `hash`. */
export async function verifyBy(
  certificate: Certificate,
  hash: string,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await keyOf(certificate, hash);
  if (key === null) return false;
  const size = CURVES[certificate.curve]?.[1];
  const value = size === undefined ? signature : rawSignature(signature, size);
  const given = { name: key.algorithm.name, hash };
  return value !== null && (await crypto.subtle.verify(given, key, value as Bytes, data as Bytes));
}

/** The key in a certificate, for signatures with `hash`; null where it is none. */
async function keyOf({ key, keyKind, curve }: Certificate, hash: string): Promise<CryptoKey | null> {
  if (keyKind === RSA) return await imported(key, { name: "RSASSA-PKCS1-v1_5", hash });
  if (keyKind === EDWARDS) return await imported(key, { name: "Ed25519" });
  if (keyKind !== EC) return null;
  const known = CURVES[curve];
  if (known === undefined && FOREIGN_CURVE.test(curve)) throw new Unsupported(`curve ${curve}`);
  if (known === undefined) return null;
  return await imported(key, { name: "ECDSA", namedCurve: known[0] });
}

async function imported(
  spki: Uint8Array,
  algorithm: { name: string; hash?: string; namedCurve?: string },
): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("spki", spki as Bytes, algorithm, false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") throw new Unsupported(algorithm.name);
    return null;
  }
}

/** An ECDSA signature as browsers want it: r and s, `size` bytes each; null where they are none. */
function rawSignature(signature: Uint8Array, size: number): Bytes | null {
  const raw = new Uint8Array(2 * size);
  const [r, s, more] = within(only(signature, SEQUENCE)).map(integer);
  if (r === undefined || s === undefined || more !== undefined) return null;
  for (const [at, value] of [r, s].entries()) {
    const plain = value[0] === 0 ? value.subarray(1) : value;
    if (plain.length > size || (value[0] ?? 0) >= 0x80) return null;
    raw.set(plain, (at + 1) * size - plain.length);
  }
  return raw;
}
