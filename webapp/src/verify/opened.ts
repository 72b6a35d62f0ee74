/**
 * What opening added: the keys of the segments shown, the film, the court copy, and who says so.
 * Twin of src/accompany/evidence/verify_opened.py and marking.py. Not here: what the film shows.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { AccompanyError } from "../errors";
import { cardVerifier } from "../evidence/cards";
import type { Verifier } from "../evidence/notes";
import type { Revocation } from "../evidence/revocations";
import { concat, quoted, sameBytes, utf8, writeHex, writeTime } from "../evidence/text";
import { openWithFileKey } from "./agefile";
import type { Chain } from "./chain";
import type { Contents } from "./contents";
import { type CheckedCard, checkListed, checkStates } from "./files";
import { type Findings, shortened } from "./findings";
import { type JsonObject, isObject, readJson } from "./json";
import * as layout from "./layout";
import { type FileKey, LISTING_LIMIT, readFilekeys, readListing } from "./listing";
import type { Notes } from "./notes";

const NONE = new Uint8Array();

/**
 * Checks all that an opened package adds; `card` with whether its organization is believed. Returns why
 * segments are withheld, by number.
 */
export async function checkOpened(
  contents: Contents,
  chain: Chain,
  card: CheckedCard,
  signer: Verifier | null,
  notes: Notes,
  findings: Findings,
): Promise<ReadonlyMap<number, string>> {
  const data = await contents.need(layout.FILEKEYS);
  const withheld = new Map<number, string>();
  if (data !== null) {
    await findings.under("form", layout.FILEKEYS, () => {
      const keys = readFilekeys(data);
      for (const { number, key, reason } of keys) if (key === null) withheld.set(number, reason);
      return checkFilm(contents, chain, keys, findings);
    });
  }
  await checkCourtCopy(contents, chain, findings);
  await contents.hashRest();
  await checkDerivation(contents, chain, findings);
  await checkNote(contents, chain, card, signer, notes, findings);
  return withheld;
}

async function checkFilm(
  contents: Contents,
  chain: Chain,
  keys: readonly FileKey[],
  findings: Findings,
): Promise<void> {
  const stated = chain.segments.map(({ number }) => number);
  const named = keys.map(({ number }) => number);
  if (named.length !== stated.length || named.some((number, at) => number !== stated[at])) {
    const [expected, found] = [`segments ${shortened(stated)}`, `segments ${shortened(named)}`];
    findings.add("filekeys-lines", layout.FILEKEYS, expected, found);
  }
  const shown = keys.filter(({ key }) => key !== null);
  const [first] = shown;
  if (first !== undefined && stated[0] !== undefined && first.number !== stated[0]) {
    findings.add("filekeys-first", layout.FILEKEYS, `segment ${stated[0]} shown`, `from ${first.number} on`);
  }
  const before = findings.failed();
  const { digest, size } = await joined(contents, shown, findings);
  if (findings.failed() === before) findings.add("filekeys-hold", "", "", "", { count: shown.length });
  if (shown.length < keys.length) {
    const where = withheldFromTo(keys, chain);
    findings.add("segments-withheld", "", "", "", { count: keys.length - shown.length, where });
  }
  const media = contents.ofKind("recording");
  const wanted = chain.opening === null ? (media[0] ?? "") : layout.mediaPath(chain.opening.media);
  if (shown.length > 0 || media.length > 0) await checkMedia(contents, wanted, media, digest, size, findings);
  if (findings.failed() === before && shown.length > 0) {
    findings.add("media-holds", "", "", "", { path: wanted });
  }
}

/** Returns from when to when the stretches withheld last, by the statements. */
function withheldFromTo(keys: readonly FileKey[], chain: Chain): string {
  const shown = new Set(keys.filter(({ key }) => key !== null).map(({ number }) => number));
  const stretches: { start: number; end: number }[] = [];
  let before = false;
  for (const { number, offset, duration } of chain.segments) {
    const [last, out, end] = [stretches.at(-1), !shown.has(number), offset + duration];
    if (out && before && last !== undefined) last.end = Math.max(last.end, end);
    else if (out) stretches.push({ start: offset, end });
    before = out;
  }
  const said = stretches.slice(0, STRETCHES).map(({ start, end }) => `from ${seconds(start)} to ${seconds(end)} s`);
  if (stretches.length > said.length) said.push(`and ${stretches.length - said.length} more`);
  return said.join(", ") || "at no stated time";
}

