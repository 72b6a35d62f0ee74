/**
 * Age files as a verifier sees them (c2sp.org/age): the header's form, and the payload by a file key
 * that was shown. Twin of the parts of src/accompany/evidence/age_header.py and age.py that need no
 * identity. All of a file or nothing. Pure.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { AccompanyError } from "../errors";
import { concat, quoted, sameBytes, utf8 } from "../evidence/text";

const VERSION = "age-encryption.org/v1\n";
const HYBRID = "mlkem768x25519";
/** Ours, not the format's: about 160 hybrid recipients. */
export const HEADER_LIMIT = 256 * 1024;
const GLANCE = 8 * 1024;
const [ENC_SIZE, NONCE, TAG, CHUNK] = [1120, 16, 16, 64 * 1024];

const STANZA = /-> ([!-~]+(?: [!-~]+)*)\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63})\n/y;
const END = /--- ([A-Za-z0-9+/]{43})\n/y;

/** The header, or the payload, is not what it should be; `why` without saying which. */
export class AgeError extends AccompanyError {
  override name = "AgeError";
  constructor(
    prefix: string,
    readonly why: string,
  ) {
    super(`${prefix}: ${why}`);
  }
}

const headerFailure = (why: string) => new AgeError("age header", why);

interface Stanza {
  readonly kind: string;
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

export interface Header {
  readonly stanzas: readonly Stanza[];
  readonly mac: Uint8Array;
  /** what the MAC covers */
  readonly macked: Uint8Array;
  /** how many bytes come before the payload's nonce */
  readonly size: number;
}

/** Returns the header that `data`, an age file or its beginning, starts with; throws AgeError. */
export function readHeader(data: Uint8Array): Header {
  if (data.length > GLANCE) {
    try {
      return parse(data, GLANCE);
    } catch {
      // It may only be longer than a glance.
    }
  }
  return parse(data, HEADER_LIMIT);
}

function parse(data: Uint8Array, limit: number): Header {
  const text = latin(data.subarray(0, limit));
  if (!text.startsWith(VERSION)) {
    throw headerFailure(`expected ${quoted(VERSION)}, found ${quoted(data, VERSION.length)}`);
  }
  const stanzas: Stanza[] = [];
  let at = VERSION.length;
  for (let match = matchAt(STANZA, text, at); match !== null; match = matchAt(STANZA, text, at)) {
    const [kind = "", ...args] = (match[1] ?? "").split(" ");
    const body = readRawBase64((match[2] ?? "").replaceAll("\n", ""));
    if (body === null) throw headerFailure(`at byte ${at}: ${NOT_CANONICAL}`);
    stanzas.push({ kind, args, body });
    at += match[0].length;
  }
  const end = matchAt(END, text, at);
  if (stanzas.length === 0 || end === null) {
    const wanted = stanzas.length > 0 ? "a stanza or its MAC" : "a stanza";
    throw headerFailure(`expected ${wanted} at byte ${at}, found ${quoted(data.subarray(at), 40)}`);
  }
  const mac = readRawBase64(end[1] ?? "");
  if (mac === null) throw headerFailure(`at byte ${at}: ${NOT_CANONICAL}`);
  return { stanzas, mac, macked: data.subarray(0, at + 3), size: at + end[0].length };
}

const NOT_CANONICAL = "not canonical base64 without padding";

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function latin(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return text;
}

/** Returns the bytes written as `text`: unpadded, canonical; null otherwise. */
function readRawBase64(text: string): Uint8Array | null {
  try {
    const raw = atob(text);
    if (btoa(raw).replace(/=+$/, "") !== text) return null;
    return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}

/**
 * The one header that our files have, to the letter: 1120 bytes, 32 and 32 in base64, no bit left
 * over. Thousands of segments have no other, and are not read any further.
 */
const USUAL =
  /^age-encryption\.org\/v1\n-> mlkem768x25519 [A-Za-z0-9+/]{1493}[AQgw]\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n--- [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n/;
const USUAL_SIZE = 22 + 18 + 1494 + 1 + 44 + 4 + 44;
const latin1 = new TextDecoder("latin1");

/** Whether `data` begins with a header of exactly one mlkem768x25519 stanza, as all of ours do. */
export function isUsual(data: Uint8Array): boolean {
  return USUAL.test(latin1.decode(data.subarray(0, USUAL_SIZE)));
}

/** Whether there is exactly one stanza, and it is a mlkem768x25519 in form. */
export function oneHybrid({ stanzas: [first, ...more] }: Header): boolean {
  if (first === undefined || more.length > 0 || first.kind !== HYBRID) return false;
  if (first.args.length !== 1 || first.body.length !== 32) return false;
  return readRawBase64(first.args[0] ?? "")?.length === ENC_SIZE;
}

/** Returns the plaintext of the age file `data`, all of it or nothing, to who was shown its file key. */
export function openWithFileKey(data: Uint8Array, fileKey: Uint8Array): Uint8Array {
  const header = readHeader(data);
  const mac = hmac(sha256, hkdf(sha256, fileKey, new Uint8Array(), utf8("header"), 32), header.macked);
  if (!sameBytes(mac, header.mac)) throw new AgeError("age header", "its MAC is not by this file key");
  const nonce = data.subarray(header.size, header.size + NONCE);
  if (nonce.length !== NONCE) {
    throw headerFailure(`expected a nonce of ${NONCE} bytes, found ${nonce.length}`);
  }
  const key = hkdf(sha256, fileKey, nonce, utf8("payload"), 32);
  return openPayload(key, data.subarray(header.size + NONCE));
}

function openPayload(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const sealed = CHUNK + TAG;
  for (let number = 0; ; number++) {
    const chunk = payload.subarray(number * sealed, (number + 1) * sealed);
    const last = (number + 1) * sealed >= payload.length;
    const { piece, final } = openChunk(key, number, chunk, last);
    if (final && number > 0 && piece.length === 0) throw payloadFailure(number, "the last chunk is empty");
    pieces.push(piece);
    if (final && !last) throw payloadFailure(number, "bytes follow the last chunk");
    if (last && !final) throw payloadFailure(number, "cut: this is not the last chunk, but nothing follows");
    if (last) return concat(...pieces);
  }
}

const payloadFailure = (chunk: number, why: string) => new AgeError(`age payload, chunk ${chunk}`, why);

function openChunk(
  key: Uint8Array,
  number: number,
  chunk: Uint8Array,
  last: boolean,
): { piece: Uint8Array; final: boolean } {
  for (const final of chunk.length === CHUNK + TAG ? [last, !last] : [true]) {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, number);
    nonce[11] = Number(final);
    try {
      return { piece: chacha20poly1305(key, nonce).decrypt(chunk), final };
    } catch {
      continue;
    }
  }
  throw payloadFailure(number, "bent or cut");
}
