/**
 * Entries and receipts: what the log holds of a thing, and the server's word that it does. Twin of
 * src/accompany/evidence/receipts.py.
 *
 * An entry is 64 bytes: a slot that only somebody holding the thing can compute, and a digest of
 * it. A receipt is a note by the server's receipts key (`<origin>/receipts`). Not here: the tree
 * (`merkle`), and which receipt settles which thing in the queue (`uplink`). Pure.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { Malformed } from "../errors";
import { type Verifier, openNote } from "./notes";
import { halves } from "./statements";
import {
  Lines,
  concat,
  readHex,
  readNumber,
  readTime,
  readWord,
  sameBytes,
  utf8,
  writeHex,
  writeLines,
  writeTime,
} from "./text";

export const BYTES = ["kept", "awaited", "none"] as const;
export type Bytes = (typeof BYTES)[number];

const MAGIC = "accompany/receipt/v1";

/** What the log holds: slot and digest, 32 bytes each. */
export interface Entry {
  readonly slot: Uint8Array;
  readonly digest: Uint8Array;
}

export function writeEntry(entry: Entry): Uint8Array {
  return concat(entry.slot, entry.digest);
}

export function sameEntry(one: Entry, other: Entry): boolean {
  return sameBytes(one.slot, other.slot) && sameBytes(one.digest, other.digest);
}

/** Returns the entry of a signed `statement` in the recording of the signed `opening`. */
export function statementEntry(opening: Uint8Array, number: number, statement: Uint8Array): Entry {
  const slot = sha256(concat(utf8(`accompany/slot/v1\n${number}\n`), opening));
  return { slot, digest: sha256(statement) };
}

/** Returns the entry of anything else: `what` and `name` are as docs/format.md says. */
export function namedEntry(what: string, name: string, data: Uint8Array): Entry {
  return { slot: sha256(utf8(`accompany/${what}/v1\n${name}`)), digest: sha256(data) };
}

export function grantEntry(recording: string, number: number, data: Uint8Array): Entry {
  return namedEntry("grant", `${recording} ${number}`, data);
}

/** The server's word: this entry has this index, and its bytes are kept, awaited or none. */
export interface Receipt {
  readonly log: string;
  readonly index: number;
  readonly entry: Entry;
  readonly bytes: Bytes;
  readonly time: number;
}

export function writeReceipt(receipt: Receipt): string {
  return writeLines(MAGIC, [
    ["log", receipt.log],
    ["index", String(receipt.index)],
    ["entry", `${writeHex(receipt.entry.slot)} ${writeHex(receipt.entry.digest)}`],
    ["bytes", receipt.bytes],
    ["time", writeTime(receipt.time)],
  ]);
}

export function readReceipt(text: string): Receipt {
  const lines = new Lines("receipt", MAGIC, text);
  const log = lines.take("log");
  const index = readNumber(lines.take("index"));
  const [slot, digest] = halves(lines.take("entry"));
  const entry = { slot: readHex(slot, 32), digest: readHex(digest, 32) };
  const bytes = readWord(lines.take("bytes"), BYTES);
  const time = readTime(lines.take("time"));
  lines.end();
  const receipt = { log, index, entry, bytes, time };
  if (writeReceipt(receipt) !== text) throw new Malformed("receipt", "not in its one written form");
  return receipt;
}

/** Returns the receipt in a note signed by `verifier`, the log's receipts key. */
export function openReceipt(note: Uint8Array, verifier: Verifier): Receipt {
  return readReceipt(openNote(note, verifier, "receipt"));
}
