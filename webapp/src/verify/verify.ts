/**
 * Checking a whole package in the page: every file, every signature, every proof; a report, never an
 * error, and nothing leaves the page. Twin of src/accompany/evidence/verify.py and verifier.py: the
 * same checks in the same order, the same codes, the same words; tests/verify compares them on the
 * corpus. Not here: asking a live log (`accompany verify --log`), the page (verify-page).
 */

import { AccompanyError } from "../errors";
import { type Checkpoint, parseCheckpoint } from "../evidence/checkpoints";
import { BYTES, type Receipt, statementEntry } from "../evidence/receipts";
import type { Following, SegmentStatement } from "../evidence/statements";
import { sameBytes, writeHex } from "../evidence/text";
import { NotAZip, readArchive } from "./archive";
import { ZippedBag } from "./bag";
import { type Believed, type Told, bracketsOf, notAfter, notBefore } from "./brackets";
import { type Chain, ChainReader, checkSegment, checkShared } from "./chain";
import { Contents } from "./contents";
import {
  type CheckedCard,
  checkBag,
  checkCard,
  checkCustody,
  checkGrants,
  checkListed,
  checkStates,
  readPackageNote,
} from "./files";
import { Finding, Findings, shortened } from "./findings";
import * as layout from "./layout";
import type { Listing } from "./listing";
import { type Keys, LogReader, checkAfter, checkCheckpoint, checkPlaceOfOpening, settleKeys } from "./log";
import { endOf, momentsOf } from "./moments";
import { Notes } from "./notes";
import { checkOpened } from "./opened";
import { checkRevocation } from "./revocation";
import { type Facts, NO_FACTS, Report } from "./report";
import { Source } from "./source";
import { checkStamps } from "./stamps";
import { checkTimes } from "./times";
import { NO_TRUST, type Trust } from "./trust";

/** What `open_ended` accepts: that the package cannot show whether there was more. */
const OPEN_ENDED: ReadonlySet<string> = new Set(["no-closing", "awaited"]);
/** How many statements, and bytes of their segments, are read and judged ahead of the checks. */
const [AHEAD, AHEAD_BYTES] = [128, 16 * 1024 * 1024];

/** Returns the report on the package in `file`; `watch` is told of bytes as they are read. */
export async function verifyPackage(
  file: Blob,
  trust: Trust = NO_TRUST,
  watch: (bytes: number) => void = () => undefined,
): Promise<Report> {
  const findings = new Findings();
  let bag: ZippedBag;
  try {
    const archive = await readArchive(new Source(file), findings);
    bag = new ZippedBag(archive, findings);
    const count = archive.members.size;
    if (findings.all.length === 0) findings.add("archive-holds", "", "", "", { count });
  } catch (error) {
    if (!(error instanceof NotAZip)) throw error;
    return new Report([new Finding("not-a-package", "", "a ZIP", error.message)]);
  }
  const contents = new Contents(bag, findings, watch);
  if (!contents.has(layout.BAGIT) || contents.numbers("statement").length === 0) {
    const expected = `${layout.BAGIT} and ${layout.statementPath(0)}`;
    const found = `${contents.places.size} files of a package`;
    return new Report([new Finding("not-a-package", "", expected, found)]);
  }
  return await new Verification(contents, trust, await Notes.begin(), findings).run(bag.folder);
}

/** One verification of one bag: what the checks share. */
class Verification {
  private readonly reader: ChainReader;
  private readonly receipts = new Map<number, Receipt>();
  private stamps: readonly Believed[] = [];
  private withheld: ReadonlyMap<number, string> = new Map();
  private bytes = 0;

  constructor(
    private readonly contents: Contents,
    private readonly trust: Trust,
    private readonly notes: Notes,
    private readonly findings: Findings,
  ) {
    this.reader = new ChainReader(notes, findings);
  }

  private get chain(): Chain {
    return this.reader.chain;
  }

