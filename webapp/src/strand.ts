/**
 * One recording of an encounter as the page sees it: its capture, its own clock from its own opening,
 * the gaps it has to state, and its closing. Film and the sound beside it are two strands.
 *
 * No key is ever here. Not here: which strands there are (recorder), statements and sending (worker).
 */

import { Capture, type CaptureReport, type Making, type Piece, canCapture } from "./capture";
import { NOTES_MEDIA, type Notes } from "./chat-kept";
import { now } from "./clock";
import type { ClosingReason, GapReason, Kind } from "./contracts";
import type { Track } from "./fragments";
import type { ToWorker } from "./recorder-messages";
import { Slices } from "./slices";
import { type Span, Spans } from "./spans";

/** Milliseconds that need no statement between two segments. */
const SILENCE = 100;
/** Milliseconds by which a gap may lie over film or before it, unless it is one that runs alongside it. */
const OVER = 1_000;
/** Milliseconds by which the last samples may come later than the stop. */
const TAIL = 1_000;
const PATIENCE = 10_000;
/** After so many milliseconds silence on purpose is stated, though it goes on. */
const PRIVATE = 5_000;

export interface StrandPorts {
  send(message: ToWorker, transfer?: Transferable[]): void;
  /** kind, recording or seconds changed */
  changed(): void;
  flowing(strand: Strand, kind: Track["kind"], flows: boolean): void;
  failed(strand: Strand, code: "nothing" | "encoder" | "unsupported"): void;
}

export class Strand implements CaptureReport, Notes {
  kind: Kind | null = null;
  recording: string | null = null;
  /** milliseconds recorded */
  recorded = 0;
  /** resolves once the worker has opened it */
  readonly opened: Promise<void>;
  /** resolves with the first piece of film or sound */
  readonly running: Promise<void>;
  /** resolves once its closing was stated, or it never opened */
  readonly ended: Promise<void>;
  markOpened: () => void = () => undefined;
  private markEnded: () => void = () => undefined;

  /** instant of the opening: by `performance.now()`, and by the clock that statements go by */
  private readonly openedAt = performance.now();
  private readonly openedTime = now();
  private readonly capture: Capture | Slices | null;
  /** what was reported before the opening could be made */
  private readonly early: (() => void)[] = [];
  /** where the first piece of film or sound begins, and the last one ends; null: none yet */
  private begin: number | null = null;
  private end: number | null = null;
  /** the latest offset that was stated, of gaps alongside film left out */
  private newest = 0;
  /** holes that are not stated yet: film may still lie beside them */
  private holes: { readonly span: Span; readonly muted: boolean }[] = [];
  /** what gaps state, private ones left out; of that the silences between pieces, and what lasted over a second */
  private readonly stated = new Spans();
  private readonly silent = new Spans();
  private readonly long = new Spans();
  /** when the page was out of sight; milliseconds since the opening */
  private readonly unseen: { from: number; to: number }[] = [];
  /** since which offset the sound is silenced on purpose and that is not stated yet */
  private silenced: number | null = null;
  /** of notes: the initialization was made */
  private written = false;
  /** the closing was stated: nothing may follow it */
  private closed = false;
  private stopping: Promise<void> | null = null;
  private markRunning: () => void = () => undefined;

  /** `continues` is the slot of the recording that this one goes on from. */
  constructor(
    readonly slot: number,
    private readonly stream: MediaStream | null,
    making: Making,
    private readonly continues: number | null,
    private readonly ports: StrandPorts,
  ) {
    this.opened = new Promise((resolve) => {
      this.markOpened = resolve;
    });
    this.running = new Promise((resolve) => {
      this.markRunning = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.markEnded = resolve;
    });
    const Way = canCapture() ? Capture : Slices;
    this.capture = stream && new Way(stream, this.openedAt, making, this);
  }

  start(): void {
    if (!this.capture) return this.open("notes", NOTES_MEDIA);
    this.capture.start().catch(() => this.failed("encoder"));
  }

  /** Ends the capture and states the closing; what was made goes on to be sent. */
  stop(reason: ClosingReason): Promise<void> {
    this.stopping ??= this.finish(reason);
    return this.stopping;
  }

  /** milliseconds that gaps of more than a second state */
  get missing(): number {
    return this.long.total;
  }

  get stopped(): boolean {
    return this.stopping !== null;
  }

  /** The page is going: the closing is stated at once, without waiting for the last samples. */
  leave(): void {
    if (this.kind !== null && !this.stopped) this.sendClosing(this.now(), "left");
  }

  setHidden(hidden: boolean): void {
    const last = this.unseen.at(-1);
    const was = last?.to === Number.POSITIVE_INFINITY;
    if (hidden && !was) this.unseen.push({ from: this.now(), to: Number.POSITIVE_INFINITY });
    else if (!hidden && was) last.to = this.now();
  }

  /** Whether the sound is silenced on purpose now. Stated every few seconds, lest a crash hides it. */
  setPrivate(on: boolean, until = this.now()): void {
    const since = this.silenced;
    if (this.closed) return;
    // Nothing is recorded yet: silent from its very beginning.
    if (this.end === null && this.kind !== "notes") return void (on && (this.silenced = 0));
    if (since !== null && (!on || until - since >= PRIVATE)) {
      this.stateGap(since, until - since, "private");
      this.silenced = null;
    }
    if (on) this.silenced ??= until;
  }

