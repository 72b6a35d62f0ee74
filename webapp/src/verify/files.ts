/**
 * What belongs to the package as a whole: grants, card, custody, lists and manifests. Twin of
 * src/accompany/evidence/verify_files.py and bag.py. Not here: statements (chain), the log (log),
 * what opening added (opened).
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { Malformed } from "../errors";
import { type Card, organizationName, readCard, validAt } from "../evidence/cards";
import type { Verifier } from "../evidence/notes";
import { namedEntry } from "../evidence/receipts";
import type { Revocation } from "../evidence/revocations";
import type { Opening } from "../evidence/statements";
import { quoted, readHex, sameBytes, utf8, writeHex, writeTime } from "../evidence/text";
import { checkStanza } from "./chain";
import type { Contents } from "./contents";
import type { Findings } from "./findings";
import { isObject, readJson } from "./json";
import * as layout from "./layout";
import { LISTING_LIMIT, type Listing, readListing } from "./listing";
import { type Keys, type LogReader, ofAnotherLog, pick } from "./log";
import type { Notes } from "./notes";

const NONE = new Uint8Array();

/** Compares the first grants with the opening's digest of them: some beginning of the list has it. */
export async function checkGrants(
  contents: Contents,
  opening: Opening | null,
  listed: ReadonlyMap<string, Uint8Array>,
  findings: Findings,
): Promise<void> {
  const digest = sha256.create();
  const same = () => opening !== null && sameBytes(opening.grants, digest.clone().digest());
  let first = same() ? 0 : null;
  let whole = true;
  for (const [at, number] of contents.numbers("grant").entries()) {
    const path = layout.grantPath(number);
    const data = (await contents.read(path)) ?? NONE;
    checkStanza("grant-stanza", path, data, findings);
    whole = whole && at === number;
    digest.update(data);
    if (whole && same()) first ??= number + 1;
  }
  if (opening === null) return;
  if (first !== null) {
    findings.add("grants-hold", "", "", "", { count: first });
    return;
  }
  const withheld = [...listed.keys()].find((path) => isGrant(path) && !contents.has(path));
  if (withheld !== undefined) findings.add("grant-withheld", withheld);
  else {
    const found = writeHex(digest.digest());
    findings.add("grants-digest", layout.grantPath(0), writeHex(opening.grants), found);
  }
}

function isGrant(path: string): boolean {
  return layout.placeOf(path)?.kind === "grant";
}

/** The attorney's card if there is one in form, whether its organization is believed, and its
 * revocation if one holds. */
export interface CheckedCard {
  readonly card: Card | null;
  readonly believed: boolean;
  readonly revocation: Revocation | null;
}

/** Checks the card, not yet whether it was revoked; `time`: when the recording began by the server's receipt. */
export async function checkCard(
  contents: Contents,
  keys: Keys,
  time: number | null,
  notes: Notes,
  findings: Findings,
): Promise<CheckedCard> {
  const path = layout.CARD;
  const data = await contents.read(path);
  if (data === null) return { card: null, believed: false, revocation: null };
  let [card, believed]: [Card | null, boolean] = [null, false];
  await findings.under("card-signature", path, async () => {
    const note = notes.parse(data);
    const read = readCard(note.text);
    card = read;
    const name = organizationName(keys.origin);
    const named = called(keys.believed.organizations, name);
    const key = pick(named.length > 0 ? named : called(keys.own.organizations, name), note);
    if (key !== null) await notes.onlyBy(note, key, path);
    believed = named.length > 0;
    if (believed) findings.add("card-holds", "", "", "", { name: read.name });
    else {
      const signers = note.signatures.map((line) => `${line.name}+${writeHex(line.id)}`).join(", ");
      findings.add("card-organization", path, `a policy line of ${name}`, signers);
    }
    if (time !== null && !validAt(read, time)) {
      const span = `${writeTime(read.since)} to ${writeTime(read.until)}`;
      findings.add("card-validity", path, `valid at ${writeTime(time)}`, span);
    }
  });
  return { card, believed, revocation: null };
}

