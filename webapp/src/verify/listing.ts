/**
 * package.note, opened.note and filekeys.txt: who says which files belong to a package, and which
 * segments are shown. Twin of src/accompany/evidence/listing.py and filekeys.py. Pure. Not here:
 * whether the files are there and are those.
 */

import { Malformed } from "../errors";
import { Verifier } from "../evidence/notes";
import { halves } from "../evidence/statements";
import {
  Lines,
  SPACE,
  quoted,
  readBase32,
  readHex,
  readNumber,
  readTime,
  readUtf8,
  utf8,
  writeHex,
  writeLines,
  writeTime,
} from "../evidence/text";

/** Bytes in package.note or opened.note: about 600,000 files. */
export const LISTING_LIMIT = 64 * 1024 * 1024;

const PATH = /^data\/[!-~]{1,200}$/;
const REASON = new RegExp(
  `^[^\\x00-\\x1f\\x7f${SPACE}](?:[^\\x00-\\x1f\\x7f]{0,198}[^\\x00-\\x1f\\x7f${SPACE}])?$`,
  "u",
);

/** What both notes state; `files` maps each path (`data/…`) to the SHA-256 of its bytes. */
export interface Listing {
  readonly recording: string;
  readonly last: number;
  readonly digest: Uint8Array;
  readonly time: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** opened.note alone: whose signature it carries */
  readonly key: Verifier | null;
}

const FORMS = {
  "package.note": "accompany/package/v1",
  "opened.note": "accompany/opened/v1",
} as const;

/** Returns what `text` lists; throws Malformed for anything not in its one written form. */
export function readListing(what: keyof typeof FORMS, text: string): Listing {
  const lines = new Lines(what, FORMS[what], text, LISTING_LIMIT);
  const recording = readBase32(lines.take("recording"));
  const last = readNumber(lines.take("last"));
  const digest = readHex(lines.take("digest"), 32);
  const time = readTime(lines.take("time"));
  const files = readFiles(what, lines);
  const key = what === "opened.note" ? Verifier.parse(lines.take("key")) : null;
  const listing = { recording, last, digest, time, files, key };
  lines.end();
  if (writeListing(what, listing) !== text) throw new Malformed(what, "not in its one written form");
  return listing;
}

function readFiles(what: string, lines: Lines): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let before = "";
  for (let value = lines.takeIf("file"); value !== null; value = lines.takeIf("file")) {
    const [digest, path] = halves(value);
    if (!PATH.test(path)) throw new Malformed(what, `expected a path data/…, found ${quoted(path)}`);
    // Paths are ASCII: their letters are in the order of their bytes.
    if (path <= before) throw new Malformed(what, `expected paths in order, each once, found ${quoted(path)}`);
    before = path;
    files.set(path, readHex(digest, 32));
  }
  return files;
}

/** Returns the text of a listing in its one written form; `files` are in the order of their paths. */
export function writeListing(what: keyof typeof FORMS, listing: Listing): string {
  return writeLines(FORMS[what], [
    ["recording", listing.recording],
    ["last", String(listing.last)],
    ["digest", writeHex(listing.digest)],
    ["time", writeTime(listing.time)],
    ...[...listing.files].map(([path, digest]): [string, string] => ["file", `${writeHex(digest)} ${path}`]),
    ...(listing.key === null ? [] : [["key", String(listing.key)] as [string, string]]),
  ]);
}

/** A line of filekeys.txt: the 16 bytes that open segment `number`, or why they are withheld. */
export interface FileKey {
  readonly number: number;
  readonly key: Uint8Array | null;
  readonly reason: string;
}

/** Returns filekeys.txt; throws Malformed for a reason that is no line of at most 200 characters. */
export function writeFilekeys(lines: readonly FileKey[]): Uint8Array {
  const data = utf8(lines.map(({ number, key, reason }) => `${number} ${key === null ? `withheld ${reason}` : writeHex(key)}\n`).join(""));
  readFilekeys(data);
  return data;
}

/** Returns the lines of filekeys.txt; throws Malformed for any other form. */
export function readFilekeys(data: Uint8Array): FileKey[] {
  const what = "filekeys.txt";
  const lines = readUtf8(what, data).split("\n");
  if (lines.pop() !== "") throw new Malformed(what, "expected a newline at the end");
  const keys = lines.map((line) => readFilekey(what, line));
  if (keys.some(({ number }, at) => number <= (keys[at - 1]?.number ?? -1))) {
    throw new Malformed(what, "expected each number once, in order");
  }
  return keys;
}

function readFilekey(what: string, line: string): FileKey {
  const [number, rest] = halves(line);
  if (!rest.startsWith("withheld ")) {
    return { number: readNumber(number), key: readHex(rest, 16), reason: "" };
  }
  const reason = rest.slice("withheld ".length);
  if (!REASON.test(reason)) throw new Malformed(what, `expected a reason in one line, found ${quoted(reason)}`);
  return { number: readNumber(number), key: null, reason };
}