  async run(folder: string): Promise<Report> {
    const { contents, trust, notes, findings } = this;
    const openingNote = await contents.need(layout.statementPath(0));
    if (openingNote !== null) await this.reader.takeOpening(openingNote);
    const { opening } = this.chain;
    const recording = opening?.recording ?? null;
    if (recording !== null && folder !== recording) findings.add("zip-folder", "", recording, folder);
    const checkpointNote = await contents.need(layout.CHECKPOINT);
    const keys = await settleKeys(contents, trust.policy, this.origin(checkpointNote), findings);
    const checkpoint = await checkCheckpoint(checkpointNote, keys, notes, findings);
    const log = new LogReader(keys, checkpoint, checkpointNote, notes, findings);
    await this.checkStatements(keys, log);
    this.checkOrder();
    this.stamps = await checkStamps(contents, keys, log, trust.anchors, findings, notes);
    if (opening !== null) {
      await checkAfter(contents, opening, checkpoint, findings);
      const first = this.receipts.get(0);
      if (first !== undefined) checkPlaceOfOpening(opening, first.index, findings);
    }
    await checkCustody(contents, recording, log, findings);
    const card = await this.checkWhole(keys, log, recording);
    if (contents.opened) this.withheld = await checkOpened(contents, this.chain, card, trust.signer, notes, findings);
    await checkBag(contents, findings);
    this.checkHeads(recording);
    return new Report(this.settled(), this.facts(checkpoint));
  }

  /** The log that the opening names; without an opening, the checkpoint's. */
  private origin(checkpointNote: Uint8Array | null): string {
    if (this.chain.opening !== null) return this.chain.opening.log;
    try {
      return parseCheckpoint(checkpointNote ?? new Uint8Array()).checkpoint.origin;
    } catch (error) {
      if (error instanceof AccompanyError) return "";
      throw error;
    }
  }

  private async checkStatements(keys: Keys, log: LogReader): Promise<void> {
    const numbers = this.contents.numbers("statement");
    const awaited: number[] = [];
    const windows = [...this.windows(numbers)];
    let next = this.prepareAll(windows[0] ?? [], log);
    for (const [at, window] of windows.entries()) {
      await next;
      // The next is read, hashed and judged while this one is looked at.
      next = this.prepareAll(windows[at + 1] ?? [], log);
      for (const number of window) {
        const statement = await this.checkStatement(number, log);
        if (statement?.form === "segment" && !(await this.checkBytes(number, statement))) awaited.push(number);
      }
    }
    this.checkOrphans(numbers);
    this.sumUp(numbers.length, keys, log);
    if (awaited.length > 0) {
      const values = { count: awaited.length, numbers: shortened(awaited) };
      this.findings.add("awaited", "", "", "", values);
    }
  }

  private *windows(numbers: readonly number[]): Generator<number[]> {
    let [window, bytes]: [number[], number] = [[], 0];
    for (const number of numbers) {
      window.push(number);
      bytes += this.contents.sizes.get(layout.segmentPath(number)) ?? 0;
      if (window.length < AHEAD && bytes < AHEAD_BYTES) continue;
      yield window;
      [window, bytes] = [[], 0];
    }
    if (window.length > 0) yield window;
  }

  private prepareAll(window: readonly number[], log: LogReader): Promise<unknown> {
    const ready = Promise.all(window.map((number) => this.prepare(number, log)));
    ready.catch(() => undefined); // Whoever awaits it hears of a fault; until then it is nobody's.
    return ready;
  }

  /** Reads what is said of a statement, and begins to judge its signatures. */
  private async prepare(number: number, log: LogReader): Promise<void> {
    const { contents, notes } = this;
    const note = number === 0 ? null : contents.ahead(layout.statementPath(number));
    const receipt = contents.ahead(layout.receiptPath(number));
    const proof = contents.ahead(layout.proofPath(number));
    const segment = contents.ahead(layout.segmentPath(number));
    try {
      if (note !== null) notes.expect(notes.parse(await note), this.reader.verifier);
      if (receipt !== null) log.expect(await receipt);
    } catch (error) {
      // Said where it is taken.
      if (!(error instanceof AccompanyError)) throw error;
    }
    await Promise.all([note, receipt, proof, segment]);
  }

