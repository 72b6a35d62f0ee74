/**
 * Statements: what a device says of its recording, each bound to the one before. Twin of
 * src/accompany/evidence/statements.py.
 *
 * A statement is a signed note by the recording's key, key name `recording/<id>`. The opening is
 * number 0 and names the key; segments, gaps and the closing follow in one chain, `previous` being
 * the SHA-256 of the whole signed note before. The forms stand in docs/format.md.
 *
 * Not here: who may open a recording, receipts, sealing. Pure.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { ClosingReason, GapReason, Kind } from "../contracts";
import { DoesNotHold, Malformed, OutOfOrder } from "../errors";
import { Note, Verifier, checkPublicKey } from "./notes";
import {
  Lines,
  SPACE,
  quoted,
  readBase32,
  readBase64,
  readHex,
  readMatching,
  readNumber,
  readTime,
  readWord,
  sameBytes,
  writeBase32,
  writeBase64,
  writeHex,
  writeLines,
  writeTime,
} from "./text";

export const KINDS = ["film", "sound", "advice", "notes"] as const satisfies readonly Kind[];
export const GAP_REASONS = [
  "hidden",
  "muted",
  "private",
  "device",
  "storage",
  "unknown",
] as const satisfies readonly GapReason[];
export const CLOSING_REASONS = [
  "stopped",
  "left",
  "battery",
  "device",
  "storage",
  "replaced",
] as const satisfies readonly ClosingReason[];

const OPENING = "accompany/opening/v1";
const SEGMENT = "accompany/segment/v1";
const GAP = "accompany/gap/v1";
const CLOSING = "accompany/closing/v1";
const MAGICS = { opening: OPENING, segment: SEGMENT, gap: GAP, closing: CLOSING } as const;

const MEDIA = /^[!-~]{3,200}$/;
export const RECIPIENT = /^age1pq1[a-z0-9]{100,3000}$/;
const CLIENT = /^[A-Za-z0-9._-]{1,60}\/[A-Za-z0-9._+-]{1,60} (?:[0-9a-f]{64}|none)$/;
const ORIGIN = new RegExp(`^[^${SPACE}+]{1,255}$`, "u");

/** Returns the id of the recording whose public key is `key`, 32 bytes. */
export function recordingId(key: Uint8Array): string {
  return writeBase32(sha256(key).subarray(0, 20));
}

export function recordingVerifier(key: Uint8Array): Verifier {
  return new Verifier(`recording/${recordingId(key)}`, key);
}

/** Returns what the next statement calls `previous`: SHA-256 of the whole signed note. */
export function digestOf(note: Uint8Array): Uint8Array {
  return sha256(note);
}

/** Statement 0. Times are milliseconds since 1970 UTC; digests are 32 bytes. */
export interface Opening {
  readonly form: "opening";
  readonly recording: string;
  readonly number: 0;
  readonly time: number;
  readonly key: Uint8Array;
  readonly kind: Kind;
  readonly media: string;
  readonly recipient: string;
  readonly grants: Uint8Array;
  readonly encounter: string;
  readonly continues: { readonly recording: string; readonly digest: Uint8Array } | null;
  readonly log: string;
  readonly after: { readonly size: number; readonly root: Uint8Array } | null;
  readonly client: string;
}

interface Head {
  readonly recording: string;
  readonly number: number;
  readonly previous: Uint8Array;
  readonly time: number;
  /** milliseconds since the opening */
  readonly offset: number;
}

/** One sealed segment: `size` bytes with `sha256`; offset and duration in milliseconds. */
export interface SegmentStatement extends Head {
  readonly form: "segment";
  readonly duration: number;
  readonly size: number;
  readonly sha256: Uint8Array;
}

/** A stretch of which there is no film or sound, and why; milliseconds. */
export interface Gap extends Head {
  readonly form: "gap";
  readonly duration: number;
  readonly reason: GapReason;
}

/** The last statement: how many segment statements there were, arrived or not. */
export interface Closing extends Head {
  readonly form: "closing";
  readonly segments: number;
  readonly reason: ClosingReason;
}

export type Following = SegmentStatement | Gap | Closing;
export type Statement = Opening | Following;