  /** Keeps what was written just now. A line lasts a moment: what has no length is the initialization. */
  write(data: Uint8Array): void {
    if (this.closed) return;
    const [slot, offset] = [this.slot, this.now()];
    const duration = Number(this.written);
    this.written = true;
    const message: ToWorker = { do: "segment", slot, data, time: this.timeAt(offset), offset, duration };
    this.ports.send(message, [data.buffer as ArrayBuffer]);
  }

  // --- capture's reports ---

  begun(media: string, kind: "film" | "sound"): void {
    this.open(kind, media);
  }

  piece(piece: Piece): void {
    if (this.closed) return;
    if (this.kind === null) return void this.early.push(() => this.piece(piece));
    const { data, offset, duration } = piece;
    const initialization = duration === 0 && this.end === null;
    if (!initialization) this.stateSilence(offset);
    const { slot } = this;
    this.ports.send({ do: "segment", slot, data, time: this.timeAt(offset), offset, duration }, [
      data.buffer as ArrayBuffer,
    ]);
    if (initialization) return;
    this.begin ??= offset;
    this.newest = Math.max(this.newest, offset);
    this.end = offset + duration;
    this.recorded += duration;
    this.stateHoles(this.end);
    this.markRunning();
    this.ports.changed();
  }

  /** Stated once the film has come so far: only then is it known what of it is a silence between pieces. */
  hole(span: Span, muted: boolean): void {
    if (this.kind === null) return void this.early.push(() => this.hole(span, muted));
    this.holes.push({ span, muted });
    if (this.end !== null) this.stateHoles(this.end);
  }

  flowing(kind: Track["kind"], flows: boolean): void {
    this.ports.flowing(this, kind, flows);
  }

  failed(code: "nothing" | "encoder" | "unsupported"): void {
    this.ports.failed(this, code);
  }

  // --- statements ---

  open(kind: Kind, media: string): void {
    this.kind = kind;
    const { slot, continues } = this;
    this.ports.send({ do: "open", slot, kind, media, time: this.openedTime, continues });
    this.ports.changed();
    for (const report of this.early.splice(0)) report();
  }

  private async finish(reason: ClosingReason): Promise<void> {
    const stopped = this.now();
    await this.capture?.stop();
    if (this.kind !== null) {
      await Promise.race([this.opened, delay(PATIENCE)]);
      this.sendClosing(stopped, reason);
    }
    this.markEnded();
  }

  /** States what is missing in the film that goes until `end`, and is not stated yet. */
  private stateHoles(end: number): void {
    const known = this.holes.filter(({ span }) => span.to <= end);
    this.holes = this.holes.filter(({ span }) => span.to > end);
    for (const { span, muted } of known) this.stateHole(span, muted);
  }

  private stateHole({ from, to }: Span, muted: boolean): void {
    const span = { from: Math.max(from, this.begin ?? from), to };
    // What a track says of itself is said whole: the stutters of a busy phone within it are no answer to it.
    for (const part of (muted ? this.silent : this.stated).missingOf(span)) {
      const duration = part.to - part.from;
      if (duration > SILENCE) this.stateGap(part.from, duration, muted ? "muted" : this.whyMissing(part));
    }
  }

  /** A short one is the device's or the page's; where film goes on beside a long one, a track was muted. */
  private whyMissing({ from, to }: Span): GapReason {
    if (to - from > OVER || from + OVER < this.newest) return "muted";
    return this.wasUnseen(from, to) ? "hidden" : "device";
  }

  /** What was recorded ends where the last piece ends; a longer silence before the end is a gap. */
  private sendClosing(stopped: number, reason: ClosingReason): void {
    if (this.closed) return;
    this.capture?.tell();
    const { end } = this;
    if (end !== null) {
      this.holes = this.holes.map(({ span, muted }) => ({ span: { ...span, to: Math.min(span.to, end) }, muted }));
      this.stateHoles(end);
    }
    this.setPrivate(false, Math.min(stopped, this.end ?? stopped));
    let offset = this.end ?? stopped;
    if (stopped - offset > TAIL) {
      this.stateSilence(stopped);
      offset = stopped;
    }
    this.ports.send({ do: "close", slot: this.slot, time: this.timeAt(offset), offset, reason });
    this.closed = true;
  }

  private stateSilence(until: number): void {
    if (this.end === null) return;
    const duration = until - this.end;
    if (duration <= SILENCE) return;
    this.stateGap(this.end, duration, this.whySilent(this.end, until));
    this.silent.add({ from: this.end, to: until });
  }

  private stateGap(offset: number, duration: number, reason: GapReason): void {
    if (duration <= 0 || this.closed) return;
    const span = { from: offset, to: offset + duration };
    if (reason !== "private") this.stated.add(span);
    if (reason !== "private" && duration > 1000) this.long.add(span);
    if (reason !== "private" && reason !== "muted") this.newest = Math.max(this.newest, offset);
    this.ports.send({ do: "gap", slot: this.slot, time: this.timeAt(offset), offset, duration, reason });
  }

  private whySilent(from: number, to: number): GapReason {
    if (this.wasUnseen(from, to)) return "hidden";
    const tracks = this.stream?.getTracks() ?? [];
    if (tracks.some(({ readyState }) => readyState === "ended")) return "device";
    return tracks.some(({ muted }) => muted) ? "muted" : "unknown";
  }

  private wasUnseen(from: number, to: number): boolean {
    return this.unseen.some((one) => one.from < to && one.to > from);
  }

  private now(): number {
    return Math.round(performance.now() - this.openedAt);
  }

  /** That clock at an offset: read once, so that it does not fall when it is set back. */
  private timeAt(offset: number): number {
    return Math.round(this.openedTime + offset);
  }
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