/** So many withheld stretches are named; more are counted. */
const STRETCHES = 12;

function seconds(milliseconds: number): string {
  return `${Math.floor(milliseconds / 1000)}.${String(milliseconds % 1000).padStart(3, "0")}`;
}

/** Opens the segments shown; returns what they are, one after the other. */
async function joined(
  contents: Contents,
  shown: readonly FileKey[],
  findings: Findings,
): Promise<{ digest: Uint8Array; size: number }> {
  const hash = sha256.create();
  let size = 0;
  for (const { number, key } of shown) {
    const path = layout.segmentPath(number);
    const data = await contents.need(path);
    if (data === null || key === null) continue;
    try {
      const plain = openWithFileKey(data, key);
      hash.update(plain);
      size += plain.length;
    } catch (error) {
      if (!(error instanceof AccompanyError)) throw error;
      findings.add("filekey", path, `the key in ${layout.FILEKEYS} to open it`, error.message);
    }
  }
  return { digest: hash.digest(), size };
}

async function checkMedia(
  contents: Contents,
  wanted: string,
  media: readonly string[],
  digest: Uint8Array,
  size: number,
  findings: Findings,
): Promise<void> {
  for (const path of media) if (path !== wanted) findings.add("file-orphan", path, wanted, path);
  if (!contents.has(wanted)) {
    findings.add("file-missing", wanted, "the film or sound of the shown segments", "none");
    return;
  }
  const here = contents.sizes.get(wanted);
  if (here !== size) findings.add("media", wanted, `${size} bytes`, `${here} bytes`);
  await contents.hashRest([wanted]);
  const found = contents.digests.get(wanted) ?? NONE;
  if (!sameBytes(found, digest)) findings.add("media", wanted, writeHex(digest), writeHex(found));
}

/** Checks that the court copy says of itself which recording and which original it is of. */
async function checkCourtCopy(contents: Contents, chain: Chain, findings: Findings): Promise<void> {
  const path = layout.COURT_COPY;
  if (!contents.has(path) || chain.opening === null) return;
  const original = contents.digests.get(layout.mediaPath(chain.opening.media)) ?? NONE;
  const mark = `accompany/derived/v1 ${chain.opening.recording} ${writeHex(original)}`;
  const seeker = new MarkSeeker(utf8(mark));
  await contents.stream(path, (piece) => seeker.take(piece));
  if (seeker.found && !contents.unreadable.has(path)) findings.add("court-copy-marked", "", "", "", { path });
  else findings.add("court-copy", path, mark, "another mark or none");
}

/** Looks for a mark in the `moov` box of an mp4, and that before any film. */
class MarkSeeker {
  found = false;
  private over = false;
  private held: Uint8Array = NONE;

  constructor(private readonly mark: Uint8Array) {}

  take(piece: Uint8Array): void {
    if (this.over) return;
    this.held = concat(this.held, piece);
    while (!this.over && this.held.length >= 8) {
      const size = new DataView(this.held.buffer, this.held.byteOffset).getUint32(0);
      const kind = String.fromCharCode(...this.held.subarray(4, 8));
      this.over = kind === "mdat" || size < 8 || size > LARGEST_BOX;
      if (this.over || this.held.length < size) break;
      const box = this.held.subarray(0, size);
      if (kind === "moov") {
        this.found = includes(box, this.mark);
        this.over = true;
      }
      this.held = this.held.subarray(size);
    }
    if (this.over) this.held = NONE;
  }
}

/** Bytes of a box before the film: an hour's index has some three million. */
const LARGEST_BOX = 64 * 1024 * 1024;

function includes(data: Uint8Array, mark: Uint8Array): boolean {
  for (let at = data.indexOf(mark[0] ?? 0); at >= 0; at = data.indexOf(mark[0] ?? 0, at + 1)) {
    if (sameBytes(data.subarray(at, at + mark.length), mark)) return true;
  }
  return false;
}

