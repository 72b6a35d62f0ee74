/**
 * When a fragment of a film or of sound was, and what is missing in it. Every stretch without samples
 * comes out once, in whatever order samples, fragments and looks came: either no piece lies over it,
 * or it is reported as a hole. Pure: every time comes in as a parameter.
 */

import { type Run, STILL, type Track } from "./fragments";
import type { Span } from "./spans";
import { LONG, Timeline } from "./timeline";

const FRAME = 1 / 30;
/** Seconds by which the sound of a fragment may go beyond its pictures and count as theirs. */
const BESIDE = 0.1;

/** Milliseconds since the opening. */
export interface Placed {
  readonly offset: number;
  readonly duration: number;
}

export class Placing {
  private readonly timeline: Timeline;
  /** where the last piece ends */
  private end = 0;
  /** until where pictures were seen, or their absence was told; seconds of the media's own time */
  private seen: number | null = null;
  private mediaEnd = 0;
  /** the absence of pictures was told in part */
  private partly = false;

  /** `opened` is the opening's instant; all instants are milliseconds by one monotonic clock. */
  constructor(opened: number) {
    this.timeline = new Timeline(opened);
  }

  /** As `Timeline.take`; `cut`: neither picture nor sound came for long before this sample. */
  take(kind: Track["kind"], raw: number, duration: number, now: number): { media: number; cut: boolean } {
    const before = this.timeline.holes;
    const media = this.timeline.take(kind, raw, duration, now);
    return { media, cut: this.timeline.holes > before };
  }

  /**
   * Places a fragment and returns the holes that became known with it. A fragment with something from
   * before a hole and something from after it counts to the side that has more: no piece lies over a hole.
   */
  place(runs: readonly Run[]): Placed & { holes: Span[] } {
    const { start, end } = spanOf(runs);
    const parts = this.timeline.parts(start, end);
    const longest = parts.reduce((one, other) => (other.to - other.from > one.to - one.from ? other : one));
    const offset = Math.max(longest.from, this.end);
    this.end = Math.max(longest.to, offset);
    this.mediaEnd = Math.max(this.mediaEnd, end);
    const pictures = runs.find(({ kind }) => kind === "video");
    const unseen = pictures ? this.look(pictures) : this.unseenFor(LONG);
    const holes = [...unseen, ...this.timeline.takeSilences()].sort((one, other) => one.from - other.from);
    return { offset, duration: this.end - offset, holes };
  }

  /** Returns the holes that go on now. */
  open(): Span[] {
    return [...this.unseenFor(this.partly ? 0 : STILL), ...this.timeline.takeSilences(true)];
  }

  private look(pictures: Run): Span[] {
    const holes = [...pictures.holes];
    const before = this.seen ?? pictures.start;
    if (pictures.start - before > (this.partly ? 0 : STILL)) holes.unshift({ start: before, end: pictures.start });
    this.partly = false;
    this.seen = pictures.last;
    return holes.flatMap(({ start, end }) => this.timeline.parts(start, end));
  }

  private unseenFor(seconds: number): Span[] {
    const from = this.seen;
    if (from === null || this.mediaEnd - from <= seconds) return [];
    this.seen = this.mediaEnd;
    this.partly = true;
    return this.timeline.parts(from, this.mediaEnd);
  }
}

/** When a fragment was: by its pictures, which follow each other exactly, and by sound that goes beyond. */
function spanOf(runs: readonly Run[]): { start: number; end: number } {
  const run = runs.find(({ kind }) => kind === "video") ?? runs[0];
  if (!run) return { start: 0, end: 0 };
  // The muxer leaves the last sample of all without a length.
  const end = run.kind === "video" ? Math.max(run.end, run.last + FRAME) : run.end;
  const sound = runs.find(({ kind }) => kind === "sound") ?? run;
  return {
    start: run.start - sound.start > BESIDE ? sound.start : run.start,
    end: sound.end - end > BESIDE ? sound.end : end,
  };
}

/** What the tracks themselves say of being muted: such a track may go on with black or silent samples. */
export class Mutes {
  private readonly since = new Map<Track["kind"], number>();
  private looked = new Map<Track["kind"], number>();

  constructor(private readonly opened: number) {}

  /** Takes what a look at `now` found; returns for how long the track was muted once that is over, or long. */
  look(kind: Track["kind"], muted: boolean, now: number): Span | null {
    const before = this.looked.get(kind) ?? this.opened;
    this.looked.set(kind, now);
    // It may have begun, and ended, right after the look before.
    if (muted && !this.since.has(kind)) this.since.set(kind, before);
    const since = this.since.get(kind);
    if (since === undefined || (muted && now - since <= LONG * 1000)) return null;
    if (muted) this.since.set(kind, now);
    else this.since.delete(kind);
    return this.span(since, now);
  }

  /** Returns what goes on now. */
  open(now: number): Span[] {
    const open = [...this.since].map(([kind, since]) => ({ kind, span: this.span(since, now) }));
    for (const { kind } of open) this.since.set(kind, now);
    return open.map(({ span }) => span);
  }

  private span(from: number, to: number): Span {
    return { from: Math.max(0, Math.round(from - this.opened)), to: Math.max(0, Math.round(to - this.opened)) };
  }
}