  private async checkStatement(number: number, log: LogReader): Promise<Following | null> {
    const { contents } = this;
    const opening = this.chain.openingNote;
    let statement: Following | null = null;
    let note = opening;
    if (number !== 0) {
      this.checkHole(number);
      const path = layout.statementPath(number);
      note = await contents.need(path);
      const digest = contents.digests.get(path);
      if (note !== null && digest !== undefined) statement = await this.reader.take(number, note, digest);
    }
    const entry = note !== null && opening !== null ? statementEntry(opening, number, note) : null;
    let path = layout.receiptPath(number);
    const receiptNote = await contents.need(path);
    let receipt: Receipt | null = null;
    if (receiptNote !== null) {
      const known = statement !== null || number === 0;
      const allowed = statement?.form === "segment" ? ["kept", "awaited"] : ["none"];
      receipt = await log.takeReceipt(path, receiptNote, entry, known ? allowed : BYTES);
    }
    if (receipt !== null) this.receipts.set(number, receipt);
    path = layout.proofPath(number);
    const proof = await contents.need(path);
    if (proof !== null) await log.takeProof(path, proof, entry, receipt);
    return statement;
  }

  private checkHole(number: number): void {
    const next = this.chain.last + 1;
    if (number > next) {
      this.findings.add("file-missing", layout.statementPath(next), `statement ${next}`, `${number} next`);
    }
  }

  /** Checks a segment's file; returns false where its bytes have not arrived yet. */
  private async checkBytes(number: number, statement: SegmentStatement): Promise<boolean> {
    const path = layout.segmentPath(number);
    if (this.contents.has(path)) {
      this.bytes += await checkSegment(this.contents, statement, number, this.findings);
      return true;
    }
    if (this.receipts.get(number)?.bytes === "awaited") return false;
    this.findings.add("file-missing", path, "the segment, since it was acknowledged", "none");
    return true;
  }

  private checkOrphans(numbers: readonly number[]): void {
    const stated = new Set(numbers);
    const segments = new Set(this.chain.segments.map(({ number }) => number));
    for (const [kind, mine, write] of [
      ["receipt", stated, layout.receiptPath],
      ["proof", stated, layout.proofPath],
      ["segment", segments, layout.segmentPath],
    ] as const) {
      for (const number of this.contents.numbers(kind)) {
        if (!mine.has(number)) {
          const expected = `a statement ${number} that it belongs to`;
          this.findings.add("file-orphan", write(number), expected, "none");
        }
      }
    }
  }

  private sumUp(count: number, keys: Keys, log: LogReader): void {
    const { findings } = this;
    const segments = this.chain.segments.filter(({ number }) => this.receipts.has(number)).length;
    if (this.chain.opening !== null && findings.clean("data/statements/")) {
      findings.add("statements-hold", "", "", "", { count });
    }
    if (segments > 0 && findings.clean("data/segments/")) {
      const here = this.contents.numbers("segment").length;
      findings.add("segments-hold", "", "", "", { count: here, bytes: this.bytes });
    }
    if (keys.receipts.length > 0 && findings.clean("data/receipts/")) {
      findings.add("receipts-hold", "", "", "", { count });
    }
    if (log.checkpoint !== null && findings.clean("data/proofs/")) {
      findings.add("proofs-hold", "", "", "", { count });
    }
  }

  private checkOrder(): void {
    checkShared(this.chain.segments, this.findings);
    checkTimes(this.chain, this.findings);
    const { closing, last } = this.chain;
    if (closing === null) this.findings.add("no-closing", "", "", "", { last });
    else this.findings.add("closed", "", "", "", { last: closing.number, reason: closing.reason });
  }