function called(known: readonly Verifier[], name: string): readonly Verifier[] {
  return known.filter((key) => key.name === name);
}

/** Checks that every line of custody.jsonl is in the log, in its place. */
export async function checkCustody(
  contents: Contents,
  recording: string | null,
  log: LogReader,
  findings: Findings,
): Promise<void> {
  const lines = linesOf((await contents.read(layout.CUSTODY)) ?? NONE);
  const before = findings.failed();
  for (const [at, line] of lines.entries()) {
    const number = at + 1;
    checkLine(number, line, findings);
    const path = layout.custodyProofPath(number);
    const proof = await contents.need(path);
    if (proof === null) continue;
    const entry = recording === null ? null : namedEntry("custody", `${recording} ${number}`, line);
    await log.takeProof(path, proof, entry, null);
  }
  for (const number of contents.numbers("custody-proof")) {
    if (number >= 1 && number <= lines.length) continue;
    const path = layout.custodyProofPath(number);
    findings.add("file-orphan", path, `lines 1 to ${lines.length}`, `line ${number}`);
  }
  if (lines.length > 0 && findings.failed() === before) {
    findings.add("custody-holds", "", "", "", { count: lines.length });
    tellLinks(lines, findings);
  }
}

/** Says how many links to read the recording were given, and how many taken back. */
function tellLinks(lines: readonly Uint8Array[], findings: Findings): void {
  const said = lines.map((line) => readJson(line)).map((line) => (isObject(line) ? line["what"] : null));
  const given = said.filter((what) => what === "pass given").length;
  const back = said.filter((what) => what === "pass withdrawn").length;
  if (given > 0 || back > 0) findings.add("custody-links", "", "", "", { given, back });
}

/** The lines, each with its newline; the last may have none. */
function linesOf(data: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(10, at);
    const stop = end < 0 ? data.length : end + 1;
    lines.push(data.subarray(at, stop));
    at = stop;
  }
  return lines;
}

function checkLine(number: number, line: Uint8Array, findings: Findings): void {
  if (line.at(-1) === 10 && isObject(readJson(line))) return;
  const found = `line ${number}: ${quoted(line)}`;
  findings.add("custody-line", layout.CUSTODY, "a JSON object and a newline", found);
}

/**
 * Returns what package.note lists if it is in form; its signature is a finding. Where a log was
 * closed its key signs nothing more, and the log after it lists the files.
 */
export async function readPackageNote(
  contents: Contents,
  keys: Keys,
  notes: Notes,
  findings: Findings,
): Promise<Listing | null> {
  const path = layout.PACKAGE_NOTE;
  const data = await contents.need(path);
  if (data === null) return null;
  let listing: Listing | null = null;
  await findings.under("package-note-signature", path, async () => {
    const note = notes.parse(data, LISTING_LIMIT);
    listing = readListing("package.note", note.text);
    const other = ofAnotherLog(keys, note);
    const key = other ?? pick(keys.receipts, note);
    if (key !== null) await notes.onlyBy(note, key, path);
    if (other !== null) {
      const log = other.name.slice(0, -"/receipts".length);
      findings.add("package-note-log", path, `${keys.origin}/receipts`, other.name, { log });
    }
  });
  return listing;
}

/** Compares what a listing states of the recording with the statements that are here. */
export function checkStates(
  code: "package-note-states" | "opened-note-states",
  path: string,
  listing: Listing,
  recording: string | null,
  digests: ReadonlyMap<number, Uint8Array>,
  findings: Findings,
): void {
  let last = 0;
  for (const number of digests.keys()) last = Math.max(last, number);
  const digest = writeHex(digests.get(last) ?? NONE);
  const expected = `recording ${recording ?? "None"} last ${last} digest ${digest}`;
  const found = `recording ${listing.recording} last ${listing.last} digest ${writeHex(listing.digest)}`;
  if (expected !== found) findings.add(code, path, expected, found);
}

