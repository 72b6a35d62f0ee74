/**
 * Signed notes: a text and who signed it (c2sp.org/signed-note, Ed25519, type 0x01). Twin of
 * src/accompany/evidence/notes.py.
 *
 *     <text, ending in a newline>
 *     <empty line>
 *     — <key name> <base64 of a 4-byte key id and the 64-byte signature>
 *
 * Our own texts carry exactly one signature line; checkpoints may carry more (cosignatures).
 * What a text says is not looked at here. Pure; signing draws no randomness (RFC 8032).
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { DoesNotHold, Malformed } from "../errors";
import {
  SPACE,
  TEXT_LIMIT,
  concat,
  quoted,
  readBase64,
  readUtf8,
  sameBytes,
  utf8,
  writeBase64,
  writeHex,
} from "./text";

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

const NAME = new RegExp(`^[^${SPACE}+]+$`, "u");
const FORBIDDEN = /[\x00-\x09\x0b-\x1f]/;
const VKEY = new RegExp(`^([^${SPACE}+]+)\\+([0-9a-f]{8})\\+([A-Za-z0-9+/=]+)$`, "u");

/**
 * Returns `key`, 32 bytes, unless it is non-canonical or of low order (RFC 8032 section 5.1.3).
 * With a low-order key one signature fits many texts.
 */
export function checkPublicKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new Malformed("Ed25519 key", `expected 32 bytes, found ${key.length}`);
  let good: boolean;
  try {
    good = !ed25519.Point.fromBytes(key, false).isSmallOrder();
  } catch {
    good = false;
  }
  if (!good) throw new DoesNotHold("Ed25519 key", "a canonical key of full order", writeHex(key));
  return key;
}

/** Returns the 4-byte key id: the start of SHA-256(name ‖ newline ‖ type ‖ key). */
export function keyId(name: string, key: Uint8Array, kind: number = ED25519): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(kind), key)).subarray(0, 4);
}

/** A key name and a public key of 32 bytes that notes are checked against. */
export class Verifier {
  readonly id: Uint8Array;

  constructor(
    readonly name: string,
    readonly key: Uint8Array,
    readonly kind: number = ED25519,
  ) {
    if (!NAME.test(name)) throw new Malformed("key name", `expected no space and no plus, found ${quoted(name)}`);
    checkPublicKey(key);
    this.id = keyId(name, key, kind);
  }

  /** Returns the verifier that a C2SP vkey `<name>+<id>+<base64>` writes. */
  static parse(vkey: string): Verifier {
    const match = VKEY.exec(vkey);
    const [, name, , written] = match ?? [];
    if (name === undefined || written === undefined) {
      throw new Malformed("vkey", `expected name+id+key, found ${quoted(vkey, 120)}`);
    }
    const data = readBase64(written, 33);
    const kind = data[0];
    if (kind !== ED25519 && kind !== COSIGNATURE) throw new Malformed("vkey", `expected type 1 or 4, found ${kind}`);
    const verifier = new Verifier(name, data.slice(1), kind);
    if (String(verifier) !== vkey) throw new DoesNotHold("vkey", String(verifier), vkey);
    return verifier;
  }

  toString(): string {
    return `${this.name}+${writeHex(this.id)}+${writeBase64(concat(Uint8Array.of(this.kind), this.key))}`;
  }

  /** Whether `signature`, 64 bytes, is this key's over `text`; R and S canonical. */
  holds(text: Uint8Array, signature: Uint8Array): boolean {
    return signature.length === 64 && verify(text, signature, this.key);
  }
}

/**
 * RFC 8032 section 5.1.7 without the cofactor, as OpenSSL does it: R is [S]B − [k]A to the byte. The
 * library's own `verify` multiplies by the cofactor, and so takes signatures with a part of low
 * order that the Python twin refuses.
 */
function verify(text: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  const { Fn, BASE } = ed25519.Point;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= Fn.ORDER) return false;
  const k = Fn.create(littleEndian(sha512(concat(r, key, text))));
  const expected = BASE.multiplyUnsafe(s).subtract(ed25519.Point.fromBytes(key, false).multiplyUnsafe(k));
  return sameBytes(expected.toBytes(), r);
}

function littleEndian(data: Uint8Array): bigint {
  return BigInt(`0x${writeHex(Uint8Array.from(data).reverse())}`);
}

/** A private key with the name its notes carry. */
export class Signer {
  readonly verifier: Verifier;

