/**
 * One written form: the small alphabet every text of evidence is made of. Twin of
 * src/accompany/evidence/text.py, byte for byte: a parser here takes only what its writer would
 * have written. Pure: bytes and text in, values out; no clock.
 */

import { Malformed } from "../errors";

/** Bytes in a text, unless its page says otherwise (package.note, opened.note). */
export const TEXT_LIMIT = 4096;

/** What Python's `\s` matches. JavaScript's own differs: it has U+FEFF and lacks U+0085. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;
const HEX = /^(?:[0-9a-f]{2})*$/;
const BASE32 = /^[a-z2-7]{32}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Returns the text in `data`; a byte order mark stays, for its one written form has none. */
export function readUtf8(what: string, data: Uint8Array): string {
  try {
    return decoder.decode(data);
  } catch {
    throw new Malformed(what, "expected UTF-8");
  }
}

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Returns the first `count` characters of `text`; one outside the first plane counts as one. */
export function clipped(text: string, count: number): string {
  if (text.length <= count) return text;
  return Array.from(text.slice(0, 2 * count)).slice(0, count).join("");
}

/**
 * Returns the first `limit` characters of `text` in quotation marks, all in visible ASCII: what came
 * from a file is repeated in reports so, and every verifier writes the same.
 */
export function quoted(text: string | Uint8Array, limit = 80): string {
  const codes =
    typeof text === "string"
      ? Array.from(clipped(text, limit), (character) => character.codePointAt(0) ?? 0)
      : Array.from(text.subarray(0, limit));
  return `'${codes.map(visible).join("")}'`;
}

function visible(code: number): string {
  if (code >= 0x20 && code < 0x7f && code !== 0x27 && code !== 0x5c) return String.fromCharCode(code);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** Returns a time, in milliseconds since 1970 UTC, as RFC 3339 with three decimals. */
export function writeTime(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  if (!TIME.test(text)) throw new Malformed("time", `out of range: ${text}`);
  return text;
}

/** Returns the milliseconds since 1970 UTC that `text` states. */
export function readTime(text: string): number {
  if (!TIME.test(text)) throw new Malformed("time", `expected 2026-11-21T20:14:03.120Z, found ${quoted(text, 40)}`);
  const moment = Date.parse(text);
  // Date.parse takes the 30th of February and 24:00; a moment that exists is written as it was read.
  if (Number.isNaN(moment) || new Date(moment).toISOString() !== text || text < "0001") {
    throw new Malformed("time", `no such moment: ${text}`);
  }
  return moment;
}

export function readNumber(text: string): number {
  if (!NUMBER.test(text) || Number(text) > Number.MAX_SAFE_INTEGER) {
    throw new Malformed("number", `expected decimal digits, found ${quoted(text, 40)}`);
  }
  return Number(text);
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function writeHex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += DIGITS[byte];
  return text;
}

/** Returns the `size` bytes that `text` writes in lower-case hex. */
export function readHex(text: string, size: number): Uint8Array {
  if (text.length !== 2 * size || !HEX.test(text)) {
    throw new Malformed("hex", `expected ${2 * size} lower-case digits, found ${quoted(text)}`);
  }
  return Uint8Array.from({ length: size }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

export function writeBase64(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) {
    text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** Returns what `text` writes in padded, canonical base64; `size` in bytes, where it is known. */
export function readBase64(text: string, size?: number): Uint8Array<ArrayBuffer> {
  const data = decoded(text);
  if (data === null) throw new Malformed("base64", `expected padded, canonical base64, found ${quoted(text)}`);
  if (size !== undefined && data.length !== size) {
    throw new Malformed("base64", `expected ${size} bytes, found ${data.length}`);
  }
  return data;
}

function decoded(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const raw = atob(text);
    // It takes what is not padded, not canonical or full of spaces; what it writes is neither.
    if (btoa(raw) !== text) return null;
    const data = new Uint8Array(raw.length);
    for (let at = 0; at < raw.length; at++) data[at] = raw.charCodeAt(at);
    return data;
  } catch {
    return null;
  }
}

/** Returns lower-case base32 without padding (RFC 4648 section 6). */
export function writeBase32(data: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of data) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

/** Returns `text` if it is the 32 characters of an id. */
export function readBase32(text: string): string {
  if (!BASE32.test(text)) throw new Malformed("id", `expected 32 characters a-z2-7, found ${quoted(text)}`);
  return text;
}

export function readWord<Word extends string>(text: string, allowed: readonly Word[]): Word {
  const word = allowed.find((one) => one === text);
  if (word === undefined) {
    throw new Malformed("word", `expected one of ${allowed.join(" ")}, found ${quoted(text)}`);
  }
  return word;
}

export function readMatching(what: string, pattern: RegExp, value: string): string {
  if (!pattern.test(value)) throw new Malformed(what, `found ${quoted(value)}`);
  return value;
}

/** Returns a text: its magic, then name and value on each line. */
export function writeLines(magic: string, lines: Iterable<readonly [string, string]>): string {
  let text = `${magic}\n`;
  for (const [name, value] of lines) text += `${name} ${value}\n`;
  return text;
}

/** The lines of a text, taken one by one in the only order they may have. */
export class Lines {
  private readonly rest: string[];
  private at = 0;

  constructor(
    private readonly what: string,
    magic: string,
    text: string,
    limit = TEXT_LIMIT,
  ) {
    const size = utf8(text).length;
    if (size > limit) throw new Malformed(what, `expected at most ${limit} bytes, found ${size}`);
    const [first, ...rest] = text.split("\n");
    if (first !== magic) throw new Malformed(what, `expected ${quoted(magic)}, found ${quoted(first ?? "")}`);
    if (rest.length === 0 || rest.pop() !== "") throw new Malformed(what, "expected a newline at the end");
    this.rest = rest;
  }

  /** Returns the value of the next line, which must be `name`'s. */
  take(name: string): string {
    const value = this.takeIf(name);
    if (value === null) {
      const found = quoted(this.rest[this.at] ?? "the end");
      throw new Malformed(this.what, `expected a line ${quoted(name)}, found ${found}`);
    }
    return value;
  }

  /** Returns the value of the next line if it is `name`'s, else null and stays. */
  takeIf(name: string): string | null {
    const line = this.rest[this.at];
    if (line === undefined || !line.startsWith(`${name} `)) return null;
    this.at += 1;
    return line.slice(name.length + 1);
  }

  end(): void {
    const line = this.rest[this.at];
    if (line !== undefined) throw new Malformed(this.what, `expected its end, found ${quoted(line)}`);
  }
}