/** Compares what derivation.json says of result and derived film with both. */
async function checkDerivation(contents: Contents, chain: Chain, findings: Findings): Promise<void> {
  const path = layout.DERIVATION;
  const data = await contents.need(path);
  if (data === null) return;
  const said = readJson(data);
  if (!isObject(said) || !(isObject(said["result"]) || (said["result"] ?? null) === null)) {
    findings.add("form", path, "a JSON object with a result", quoted(data));
    return;
  }
  const recording = chain.opening?.recording;
  if (recording !== undefined && said["recording"] !== recording) {
    findings.add("derivation", path, recording, saidOf(said["recording"]));
  }
  const derived = said["derived"];
  const named = isObject(derived) && derived["path"] === layout.COURT_COPY ? derived : null;
  for (const made of [said["result"], named]) if (isObject(made)) checkMade(contents, made, findings);
  if (contents.has(layout.COURT_COPY) && named === null) {
    findings.add("derivation", path, layout.COURT_COPY, "nothing");
  }
}

function checkMade(contents: Contents, said: JsonObject, findings: Findings): void {
  const made = said["path"];
  const digest = typeof made === "string" ? writeHex(contents.digests.get(made) ?? NONE) : "";
  if (said["sha256"] === digest && digest !== "") return;
  const expected = `a file of this package ${digest}`.trim();
  findings.add("derivation", layout.DERIVATION, expected, `${saidOf(made)} ${saidOf(said["sha256"])}`);
}

function saidOf(value: unknown): string {
  return typeof value === "string" ? quoted(value) : "nothing";
}

async function checkNote(
  contents: Contents,
  chain: Chain,
  card: CheckedCard,
  signer: Verifier | null,
  notes: Notes,
  findings: Findings,
): Promise<void> {
  const path = layout.OPENED_NOTE;
  const data = await contents.need(path);
  if (data === null) return;
  const before = findings.failed();
  await findings.under("opened-note-signature", path, async () => {
    const note = notes.parse(data, LISTING_LIMIT);
    const listing = readListing("opened.note", note.text);
    const recording = chain.opening?.recording ?? null;
    checkStates("opened-note-states", path, listing, recording, chain.digests, findings);
    checkListed(contents, listing, true, path, findings);
    const { key } = listing;
    if (key === null) return;
    await notes.onlyBy(note, key, path);
    checkOpener(key, listing.time, card, signer, findings);
  });
  if (findings.failed() === before) findings.add("opened-note-holds");
}

function checkOpener(
  key: Verifier,
  stated: number,
  { card, believed, revocation }: CheckedCard,
  signer: Verifier | null,
  findings: Findings,
): void {
  if (signer !== null) {
    if (String(signer) === String(key)) {
      findings.add("opener-known", "", "", "", { name: key.name, how: "the key given" });
    } else {
      findings.add("opener", layout.OPENED_NOTE, String(signer), String(key));
    }
  } else if (card !== null && believed && String(cardVerifier(card.serial, card.key)) === String(key)) {
    if (ended(stated, revocation, findings)) return;
    findings.add("opener-known", "", "", "", { name: card.name, how: "the key on the attorney's card" });
  } else {
    findings.add("opener-unknown", layout.OPENED_NOTE, "a key on a checked card", String(key));
  }
}

/** Says that the card's key did not count any more when the list says that it signed. Where others
 * may have the key, no time that the list states of itself helps. */
function ended(stated: number, revocation: Revocation | null, findings: Findings): boolean {
  if (revocation === null) return false;
  const [path, said] = [layout.OPENED_NOTE, writeTime(stated)];
  if (revocation.lost !== null) {
    const lost = writeTime(revocation.lost);
    findings.add("opener-lost", path, "a key that nobody else may have", `lost ${lost}, stated ${said}`, { lost });
    return true;
  }
  if (stated < revocation.time) return false;
  const time = writeTime(revocation.time);
  findings.add("opener-revoked", path, `a time before ${time}`, said, { time });
  return true;
}
