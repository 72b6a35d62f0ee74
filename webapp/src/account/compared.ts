/** Some digits of two keys, to read out to each other: so that nobody swapped the keys on the way. */

import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../evidence/text";

/** The first 64 bits of SHA-256 over a person's two public keys: eight numbers from 0 to 255. */
export function compared({ key, recipient }: { key: string; recipient: string }): string {
  const digest = sha256(utf8(`${key}\n${recipient}\n`));
  const digits = [...digest.slice(0, 8)].map((byte) => String(byte).padStart(3, "0"));
  return digits.join(" ");
}