  private async checkWhole(keys: Keys, log: LogReader, recording: string | null): Promise<CheckedCard> {
    const { contents, notes, findings } = this;
    const began = this.receipts.get(0) ?? null;
    const checked = await checkCard(contents, keys, began?.time ?? null, notes, findings);
    const revocation = await checkRevocation(contents, checked.card, keys, log, began, notes, findings);
    const card = { ...checked, revocation };
    const before = findings.failed();
    const listing = await readPackageNote(contents, keys, notes, findings);
    const signed = keys.receipts.length > 0 && findings.failed() === before;
    await checkGrants(contents, this.chain.opening, listing?.files ?? new Map(), findings);
    await contents.hashRest();
    if (listing !== null) this.checkList(listing, recording, signed);
    return card;
  }

  private checkList(listing: Listing, recording: string | null, signed: boolean): void {
    const { findings } = this;
    const before = findings.failed();
    const path = layout.PACKAGE_NOTE;
    checkStates("package-note-states", path, listing, recording, this.chain.digests, findings);
    checkListed(this.contents, listing, false, path, findings);
    if (signed && findings.failed() === before) findings.add("package-note-holds");
  }

  private checkHeads(recording: string | null): void {
    for (const head of this.trust.heads) {
      const here = this.chain.digests.get(head.number);
      if (recording !== null && head.recording !== recording) {
        this.findings.add("head-other", "", recording, head.recording);
      } else if (here !== undefined && sameBytes(here, head.digest)) {
        this.findings.add("head-holds", "", "", "", { number: head.number });
      } else {
        const found = here === undefined ? `no statement after ${this.chain.last}` : writeHex(here);
        this.findings.add("head", layout.statementPath(head.number), writeHex(head.digest), found);
      }
    }
  }

  /** The findings, those marked that `openEnded` accepts. */
  private settled(): Finding[] {
    return this.findings.all.map((one) =>
      this.trust.openEnded && OPEN_ENDED.has(one.code)
        ? new Finding(one.code, one.file, one.expected, one.found, one.values, true)
        : one,
    );
  }

  private facts(checkpoint: Checkpoint | null): Facts {
    const { opening, segments, following, digests } = this.chain;
    const { opened } = this.contents;
    if (opening === null) return { ...NO_FACTS, opened };
    const times = [...this.receipts.values()].map(({ time }) => time);
    const after = opening.after?.size ?? null;
    const moments = momentsOf(this.chain, this.receipts, this.withheld);
    const told = moments.map((one): Told => ({
      number: one.number,
      index: this.receipts.get(one.number)?.index ?? null,
      began: one.began,
      ended: one.ended,
      received: one.received,
    }));
    const first = times.reduce((a, b) => Math.min(a, b), Infinity);
    return {
      recording: opening.recording,
      kind: opening.kind,
      media: opening.media,
      client: opening.client,
      log: opening.log,
      opened,
      statements: digests.size,
      segments: segments.length,
      bytes: this.bytes,
      duration: most(segments.map(({ offset, duration }) => offset + duration), 0),
      began: opening.time,
      ended: most(following.map(endOf), opening.time),
      received: times.length > 0 ? [first, most(times, 0)] : null,
      after,
      covered: checkpoint?.size ?? null,
      notBefore: notBefore(this.stamps, after),
      notAfter: notAfter(this.stamps, told.at(-1)?.index ?? null),
      brackets: this.stamps.length > 0 ? bracketsOf(this.stamps, told) : [],
      continues: opening.continues?.recording ?? "",
      gaps: following.flatMap((item) =>
        item.form === "gap" ? [{ offset: item.offset, duration: item.duration, reason: item.reason }] : [],
      ),
      moments,
      stamps: this.stamps.map(({ name, stamp }) => ({ name, time: stamp.time })),
    };
  }
}

function most(values: readonly number[], least: number): number {
  return values.reduce((a, b) => Math.max(a, b), least);
}