export function writeStatement(statement: Statement): string {
  switch (statement.form) {
    case "opening":
      return writeOpening(statement);
    case "segment":
      return writeLines(SEGMENT, [
        ...writeHead(statement),
        ["duration", String(statement.duration)],
        ["size", String(statement.size)],
        ["sha256", writeHex(statement.sha256)],
      ]);
    case "gap":
      return writeLines(GAP, [
        ...writeHead(statement),
        ["duration", String(statement.duration)],
        ["reason", statement.reason],
      ]);
    case "closing":
      return writeLines(CLOSING, [
        ...writeHead(statement),
        ["segments", String(statement.segments)],
        ["reason", statement.reason],
      ]);
    default:
      return statement satisfies never;
  }
}

/** Returns the statement that `text` writes; its signature is another matter. */
export function readStatement(text: string): Statement {
  const statement = readForm(text);
  if (writeStatement(statement) !== text) throw new Malformed("statement", "not in its one written form");
  return statement;
}

function readForm(text: string): Statement {
  if (text.startsWith(`${SEGMENT}\n`)) return readSegment(text);
  if (text.startsWith(`${GAP}\n`)) return readGap(text);
  if (text.startsWith(`${CLOSING}\n`)) return readClosing(text);
  if (text.startsWith(`${OPENING}\n`)) return readOpening(text);
  throw new Malformed("statement", `expected opening, segment, gap or closing, found ${quoted(text, 40)}`);
}

/** Returns the opening in a signed note, checked with the key that it names itself. */
export function openOpening(note: Uint8Array): Opening {
  const parsed = Note.parse(note);
  const statement = readStatement(parsed.text);
  if (statement.form !== "opening") throw new Malformed("opening", `found ${MAGICS[statement.form]}`);
  parsed.onlyBy(recordingVerifier(statement.key), "opening");
  return statement;
}

/** Returns the statement after the opening in a signed note by the recording's `verifier`. */
export function openFollowing(note: Uint8Array, verifier: Verifier): Following {
  const parsed = Note.parse(note);
  const statement = readStatement(parsed.text);
  if (statement.form === "opening") {
    throw new Malformed("statement", "expected segment, gap or closing, found an opening");
  }
  parsed.onlyBy(verifier, `statement ${statement.number}`);
  if (`recording/${statement.recording}` !== verifier.name) {
    throw new DoesNotHold("statement", verifier.name, `recording/${statement.recording}`);
  }
  return statement;
}

/** The end of a recording's chain: all that is needed to take the next statement. */
export interface Chain {
  readonly recording: string;
  readonly last: number;
  readonly digest: Uint8Array;
  readonly segments: number;
  readonly closed: boolean;
}

export function startChain(opening: Opening, note: Uint8Array): Chain {
  return { recording: opening.recording, last: 0, digest: digestOf(note), segments: 0, closed: false };
}

/** Returns the chain after `statement`; throws OutOfOrder or DoesNotHold if it cannot be. */
export function followChain(chain: Chain, statement: Following, note: Uint8Array): Chain {
  const refuse = (why: string) => new OutOfOrder(why, chain.last, chain.digest);
  if (chain.closed) throw refuse(`the recording was closed by statement ${chain.last}`);
  if (statement.number !== chain.last + 1) {
    throw refuse(`expected statement ${chain.last + 1}, found ${statement.number}`);
  }
  if (!sameBytes(statement.previous, chain.digest)) {
    const found = `statement ${statement.number} follows ${writeHex(statement.previous)}`;
    throw refuse(`${found}, but the last one kept is ${writeHex(chain.digest)}`);
  }
  const segments = chain.segments + Number(statement.form === "segment");
  if (statement.form === "closing" && statement.segments !== segments) {
    throw new DoesNotHold("closing", `segments ${segments}`, `segments ${statement.segments}`);
  }
  const closed = statement.form === "closing";
  return { recording: chain.recording, last: statement.number, digest: digestOf(note), segments, closed };
}

