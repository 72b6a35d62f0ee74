/**
 * Checkpoints and proofs: what a log commits to (c2sp.org/tlog-checkpoint, tlog-proof). Twin of
 * src/accompany/evidence/checkpoints.py. Not here: policies and cosignatures, which the verifier
 * judges. Pure.
 */

import { DoesNotHold, Malformed } from "../errors";
import { checkInclusion, leafHash } from "./merkle";
import { Note, type Verifier } from "./notes";
import { type Entry, writeEntry } from "./receipts";
import { halves } from "./statements";
import { concat, quoted, readBase64, readNumber, readUtf8, sameBytes, utf8, writeBase64 } from "./text";

const PROOF = "c2sp.org/tlog-proof@v1";
export const CHECKPOINT_LIMIT = 64 * 1024;

/** A tree head: the log's origin, its size in entries, and its root, 32 bytes. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export function writeCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${writeBase64(checkpoint.root)}\n`;
}

export function readCheckpoint(text: string): Checkpoint {
  const [origin, size, root, end, ...more] = text.split("\n");
  if (!origin || size === undefined || root === undefined || end !== "" || more.length > 0) {
    throw new Malformed("checkpoint", "expected origin, size and root, a line each");
  }
  return { origin, size: readNumber(size), root: readBase64(root, 32) };
}

/** Returns what a signed checkpoint states, and the note; its signatures are not yet checked. */
export function parseCheckpoint(data: Uint8Array): { checkpoint: Checkpoint; note: Note } {
  const note = Note.parse(data, CHECKPOINT_LIMIT);
  return { checkpoint: readCheckpoint(note.text), note };
}

/** Returns the checkpoint in a note that the log `verifier` signed; others may have cosigned. */
export function openCheckpoint(data: Uint8Array, verifier: Verifier): Checkpoint {
  const note = Note.parse(data, CHECKPOINT_LIMIT);
  const checkpoint = readCheckpoint(note.signedBy(verifier, "checkpoint"));
  if (checkpoint.origin !== verifier.name) {
    throw new DoesNotHold("checkpoint", `origin ${verifier.name}`, checkpoint.origin);
  }
  return checkpoint;
}

/** A tlog-proof: entry `index`, the inclusion path, and the signed checkpoint it leads to. */
export interface Proof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: Uint8Array;
}

export function writeProof(proof: Proof): Uint8Array {
  const hashes = proof.path.map((hash) => `${writeBase64(hash)}\n`).join("");
  return concat(utf8(`${PROOF}\nindex ${proof.index}\n${hashes}\n`), proof.checkpoint);
}

export function readProof(data: Uint8Array): Proof {
  const cut = emptyLine(data);
  const [magic = "", line, ...hashes] = readAscii(data.subarray(0, cut < 0 ? data.length : cut)).split("\n");
  if (cut < 0 || magic !== PROOF || line === undefined) {
    throw new Malformed("proof", `expected ${quoted(PROOF)}, found ${quoted(magic)}`);
  }
  const [name, index] = halves(line);
  if (name !== "index" || hashes.length > 64) {
    throw new Malformed("proof", `expected index and at most 64 hashes, found ${quoted(name)}`);
  }
  const path = hashes.map((hash) => readBase64(hash, 32));
  const proof = { index: readNumber(index), path, checkpoint: data.slice(cut + 2) };
  if (!sameBytes(writeProof(proof), data)) throw new Malformed("proof", "not in its one written form");
  return proof;
}

function emptyLine(data: Uint8Array): number {
  for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) {
    if (data[at + 1] === 10) return at;
  }
  return -1;
}

function readAscii(data: Uint8Array): string {
  if (data.some((byte) => byte > 0x7f)) throw new Malformed("proof", "expected ASCII before the checkpoint");
  return readUtf8("proof", data);
}

const CONSISTENCY = "accompany/consistency/v1";

/** Returns (old, new, hashes) of an `accompany/consistency/v1` file. */
export function readConsistency(data: Uint8Array): { old: number; fresh: number; hashes: Uint8Array[] } {
  const what = "consistency proof";
  const ascii = data.every((byte) => byte < 0x80);
  const [magic, old, fresh, ...hashes] = ascii ? readUtf8(what, data).split("\n") : [];
  const end = hashes.pop();
  if (magic === undefined || old === undefined || fresh === undefined || end === undefined) {
    throw new Malformed(what, "expected a magic line, old and new");
  }
  if (magic !== CONSISTENCY || end !== "" || !old.startsWith("old ") || !fresh.startsWith("new ")) {
    throw new Malformed(what, `expected old and new, found ${quoted(magic)}`);
  }
  if (hashes.length > 128) throw new Malformed(what, `expected at most 128 hashes, found ${hashes.length}`);
  return {
    old: readNumber(old.slice(4)),
    fresh: readNumber(fresh.slice(4)),
    hashes: hashes.map((hash) => readBase64(hash, 32)),
  };
}

/** Throws DoesNotHold unless `entry` is number `index` of the tree of `checkpoint`. */
export function checkProof(proof: Proof, entry: Entry, checkpoint: Checkpoint): void {
  checkInclusion(proof.index, checkpoint.size, leafHash(writeEntry(entry)), proof.path, checkpoint.root);
}
