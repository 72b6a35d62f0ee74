/**
 * The log's tree as a phone needs it: RFC 6962 hashes, and checking the proofs that others make.
 * Twin of src/accompany/evidence/merkle.py. Not here: making proofs, tiles, checkpoints. Pure.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { DoesNotHold } from "../errors";
import { concat, sameBytes, writeHex } from "./text";

export const EMPTY_ROOT = sha256(new Uint8Array());

export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), data));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

// Numbers go up to 2^53 − 1: shifting by `>>` would cut them to 32 bits.
const odd = (node: number) => node % 2 === 1;
const half = (node: number) => Math.floor(node / 2);

/** Returns the root that `proof` leads to from leaf hash `leaf` (RFC 9162 2.1.3.2). */
export function rootFromInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array {
  const what = "inclusion proof";
  if (!(index >= 0 && index < size)) throw new DoesNotHold(what, `an index under ${size}`, String(index));
  let [node, last, value] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) throw new DoesNotHold(what, "fewer hashes", String(proof.length));
    if (odd(node) || node === last) {
      value = nodeHash(sibling, value);
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      value = nodeHash(value, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw new DoesNotHold(what, "more hashes", String(proof.length));
  return value;
}

/** Throws DoesNotHold unless leaf hash `leaf` is number `index` under root `expected`. */
export function checkInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  expected: Uint8Array,
): void {
  const found = rootFromInclusion(index, size, leaf, proof);
  if (!sameBytes(found, expected)) {
    throw new DoesNotHold("inclusion proof", `root ${writeHex(expected)}`, writeHex(found));
  }
}

/** Throws DoesNotHold unless the tree `fresh` begins with the tree `old` (RFC 9162 2.1.4.2). */
export function checkConsistency(
  old: number,
  fresh: number,
  oldRoot: Uint8Array,
  freshRoot: Uint8Array,
  proof: readonly Uint8Array[],
): void {
  const refuse = (expected: string, found: string) => new DoesNotHold("consistency proof", expected, found);
  if (old > fresh) throw refuse(`at most ${fresh} leaves`, String(old));
  if (old === 0 || old === fresh) {
    if (proof.length > 0) throw refuse("no hashes", String(proof.length));
    if (old === fresh && !sameBytes(oldRoot, freshRoot)) {
      throw refuse(`root ${writeHex(oldRoot)}`, writeHex(freshRoot));
    }
    if (old === 0 && !sameBytes(oldRoot, EMPTY_ROOT)) {
      throw refuse(`the empty root ${writeHex(EMPTY_ROOT)}`, writeHex(oldRoot));
    }
    return;
  }
  const powerOfTwo = Number.isInteger(Math.log2(old)) && 2 ** Math.round(Math.log2(old)) === old;
  const [start, ...rest] = powerOfTwo ? [oldRoot, ...proof] : proof;
  if (start === undefined) throw refuse("at least one hash", "none");
  let [node, last] = [old - 1, fresh - 1];
  while (odd(node)) [node, last] = [half(node), half(last)];
  let [first, second] = [start, start];
  for (const sibling of rest) {
    if (last === 0) throw refuse("fewer hashes", String(proof.length));
    if (odd(node) || node === last) {
      [first, second] = [nodeHash(sibling, first), nodeHash(sibling, second)];
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      second = nodeHash(second, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw refuse("more hashes", String(proof.length));
  if (!sameBytes(first, oldRoot)) throw refuse(`old root ${writeHex(oldRoot)}`, writeHex(first));
  if (!sameBytes(second, freshRoot)) throw refuse(`new root ${writeHex(freshRoot)}`, writeHex(second));
}
