/**
 * The two clocks of a capture. Media run by their own time, which begins with the first sample and
 * leaves out holes (where neither picture nor sound came); statements run by the milliseconds since
 * the opening, where a hole shows. Pure: every time comes in as a parameter.
 *
 * Without this the muxer would fill a hole with made-up silence, and the film would lie.
 */

import { STILL, type Stretch, type Track } from "./fragments";
import { Promptest } from "./promptest";
import type { Span } from "./spans";

/** Seconds without any sample that count as a hole. */
export const HOLE = 1;
/** After so many seconds silence is told, though it goes on: a crash must not hide it. */
export const LONG = 5;

/** Seconds by which two times of media may differ and be the same. */
const NEAR = 0.000_5;

interface Cut {
  /** raw seconds */
  readonly from: number;
  readonly to: number;
  /** seconds left out by this and all cuts before */
  readonly total: number;
}

export class Timeline {
  private readonly cuts: Cut[] = [];
  private readonly lastMedia = new Map<Track["kind"], number>();
  /** where the sound ended, or until when its silence was told; raw seconds */
  private heard: number | null = null;
  /** a silence that goes on was told in part */
  private partly = false;
  private readonly silences: Stretch[] = [];
  /** raw seconds; null before the first sample */
  private end: number | null = null;
  private readonly promptest = new Promptest();

  /** `opened` is the opening's instant; all instants are milliseconds by one monotonic clock. */
  constructor(private readonly opened: number) {}

  /**
   * Takes a sample that begins at `raw` seconds, lasts `duration` and came at the instant `now`;
   * returns the media time it gets.
   */
  take(kind: Track["kind"], raw: number, duration: number, now: number): number {
    this.promptest.hear(raw * 1000, now);
    const end = this.end ?? raw;
    if (kind === "sound") {
      this.silentUntil(raw, this.partly ? 0 : STILL);
      this.heard = Math.max(this.heard ?? raw, raw + duration);
      this.partly = false;
    }
    if (raw - end > HOLE) this.cuts.push({ from: end, to: raw, total: this.total + raw - end });
    this.end = Math.max(end, raw + duration);
    const least = this.lastMedia.get(kind) ?? 0;
    const media = Math.max(raw - this.leftOut(raw), least);
    this.lastMedia.set(kind, media + Math.max(duration, 0.000_1));
    return media;
  }

  /** Returns the milliseconds since the opening at which media time `seconds` was. */
  offset(seconds: number): number {
    let total = 0;
    for (const cut of this.cuts) if (cut.from - total <= seconds + NEAR) total = cut.total;
    return this.at(seconds + total);
  }

  /** As `offset`, for where something ends: a hole that begins there is not yet counted. */
  offsetOfEnd(seconds: number): number {
    let total = 0;
    for (const cut of this.cuts) if (cut.from - total < seconds - NEAR) total = cut.total;
    return this.at(seconds + total);
  }

  /** Returns media time `start` to `end` as it was, milliseconds since the opening: cut at each hole. */
  parts(start: number, end: number): Span[] {
    const points = this.cuts.map(({ from, to, total }) => from - (total - (to - from)));
    const within = points.filter((point) => point > start + NEAR && point < end - NEAR);
    const edges = [start, ...within, end];
    return edges.slice(1).map((to, at) => ({ from: this.offset(edges[at] ?? start), to: this.offsetOfEnd(to) }));
  }

  /** How often nothing came from either. */
  get holes(): number {
    return this.cuts.length;
  }

  /**
   * Returns when there was no sound although something was recorded, each stretch once: the encoder fills
   * it with silence. One that goes on is told after `LONG`; `all`: whatever goes on now.
   */
  takeSilences(all = false): Span[] {
    const patience = !all ? LONG : this.partly ? 0 : STILL;
    if (this.end !== null && this.silentUntil(this.end, patience)) this.partly = true;
    return this.silences.splice(0).flatMap(({ start, end }) => this.withoutCuts(start, end));
  }

  /** Notes that there was no sound until `raw`, if that is longer than `patience`. */
  private silentUntil(raw: number, patience: number): boolean {
    if (this.heard === null || raw - this.heard <= patience) return false;
    this.silences.push({ start: this.heard, end: raw });
    this.heard = raw;
    return true;
  }

  private withoutCuts(start: number, end: number): Span[] {
    const parts: Span[] = [];
    let from = start;
    for (const cut of this.cuts.filter((one) => one.to > start && one.from < end)) {
      if (cut.from > from) parts.push({ from: this.at(from), to: this.at(cut.from) });
      from = Math.max(from, cut.to);
    }
    if (end > from) parts.push({ from: this.at(from), to: this.at(end) });
    return parts;
  }

  private at(raw: number): number {
    return Math.max(0, Math.round(this.promptest.say(raw * 1000) - this.opened));
  }

  private get total(): number {
    return this.cuts.at(-1)?.total ?? 0;
  }

  private leftOut(raw: number): number {
    let total = 0;
    // A sample from within the hole, on the slower track, belongs to what follows it.
    for (const cut of this.cuts) if (raw > cut.from + 0.2) total = cut.total;
    return total;
  }
}