function writeOpening(opening: Opening): string {
  const { continues, after } = opening;
  return writeLines(OPENING, [
    ["recording", opening.recording],
    ["number", "0"],
    ["time", writeTime(opening.time)],
    ["key", writeBase64(opening.key)],
    ["kind", opening.kind],
    ["media", opening.media],
    ["recipient", opening.recipient],
    ["grants", writeHex(opening.grants)],
    ["encounter", opening.encounter],
    ["continues", continues ? `${continues.recording} ${writeHex(continues.digest)}` : "none"],
    ["log", opening.log],
    ["after", after ? `${after.size} ${writeBase64(after.root)}` : "none"],
    ["client", opening.client],
  ]);
}

function readOpening(text: string): Opening {
  const lines = new Lines("opening", OPENING, text);
  const recording = readBase32(lines.take("recording"));
  if (lines.take("number") !== "0") throw new Malformed("opening", "expected number 0");
  const opening: Opening = {
    form: "opening",
    recording,
    number: 0,
    time: readTime(lines.take("time")),
    key: readBase64(lines.take("key"), 32),
    kind: readWord(lines.take("kind"), KINDS),
    media: readMatching("media", MEDIA, lines.take("media")),
    recipient: readMatching("recipient", RECIPIENT, lines.take("recipient")),
    grants: readHex(lines.take("grants"), 32),
    encounter: readBase32(lines.take("encounter")),
    continues: readContinues(lines.take("continues")),
    log: readMatching("log", ORIGIN, lines.take("log")),
    after: readAfter(lines.take("after")),
    client: readMatching("client", CLIENT, lines.take("client")),
  };
  lines.end();
  checkPublicKey(opening.key);
  if (recording !== recordingId(opening.key)) {
    throw new DoesNotHold("recording id", recordingId(opening.key), recording);
  }
  if (opening.continues?.recording === recording) {
    throw new DoesNotHold("continues", "another recording", recording);
  }
  return opening;
}

function writeHead(statement: Head): [string, string][] {
  return [
    ["recording", statement.recording],
    ["number", String(statement.number)],
    ["previous", writeHex(statement.previous)],
    ["time", writeTime(statement.time)],
    ["offset", String(statement.offset)],
  ];
}

function readHead(lines: Lines): Head {
  const recording = readBase32(lines.take("recording"));
  const number = readNumber(lines.take("number"));
  if (number === 0) throw new Malformed("statement", "number 0 is the opening's");
  const previous = readHex(lines.take("previous"), 32);
  const time = readTime(lines.take("time"));
  return { recording, number, previous, time, offset: readNumber(lines.take("offset")) };
}

function readSegment(text: string): SegmentStatement {
  const lines = new Lines("segment statement", SEGMENT, text);
  const head = readHead(lines);
  const duration = readNumber(lines.take("duration"));
  const size = readNumber(lines.take("size"));
  const sha = readHex(lines.take("sha256"), 32);
  lines.end();
  return { form: "segment", ...head, duration, size, sha256: sha };
}

function readGap(text: string): Gap {
  const lines = new Lines("gap statement", GAP, text);
  const head = readHead(lines);
  const duration = readNumber(lines.take("duration"));
  const reason = readWord(lines.take("reason"), GAP_REASONS);
  lines.end();
  return { form: "gap", ...head, duration, reason };
}

function readClosing(text: string): Closing {
  const lines = new Lines("closing statement", CLOSING, text);
  const head = readHead(lines);
  const segments = readNumber(lines.take("segments"));
  const reason = readWord(lines.take("reason"), CLOSING_REASONS);
  lines.end();
  return { form: "closing", ...head, segments, reason };
}

function readContinues(value: string): Opening["continues"] {
  if (value === "none") return null;
  const [recording, digest] = halves(value);
  return { recording: readBase32(recording), digest: readHex(digest, 32) };
}

function readAfter(value: string): Opening["after"] {
  if (value === "none") return null;
  const [size, root] = halves(value);
  return { size: readNumber(size), root: readBase64(root, 32) };
}

/** Splits at the first space, as Python's `partition` does. */
export function halves(value: string): [string, string] {
  const at = value.indexOf(" ");
  return at < 0 ? [value, ""] : [value.slice(0, at), value.slice(at + 1)];
}
