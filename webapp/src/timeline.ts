/**
 * The two clocks of a capture. Media run by their own time, which begins with the first sample and
 * leaves out holes (where neither picture nor sound came); statements run by the milliseconds since
 * the opening, where a hole shows. Pure: every time comes in as a parameter.
 *
 * Without this the muxer would fill a hole with made-up silence, and the film would lie.
 */

import type { Track } from "./fragments";

/** Seconds without any sample that count as a hole. */
export const HOLE = 1;

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
  /** raw seconds; null before the first sample */
  private end: number | null = null;
  private anchor = Number.POSITIVE_INFINITY;

  /** `opened` is the opening's instant; all instants are milliseconds by one monotonic clock. */
  constructor(private readonly opened: number) {}

  /**
   * Takes a sample that begins at `raw` seconds, lasts `duration` and came at the instant `now`;
   * returns the media time it gets.
   */
  take(kind: Track["kind"], raw: number, duration: number, now: number): number {
    // A sample cannot come before it was: the earliest of all estimates is the best one.
    this.anchor = Math.min(this.anchor, now - raw * 1000);
    const end = this.end ?? raw;
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
    for (const cut of this.cuts) if (cut.from - total <= seconds + 0.000_5) total = cut.total;
    return Math.max(0, Math.round(this.anchor + (seconds + total) * 1000 - this.opened));
  }

  /** As `offset`, for where something ends: a hole that begins there is not yet counted. */
  offsetOfEnd(seconds: number): number {
    let total = 0;
    for (const cut of this.cuts) if (cut.from - total < seconds - 0.000_5) total = cut.total;
    return Math.max(0, Math.round(this.anchor + (seconds + total) * 1000 - this.opened));
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
