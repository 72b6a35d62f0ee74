/**
 * What the device said: statements and their chain, and the sealed segments. Twin of the first half
 * of src/accompany/evidence/verify_chain.py. Every statement is looked at, whatever was wrong with
 * the one before. Not here: times and gaps (times), what the server said of them (log).
 */

import { DoesNotHold, Malformed } from "../errors";
import type { Verifier } from "../evidence/notes";
import {
  type Closing,
  type Following,
  type Opening,
  type SegmentStatement,
  readStatement,
  recordingVerifier,
} from "../evidence/statements";
import { sameBytes, writeHex } from "../evidence/text";
import { AgeError, HEADER_LIMIT, isUsual, oneHybrid, readHeader } from "./agefile";
import { type Contents, digestOf } from "./contents";
import type { Code, Findings } from "./findings";
import { segmentPath, statementPath } from "./layout";
import type { Notes } from "./notes";

/** What the statements say, as far as they could be read; notes' digests by number. */
export class Chain {
  opening: Opening | null = null;
  openingNote: Uint8Array | null = null;
  readonly digests = new Map<number, Uint8Array>();
  readonly following: Following[] = [];
  readonly segments: SegmentStatement[] = [];
  /** The highest number of a statement; files are taken in order. */
  last = 0;

  /** The closing, if it is the last statement. */
  get closing(): Closing | null {
    const tail = this.following.at(-1);
    return tail?.form === "closing" && tail.number === this.last ? tail : null;
  }
}

/** Takes the statements' notes in the order of their files. */
export class ChainReader {
  readonly chain = new Chain();
  verifier: Verifier | null = null;
  private closed: number | null = null;
  private segments = 0;

  constructor(
    private readonly notes: Notes,
    private readonly findings: Findings,
  ) {}

  async takeOpening(note: Uint8Array): Promise<void> {
    this.chain.openingNote = note;
    this.chain.digests.set(0, await digestOf(note));
    await this.findings.under("statement-signature", statementPath(0), async () => {
      const opening = await this.openOpening(note);
      this.chain.opening = opening;
      this.verifier = recordingVerifier(opening.key);
    });
  }

  private async openOpening(note: Uint8Array): Promise<Opening> {
    const parsed = this.notes.parse(note);
    const statement = readStatement(parsed.text);
    if (statement.form !== "opening") {
      throw new Malformed("opening", `found accompany/${statement.form}/v1`);
    }
    await this.notes.onlyBy(parsed, recordingVerifier(statement.key), "opening");
    return statement;
  }

  /**
   * Takes the note in statement file `number` after the opening; returns it if it is in form.
   * Signature, recording, number, chain and closing are checked, each for itself.
   */
  async take(number: number, note: Uint8Array, digest: Uint8Array): Promise<Following | null> {
    const path = statementPath(number);
    const before = this.chain.digests.get(number - 1);
    this.chain.last = number;
    this.chain.digests.set(number, digest);
    let statement = await this.read(path, note);
    if (statement === null) return null;
    if (statement.number !== number) {
      this.findings.add("statement-number", path, String(number), String(statement.number));
      // From here on it counts as what its file's name says, so that its segment is found.
      statement = { ...statement, number };
    }
    if (before !== undefined && !sameBytes(statement.previous, before)) {
      this.findings.add("statement-previous", path, writeHex(before), writeHex(statement.previous));
    }
    if (this.closed !== null) {
      const expected = `nothing after the closing, statement ${this.closed}`;
      this.findings.add("after-closing", path, expected, `statement ${number}`);
    }
    this.count(path, statement);
    this.chain.following.push(statement);
    if (statement.form === "segment") this.chain.segments.push(statement);
    return statement;
  }

  private async read(path: string, note: Uint8Array): Promise<Following | null> {
    let read: Following | null = null;
    await this.findings.under("statement-signature", path, async () => {
      const parsed = this.notes.parse(note);
      const statement = readStatement(parsed.text);
      if (statement.form === "opening") throw new DoesNotHold(path, "segment, gap or closing", "an opening");
      const { opening } = this.chain;
      const { verifier } = this;
      if (opening !== null && verifier !== null) {
        if (statement.recording !== opening.recording) {
          this.findings.add("statement-recording", path, opening.recording, statement.recording);
        }
        await this.findings.under("statement-signature", path, () => this.notes.onlyBy(parsed, verifier, path));
      }
      read = statement;
    });
    return read;
  }

  private count(path: string, statement: Following): void {
    if (statement.form === "segment") this.segments += 1;
    if (statement.form !== "closing") return;
    this.closed ??= statement.number;
    if (statement.segments !== this.segments) {
      this.findings.add("closing-count", path, `${this.segments} segments`, String(statement.segments));
    }
  }
}

/** Compares a segment's file with its statement; returns how many bytes it has. */
export async function checkSegment(
  contents: Contents,
  statement: SegmentStatement,
  number: number,
  findings: Findings,
): Promise<number> {
  const path = segmentPath(number);
  const size = contents.sizes.get(path) ?? 0;
  if (size !== statement.size) {
    findings.add("segment-size", path, `${statement.size} bytes`, `${size} bytes`);
  }
  const data = (await contents.read(path)) ?? new Uint8Array();
  const digest = contents.digests.get(path) ?? new Uint8Array();
  if (!sameBytes(digest, statement.sha256)) {
    findings.add("segment-sha256", path, writeHex(statement.sha256), writeHex(digest));
  }
  checkStanza("segment-stanza", path, data.subarray(0, HEADER_LIMIT), findings);
  return size;
}

/** Looks at the start of an age file: whose it is must not depend on who opens it. */
export function checkStanza(code: Code, path: string, start: Uint8Array, findings: Findings): void {
  if (isUsual(start)) return;
  const expected = "one mlkem768x25519 stanza";
  try {
    const header = readHeader(start);
    if (oneHybrid(header)) return;
    findings.add(code, path, expected, header.stanzas.map(({ kind }) => kind).join(", "));
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    findings.add(code, path, expected, error.why);
  }
}

/** No two segments share a sha256: a piece shown twice would look like two moments. */
export function checkShared(segments: readonly SegmentStatement[], findings: Findings): void {
  const first = new Map<string, number>();
  for (const { sha256, number } of segments) {
    const other = first.get(writeHex(sha256)) ?? number;
    first.set(writeHex(sha256), other);
    if (other !== number) {
      findings.add("sha256-shared", statementPath(number), "bytes of its own", `those of segment ${other}`);
    }
  }
}
