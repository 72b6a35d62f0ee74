/**
 * What a sealed package holds, opened with a holder's identity and checked: the chain and its
 * signatures, and each segment's size and hash. One damaged thing does not hide the others: it is
 * named, and the rest is shown.
 *
 * Not here: receipts, proofs, the log and time stamps, which `accompany verify` judges.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Head, Kind } from "./contracts";
import { AccompanyError, DoesNotHold, Malformed } from "./errors";
import type { Verifier } from "./evidence/notes";
import {
  type Chain,
  type Closing,
  type Following,
  type Gap,
  type Opening,
  type SegmentStatement,
  digestOf,
  followChain,
  openFollowing,
  openOpening,
  recordingVerifier,
  startChain,
} from "./evidence/statements";
import { readUtf8, sameBytes, writeHex } from "./evidence/text";
import { opener, recipientOf } from "./seal/age";
import { Zip } from "./zip";

/** A part of a recording: its statement's number, ms since the opening, and whether it could be opened. */
export interface Part {
  readonly number: number;
  readonly offset: number;
  readonly duration: number;
  readonly here: boolean;
}

export interface Unsealed {
  readonly media: Blob;
  readonly mime: string;
  readonly recording: string;
  readonly kind: Kind;
  readonly encounter: string;
  /** milliseconds since 1970 by the device's clock, which proves nothing alone */
  readonly time: number;
  /**
   * What does not hold, each `<code>:<number of the statement>`: `statement` (not in form, or not
   * signed by the recording's key), `chain` (does not follow), `segment-missing`, `segment-hash`
   * (not the sealed bytes that were stated), `segment-damaged` (cannot be opened), `order` (an
   * offset falls, or a gap lies over film).
   */
  readonly problems: string[];
  /** segment statements; `opened` of them are in `media` */
  readonly segments: number;
  readonly opened: number;
  /** each of them along its time */
  readonly parts: readonly Part[];
  /** milliseconds of film or sound stated */
  readonly duration: number;
  readonly gaps: readonly { readonly offset: number; readonly duration: number; readonly reason: string }[];
  /** null: the package alone cannot show whether there was more */
  readonly closing: string | null;
  /** the last statement here, to be compared with the heads heard in the call */
  readonly head: Head;
}

const STATEMENT = /^data\/statements\/([0-9]{6,})\.note$/;
const GRANT = /^data\/grants\/[0-9]+\.age$/;
const GAP_OVER_FILM = 1000;

export async function openPackage(
  sealed: Blob,
  identity: string,
  progress: (done: number, all: number) => void,
): Promise<Unsealed> {
  const found: string[] = [];
  const { bag, opening, segments, ...read } = await readPackage(sealed, found);
  const open = await openerFor(bag, opening, identity);
  const media: BlobPart[] = [];
  const parts: Part[] = [];
  for (const [at, segment] of segments.entries()) {
    const part = await openSegment(bag, segment, open, found);
    if (part) media.push(new Uint8Array(part));
    const { number, offset, duration } = segment;
    parts.push({ number, offset, duration, here: part !== null });
    progress(at + 1, segments.length);
  }
  checkOrder(read.statements, found);
  const closing = read.statements.find((one): one is Closing => one.form === "closing");
  return {
    media: new Blob(media, { type: opening.media.split(";")[0] ?? "" }),
    mime: opening.media,
    recording: opening.recording,
    kind: opening.kind,
    encounter: opening.encounter,
    time: opening.time,
    problems: found,
    segments: segments.length,
    parts,
    opened: media.length,
    duration: segments.reduce((sum, { duration }) => sum + duration, 0),
    gaps: read.statements
      .filter((one): one is Gap => one.form === "gap")
      .map(({ offset, duration, reason }) => ({ offset, duration, reason })),
    closing: closing?.reason ?? null,
    head: { recording: opening.recording, number: read.chain.last, digest: writeHex(read.chain.digest) },
  };
}

/** The one folder in the package's ZIP. */
export class Bag {
  readonly names: readonly string[];
  /** with its slash */
  readonly folder: string;

  constructor(private readonly zip: Zip) {
    const folders = new Set(zip.names.map((name) => name.slice(0, name.indexOf("/") + 1)));
    const [folder] = folders;
    if (folders.size !== 1 || !folder) throw new Malformed("package", "expected one folder");
    this.folder = folder;
    this.names = zip.names.map((name) => name.slice(folder.length));
  }

  has(name: string): boolean {
    return this.zip.has(this.folder + name);
  }

  read(name: string): Promise<Uint8Array> {
    return this.zip.read(this.folder + name);
  }

  /** Where it lies, for what is passed on as it is. */
  part(name: string): Promise<Blob> {
    return this.zip.part(this.folder + name);
  }
}

/** What a sealed package states, before anything of it is opened; what does not hold goes to `found`. */
export interface PackageRead {
  readonly bag: Bag;
  readonly opening: Opening;
  readonly chain: Chain;
  readonly statements: readonly Following[];
  readonly segments: readonly SegmentStatement[];
}

