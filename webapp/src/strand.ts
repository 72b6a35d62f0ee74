/**
 * One recording of an encounter as the page sees it: its capture, its own clock from its own opening,
 * the gaps it has to state, and its closing. Film and the sound beside it are two strands.
 *
 * No key is ever here. Not here: which strands there are (recorder), statements and sending (worker).
 */

import { Capture, type CaptureReport, type Making, type Piece, canCapture } from "./capture";
import type { ClosingReason, GapReason, Kind } from "./contracts";
import type { Track } from "./fragments";
import type { ToWorker } from "./recorder-messages";
import { Slices } from "./slices";

export const NOTES_MEDIA = "text/plain;charset=utf-8";
/** Milliseconds that need no statement between two segments. */
const SILENCE = 100;
/** Milliseconds by which the last samples may come later than the stop. */
const TAIL = 1_000;
const PATIENCE = 10_000;

export interface StrandPorts {
  send(message: ToWorker, transfer?: Transferable[]): void;
  /** kind, recording or seconds changed */
  changed(): void;
  flowing(strand: Strand, kind: Track["kind"], flows: boolean): void;
  failed(strand: Strand, code: "nothing" | "encoder" | "unsupported"): void;
}

export class Strand implements CaptureReport {
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
  /** milliseconds that gaps of more than a second state */
  missing = 0;
  markOpened: () => void = () => undefined;
  private markEnded: () => void = () => undefined;

  /** instant of the opening: by `performance.now()`, and by the device's clock */
  private readonly openedAt = performance.now();
  private readonly openedTime = Date.now();
  private readonly capture: Capture | Slices | null;
  /** since which offset a track delivers nothing */
  private readonly lost = new Map<Track["kind"], number>();
  /** pieces that came before the opening could be made */
  private readonly early: Piece[] = [];
  /** where the last piece ends; null before the first one of film or sound */
  private end: number | null = null;
  /** when the page was out of sight; milliseconds since the opening */
  private readonly unseen: { from: number; to: number }[] = [];
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

  // --- capture's reports ---

  begun(media: string, kind: "film" | "sound"): void {
    this.open(kind, media);
  }

  piece(piece: Piece): void {
    if (this.closed) return;
    if (this.kind === null) {
      this.early.push(piece);
      return;
    }
    const { data, offset, duration } = piece;
    const initialization = duration === 0 && this.end === null;
    if (!initialization) this.stateSilence(offset);
    const { slot } = this;
    this.ports.send({ do: "segment", slot, data, time: this.timeAt(offset), offset, duration }, [
      data.buffer as ArrayBuffer,
    ]);
    if (initialization) return;
    this.end = offset + duration;
    this.recorded += duration;
    this.markRunning();
    this.ports.changed();
  }

  /** A short one is the device's; over a second the sound that goes on lies over it: muted. */
  hole(offset: number, duration: number): void {
    if (this.kind === null || this.lost.size > 0) return; // not open yet, or said otherwise
    this.stateGap(offset, duration, duration > 1000 ? "muted" : "device");
  }

  flowing(kind: Track["kind"], flows: boolean, at: number): void {
    if (flows) this.stateMuted(kind);
    else this.lost.set(kind, Math.max(0, Math.round(at - this.openedAt)));
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
    for (const piece of this.early.splice(0)) this.piece(piece);
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

  /** One track was silent while the other went on: said when it ends. */
  private stateMuted(kind: Track["kind"]): void {
    const since = this.lost.get(kind);
    this.lost.delete(kind);
    // Where both were silent no piece came, and the gap between pieces says it.
    if (since !== undefined && this.end !== null) this.stateGap(since, this.end - since, "muted");
  }

  /** What was recorded ends where the last piece ends; a longer silence before the end is a gap. */
  private sendClosing(stopped: number, reason: ClosingReason): void {
    if (this.closed) return;
    for (const kind of [...this.lost.keys()]) this.stateMuted(kind);
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
    if (duration > SILENCE) this.stateGap(this.end, duration, this.whySilent(this.end, until));
  }

  private stateGap(offset: number, duration: number, reason: GapReason): void {
    if (duration <= 0 || this.closed) return;
    if (duration > 1000) this.missing += duration;
    this.ports.send({ do: "gap", slot: this.slot, time: this.timeAt(offset), offset, duration, reason });
  }

  private whySilent(from: number, to: number): GapReason {
    if (this.unseen.some((one) => one.from < to && one.to > from)) return "hidden";
    const tracks = this.stream?.getTracks() ?? [];
    if (tracks.some(({ readyState }) => readyState === "ended")) return "device";
    return tracks.some(({ muted }) => muted) ? "muted" : "unknown";
  }

  private now(): number {
    return Math.round(performance.now() - this.openedAt);
  }

  /** The device's clock at an offset: read once, so that it does not fall when it is set back. */
  private timeAt(offset: number): number {
    return Math.round(this.openedTime + offset);
  }
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