  constructor(
    readonly name: string,
    private readonly seed: Uint8Array,
  ) {
    this.verifier = new Verifier(name, ed25519.getPublicKey(seed));
  }

  /** Returns the signed note over `text`, which ends in a newline. */
  sign(text: string): Uint8Array<ArrayBuffer> {
    const data = utf8(text);
    return concat(data, utf8(`\n${signatureLine(this.verifier, ed25519.sign(data, this.seed))}`));
  }

  /** Overwrites the private key: this signer signs nothing any more. */
  forget(): void {
    this.seed.fill(0);
    this.sign = () => {
      throw new DoesNotHold("signer", "a key", "a forgotten one");
    };
  }
}

export function signatureLine(verifier: Verifier, signature: Uint8Array): string {
  return `— ${verifier.name} ${writeBase64(concat(verifier.id, signature))}\n`;
}

/** One signature line: whose it says it is (`name`, `id`) and its `value`. */
export interface Signature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly value: Uint8Array;
}

/** A note as written; nothing in it is checked yet but its form. */
export class Note {
  private constructor(
    readonly text: string,
    readonly signatures: readonly Signature[],
  ) {}

  /** Returns the note in `data`; `limit` bytes bound its text. */
  static parse(data: Uint8Array, limit = TEXT_LIMIT): Note {
    const whole = readUtf8("note", data);
    const at = whole.lastIndexOf("\n\n");
    if (at < 0 || !whole.endsWith("\n") || whole.length === at + 2) {
      throw new Malformed("note", "expected a text, an empty line and signature lines");
    }
    const text = whole.slice(0, at + 1);
    if (utf8(text).length > limit) throw new Malformed("note", `expected a text of at most ${limit} bytes`);
    if (FORBIDDEN.test(whole)) throw new Malformed("note", "expected no control character but newlines");
    const lines = whole.slice(at + 2, -1).split("\n");
    const note = new Note(text, lines.map(readSignature));
    if (note.toString() !== whole) throw new Malformed("note", "not in its one written form");
    return note;
  }

  toString(): string {
    const lines = this.signatures.map((one) => `— ${one.name} ${writeBase64(concat(one.id, one.value))}\n`);
    return `${this.text}\n${lines.join("")}`;
  }

  /** Returns the text if its one signature is `verifier`'s. */
  onlyBy(verifier: Verifier, what = "note"): string {
    if (this.signatures.length !== 1) {
      throw new Malformed(what, `expected one signature line, found ${this.signatures.length}`);
    }
    return this.signedBy(verifier, what);
  }

  /** Returns the text if `verifier` signed it; others may have signed as well. */
  signedBy(verifier: Verifier, what = "note"): string {
    const { value } = this.lineOf(verifier, what);
    if (!verifier.holds(utf8(this.text), value)) throw notValid(verifier, what);
    return this.text;
  }

  /** Returns the one line that says it is `verifier`'s; whether it holds is not looked at. */
  lineOf(verifier: Verifier, what = "note"): Signature {
    const mine = this.signatures.filter((one) => one.name === verifier.name && sameBytes(one.id, verifier.id));
    const [signature, second] = mine;
    if (signature === undefined) {
      const names = this.signatures.map((one) => `${one.name}+${writeHex(one.id)}`).join(", ");
      throw new DoesNotHold(what, `a signature by ${verifier.name}+${writeHex(verifier.id)}`, `by ${names}`);
    }
    if (second !== undefined) throw new Malformed(what, `expected one signature line of ${verifier.name}`);
    return signature;
  }
}

/** The error for a signature line that does not hold. */
export function notValid(verifier: Verifier, what: string): DoesNotHold {
  return new DoesNotHold(what, `a valid signature by ${verifier.name}`, "one that is not");
}

function readSignature(line: string): Signature {
  const [dash, name, ...rest] = line.split(" ");
  if (dash !== "—" || name === undefined || !NAME.test(name)) {
    throw new Malformed("signature line", `found ${quoted(line)}`);
  }
  const data = readBase64(rest.join(" "));
  if (data.length < 5) throw new Malformed("signature line", "expected a key id and a signature");
  return { name, id: data.slice(0, 4), value: data.slice(4) };
}

/** Returns the text of a note that `verifier`, and nobody else, signed. */
export function openNote(data: Uint8Array, verifier: Verifier, what = "note", limit = TEXT_LIMIT): string {
  return Note.parse(data, limit).onlyBy(verifier, what);
}