export async function readPackage(sealed: Blob, found: string[]): Promise<PackageRead> {
  const bag = new Bag(await Zip.open(sealed));
  const note = await bag.read(`data/statements/${six(0)}.note`);
  const opening = openOpening(note);
  const { chain, statements } = await readChain(bag, opening, note, found);
  const segments = statements.filter((one): one is SegmentStatement => one.form === "segment");
  return { bag, opening, chain, statements, segments };
}

/** Returns the recording's own identity, for the holder of `identity` to grant it on. */
export async function identityIn(sealed: Blob, identity: string): Promise<string> {
  const bag = new Bag(await Zip.open(sealed));
  return await grantedIn(bag, openOpening(await bag.read(`data/statements/${six(0)}.note`)), identity);
}

async function openerFor(bag: Bag, opening: Opening, identity: string) {
  return opener(await grantedIn(bag, opening, identity));
}

/** Finds the grant for this holder, and checks that it opens this recording and no other. */
async function grantedIn(bag: Bag, opening: Opening, identity: string): Promise<string> {
  const openGrant = opener(identity);
  for (const name of bag.names.filter((one) => GRANT.test(one))) {
    let granted: string;
    try {
      granted = readUtf8("grant", await openGrant(await bag.read(name))).trim();
      if ((await recipientOf(granted)) !== opening.recipient) continue;
    } catch (error) {
      if (error instanceof AccompanyError) continue; // sealed to somebody else, or damaged
      throw error;
    }
    return granted;
  }
  throw new DoesNotHold("package", "a grant for this identity", "none");
}

async function readChain(
  bag: Bag,
  opening: Opening,
  openingNote: Uint8Array,
  found: string[],
): Promise<{ chain: Chain; statements: Following[] }> {
  const verifier = recordingVerifier(opening.key);
  const statements: Following[] = [];
  let chain = startChain(opening, openingNote);
  const numbers = bag.names.flatMap((name) => STATEMENT.exec(name)?.[1] ?? []).map(Number);
  for (const number of numbers.filter((one) => one > 0).sort((a, b) => a - b)) {
    const read = await readStatement(bag, number, verifier);
    if (!read) {
      found.push(`statement:${number}`);
      continue;
    }
    statements.push(read.statement);
    try {
      chain = followChain(chain, read.statement, read.note);
    } catch (error) {
      if (!(error instanceof AccompanyError)) throw error;
      found.push(`chain:${number}`);
      chain = restart(chain, read.statement, read.note);
    }
  }
  return { chain, statements };
}

/** Goes on from a statement that does not follow: what comes after it may follow it. */
function restart(chain: Chain, statement: Following, note: Uint8Array): Chain {
  const segments = chain.segments + Number(statement.form === "segment");
  return { ...chain, last: statement.number, digest: digestOf(note), segments };
}

async function readStatement(
  bag: Bag,
  number: number,
  verifier: Verifier,
): Promise<{ statement: Following; note: Uint8Array } | null> {
  try {
    const note = await bag.read(`data/statements/${six(number)}.note`);
    const statement = openFollowing(note, verifier);
    return statement.number === number ? { statement, note } : null;
  } catch (error) {
    if (error instanceof AccompanyError) return null;
    throw error;
  }
}

async function openSegment(
  bag: Bag,
  segment: SegmentStatement,
  open: (file: Uint8Array) => Promise<Uint8Array>,
  found: string[],
): Promise<Uint8Array | null> {
  const name = `data/segments/${six(segment.number)}.age`;
  const fail = (code: string) => {
    found.push(`${code}:${segment.number}`);
    return null;
  };
  if (!bag.has(name)) return fail("segment-missing");
  try {
    const sealed = await bag.read(name);
    if (sealed.length !== segment.size || !sameBytes(sha256(sealed), segment.sha256)) return fail("segment-hash");
    return await open(sealed);
  } catch (error) {
    if (error instanceof AccompanyError) return fail("segment-damaged");
    throw error;
  }
}

/**
 * Offsets do not fall, and a gap lies over no film; but what runs beside film (muted, private) is
 * stated when it ends, so that its offset may lie before what was stated already.
 */
function checkOrder(statements: readonly Following[], found: string[]): void {
  let offset = 0;
  let filmed = 0;
  for (const one of statements) {
    if (one.form === "gap" && (one.reason === "muted" || one.reason === "private")) continue;
    const back = one.form === "gap" ? GAP_OVER_FILM : 0;
    const over = one.form === "gap" && Math.min(filmed, one.offset + one.duration) - one.offset > GAP_OVER_FILM;
    if (one.offset + back < offset || over) found.push(`order:${one.number}`);
    offset = Math.max(offset, one.offset);
    if (one.form === "segment") filmed = Math.max(filmed, one.offset + one.duration);
  }
}

function six(number: number): string {
  return String(number).padStart(6, "0");
}