/** Compares a list of files with the files: those of opening, or all others under data/. */
export function checkListed(
  contents: Contents,
  listing: Listing,
  opened: boolean,
  note: string,
  findings: Findings,
): void {
  const mine = new Set(
    contents.payload.filter((path) => {
      const place = contents.places.get(path);
      return place !== undefined && layout.ofOpening(place) === opened && path !== note;
    }),
  );
  for (const path of [...mine].filter((one) => !listing.files.has(one)).sort()) {
    findings.add("unlisted", path, `a line in ${note}`, "none");
  }
  for (const [path, digest] of listing.files) {
    if (mine.has(path)) {
      const found = contents.digests.get(path) ?? NONE;
      if (!sameBytes(found, digest)) findings.add("listed-sha256", path, writeHex(digest), writeHex(found));
    } else if (opened || !isGrant(path)) {
      findings.add("listed-missing", path, `the file, listed in ${note}`, "none");
    }
  }
}

const BAGIT_TEXT = utf8("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
const LINE = /^([0-9a-f]{64}) {2}([!-~]{1,240})$/;

/** Compares the four tag files with the files: not evidence, but what other tools go by. */
export async function checkBag(contents: Contents, findings: Findings): Promise<void> {
  const before = findings.failed();
  const bagit = await contents.need(layout.BAGIT);
  if (bagit !== null && !sameBytes(bagit, BAGIT_TEXT)) {
    findings.add("bag", layout.BAGIT, quoted(BAGIT_TEXT, 200), quoted(bagit, 200));
  }
  await contents.need(layout.BAG_INFO);
  await checkManifest(contents, layout.MANIFEST, contents.payload, findings);
  const tags = [layout.BAGIT, layout.BAG_INFO, layout.MANIFEST];
  await checkManifest(contents, layout.TAG_MANIFEST, tags, findings);
  if (findings.failed() === before) findings.add("bag-holds");
}

async function checkManifest(
  contents: Contents,
  path: string,
  paths: readonly string[],
  findings: Findings,
): Promise<void> {
  const data = await contents.need(path);
  if (data === null) return;
  let listed: Map<string, Uint8Array>;
  try {
    listed = readManifest(path, data);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    findings.add("form", path, "a manifest in its written form", error.why);
    return;
  }
  const mine = new Set(paths);
  for (const name of [...new Set([...paths, ...listed.keys()])].sort()) {
    const digest = mine.has(name) ? contents.digests.get(name) : undefined;
    const stated = listed.get(name);
    if (digest !== undefined && stated !== undefined && sameBytes(digest, stated)) continue;
    if (digest === undefined && stated === undefined) continue;
    const expected = digest === undefined ? `no ${name}` : `${name} ${writeHex(digest)}`;
    findings.add("bag", path, expected, stated === undefined ? "no such line" : writeHex(stated));
  }
}

/** Returns path and SHA-256 of each line; throws Malformed unless written as we write it. */
function readManifest(what: string, data: Uint8Array): Map<string, Uint8Array> {
  if (data.some((byte) => byte > 0x7f)) throw new Malformed(what, "expected ASCII");
  const lines = new TextDecoder().decode(data).split("\n");
  const end = lines.pop();
  const digests = new Map<string, Uint8Array>();
  let [ordered, before] = [true, ""];
  for (const [at, line] of lines.entries()) {
    const [, digest, path] = LINE.exec(line) ?? [];
    if (digest === undefined || path === undefined) {
      throw new Malformed(what, `line ${at + 1}: expected SHA-256 and path, found ${quoted(line)}`);
    }
    ordered &&= path > before;
    before = path;
    digests.set(path, readHex(digest, 32));
  }
  if (end !== "" || !ordered) {
    throw new Malformed(what, "expected each path once, in order, a newline after each");
  }
  return digests;
}
