/**
 * DER, read strictly (X.690): one way to write each length, nothing behind the end. Only what
 * certificates and time stamps need. Pure.
 */

import { Malformed } from "../errors";

export const [BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL] = [1, 2, 3, 4, 5];
export const [OID, SEQUENCE, SET] = [6, 0x30, 0x31];
export const [UTC_TIME, GENERALIZED_TIME] = [0x17, 0x18];

export function malformed(why: string): Malformed {
  return new Malformed("DER", why);
}

/** One element: its tag, what is in it, and how it was written. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Returns the elements that `data` is made of, and nothing else. */
export function elements(data: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < data.length; ) {
    const element = elementAt(data, at);
    found.push(element);
    at += element.whole.length;
  }
  return found;
}

/** Returns the one element that `data` is, with the tag it must have. */
export function only(data: Uint8Array, tag: number): Element {
  const [element, more] = elements(data);
  if (element === undefined || more !== undefined) throw malformed("expected one element");
  return of(element, tag);
}

/** Returns `element` if it has `tag`. */
export function of(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw malformed(`expected tag ${tag}, found ${element?.tag ?? "none"}`);
  return element;
}

/** Returns the elements in `element`, which must have `tag`. */
export function within(element: Element | undefined, tag: number = SEQUENCE): Element[] {
  return elements(of(element, tag).content);
}

/** Returns the elements of a SET OF, which stand in the order of their bytes. */
export function setOf(element: Element): Element[] {
  const members = elements(element.content);
  for (const [at, member] of members.entries()) {
    const before = members[at - 1];
    if (before !== undefined && order(before.whole, member.whole) > 0) throw malformed("a set out of order");
  }
  return members;
}

function order(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    const step = (one[at] ?? 0) - (other[at] ?? 0);
    if (step !== 0) return step;
  }
  return one.length - other.length;
}

function elementAt(data: Uint8Array, at: number): Element {
  const tag = data[at] ?? 0;
  if ((tag & 0x1f) === 0x1f) throw malformed("a tag of many bytes");
  const first = data[at + 1];
  if (first === undefined) throw malformed("cut");
  let [size, start] = [first, at + 2];
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed("a length of no or many bytes");
    size = 0;
    for (const byte of data.subarray(start, start + count)) size = size * 256 + byte;
    start += count;
    if (size < 128 || (data[at + 2] ?? 0) === 0) throw malformed("a length written too long");
  }
  if (start + size > data.length) throw malformed("cut");
  return { tag, content: data.subarray(start, start + size), whole: data.subarray(at, start + size) };
}

/** Returns the bytes of an INTEGER written as short as it can be. */
export function integer(element: Element | undefined): Uint8Array {
  const { content } = of(element, INTEGER);
  const [first, second = 0] = content;
  if (first === undefined) throw malformed("an integer of no bytes");
  if (content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw malformed("an integer written too long");
  }
  return content;
}

/** Returns a small, positive INTEGER, by its bytes. */
export function small(bytes: Uint8Array): number {
  if (bytes.length > 6 || (bytes[0] ?? 0) >= 0x80) throw malformed("expected a small integer");
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

export function boolean(element: Element): boolean {
  const { content } = of(element, BOOLEAN);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw malformed("expected a boolean");
  return content[0] === 0xff;
}

/** Returns the object identifier of an algorithm, whose parameters are of any kind. */
export function algorithm(element: Element | undefined): string {
  const [kind, parameters, more] = within(element);
  const name = oid(kind);
  const none = parameters === undefined || (parameters.tag === NULL && parameters.content.length === 0);
  if (more !== undefined || (PLAIN.test(name) && !none)) throw malformed("an algorithm of other parts");
  return name;
}

/** RSA but for PSS and OAEP, and ECDSA: what has no parameters but NULL. */
const PLAIN = /^(?:1\.2\.840\.113549\.1\.1\.(?!7$|10$)|1\.2\.840\.10045\.4\.)/;

/** Returns an OBJECT IDENTIFIER with its dots. */
export function oid(element: Element | undefined): string {
  const { content } = of(element, OID);
  const arcs: number[] = [];
  let [value, begun] = [0, false];
  for (const byte of content) {
    if (!begun && byte === 0x80) throw malformed("an object identifier written too long");
    value = value * 128 + (byte & 0x7f);
    begun = byte >= 0x80;
    if (begun) continue;
    arcs.push(value);
    value = 0;
  }
  const [first, ...rest] = arcs;
  if (first === undefined || begun) throw malformed("expected an object identifier");
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join(".");
}

/** Returns a UTCTime or GeneralizedTime in whole seconds since 1970 UTC. */
export function seconds(element: Element | undefined): number {
  const text = String.fromCharCode(...(element?.content ?? []));
  const short = element?.tag === UTC_TIME;
  const match = short ? /^(\d\d)(\d{10})Z$/.exec(text) : /^(\d{4})(\d{10})(?:\.\d*[1-9])?Z$/.exec(text);
  if (match === null || (!short && element?.tag !== GENERALIZED_TIME)) throw malformed("expected a time");
  const [, year = "", rest = ""] = match;
  const full = short ? Number(year) + (Number(year) < 50 ? 2000 : 1900) : Number(year);
  const [month, day, hour, minute, second] = (rest.match(/\d\d/g) ?? []).map(Number) as number[];
  const time = Date.UTC(full, (month ?? 0) - 1, day, hour, minute, second);
  const back = new Date(time);
  const same = back.getUTCMonth() + 1 === month && back.getUTCDate() === day && back.getUTCHours() === hour;
  if (!same || back.getUTCMinutes() !== minute || back.getUTCSeconds() !== second) throw malformed("no such moment");
  return time / 1000;
}
