/**
 * Many signatures, judged quickly and without the cofactor: by the browser's own Ed25519 where it is
 * shown to judge as OpenSSL does, else by ours (evidence/notes). A note is parsed once, and its
 * signature may be begun before it is asked for.
 */

import { DoesNotHold, Malformed } from "../errors";
import { Note, type Signature, type Verifier, notValid } from "../evidence/notes";
import { utf8, writeHex } from "../evidence/text";

type Bytes = Uint8Array<ArrayBuffer>;
const ALGORITHM = "Ed25519";

const unhex = (hex: string): Bytes =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/**
 * Three of the C2SP edge cases (text, key, signature, what OpenSSL says): one that only holds times the
 * cofactor, one whose key and R have a part of low order and that holds to the byte, and a plain one.
 */
const EDGES: readonly (readonly [string, string, string, boolean])[] = [
  ["ed25519vectors 5", "10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f", "5ae36d433a7bd0efb150b6b04610d1986e3044c46b6ad69bae17aaf76b608d21bba68b891fdce7ad8fa923bc884aa33eeea4f341ae5ee527cb7d99a23040ab0e", false],
  ["ed25519vectors 5", "015ff595e4e0add00dde896efa66ea4f6848c4396410c693c92232aa64861d4f", "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b945fc1469dbba776f427c47e386524dc1916bf9aad21268232b7f49b15310c06", true],
  ["ed25519vectors 5", "ef75b20e7540e3dff77404193652ba2bd13df99c1508eee1515e27ae25f28076", "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a350640657f1cb030f12543549bbabd848dc6403d354e7c99c4d0dcee9f63c9033b00", true],
];

/** Whether the browser's own Ed25519 judges the edges as OpenSSL does. */
export async function nativeAgrees(): Promise<boolean> {
  try {
    for (const [text, key, signature, expected] of EDGES) {
      const imported = await crypto.subtle.importKey("raw", unhex(key), ALGORITHM, false, ["verify"]);
      const held = await crypto.subtle.verify(ALGORITHM, imported, unhex(signature), utf8(text) as Bytes);
      if (held !== expected) return false;
    }
    return true;
  } catch {
    return false;
  }
}

const LOW_ORDER = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** Whether implementations may differ on such an R: of low order, or not canonical. */
function delicate(signature: Uint8Array): boolean {
  const y = signature.slice(0, 32);
  y[31] = (y[31] ?? 0) & 0x7f;
  return LOW_ORDER.has(writeHex(y)) || (y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff));
}

/** Parses and judges notes; one for each verification. */
export class Notes {
  private readonly parsed = new WeakMap<Uint8Array, Note>();
  private readonly judged = new WeakMap<Signature, { by: Verifier; holds: Promise<boolean> }>();
  private readonly keys = new Map<string, Promise<CryptoKey>>();

  private constructor(private readonly native: boolean) {}

  static async begin(native?: boolean): Promise<Notes> {
    return new Notes(native ?? (await nativeAgrees()));
  }

  parse(data: Uint8Array, limit?: number): Note {
    const known = this.parsed.get(data);
    if (known !== undefined) return known;
    const note = Note.parse(data, limit);
    this.parsed.set(data, note);
    return note;
  }

  /** Begins to judge the line of `verifier`, where there is one; nothing is said of it yet. */
  expect(note: Note, verifier: Verifier | null): void {
    if (verifier === null) return;
    try {
      const line = note.lineOf(verifier);
      if (line.value.length === 64) void this.holds(note, line, verifier);
    } catch (error) {
      if (!(error instanceof DoesNotHold || error instanceof Malformed)) throw error;
    }
  }

  private holds(note: Note, line: Signature, verifier: Verifier): Promise<boolean> {
    const known = this.judged.get(line);
    if (known?.by === verifier) return known.holds;
    const holds = this.judge(verifier, utf8(note.text), line.value);
    this.judged.set(line, { by: verifier, holds });
    return holds;
  }

  private async judge(verifier: Verifier, text: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (signature.length !== 64) return false;
    if (!this.native || delicate(signature)) return verifier.holds(text, signature);
    return await crypto.subtle.verify(ALGORITHM, await this.keyOf(verifier), signature as Bytes, text as Bytes);
  }

  private keyOf(verifier: Verifier): Promise<CryptoKey> {
    const name = writeHex(verifier.key);
    const known =
      this.keys.get(name) ?? crypto.subtle.importKey("raw", verifier.key as Bytes, ALGORITHM, false, ["verify"]);
    this.keys.set(name, known);
    return known;
  }

  /** Throws unless `verifier` signed the note; others may have signed as well. */
  async signedBy(note: Note, verifier: Verifier, what: string): Promise<void> {
    const line = note.lineOf(verifier, what);
    if (!(await this.holds(note, line, verifier))) throw notValid(verifier, what);
  }

  /** Throws unless the note's one signature is `verifier`'s. */
  async onlyBy(note: Note, verifier: Verifier, what: string): Promise<void> {
    if (note.signatures.length !== 1) {
      throw new Malformed(what, `expected one signature line, found ${note.signatures.length}`);
    }
    await this.signedBy(note, verifier, what);
  }
}
