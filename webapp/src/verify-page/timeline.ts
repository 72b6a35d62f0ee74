/**
 * The picture of a recording, as numbers: where there is film and where not, how late each part
 * arrived, and when it was stamped. Seven thousand segments become the few stretches that an eye
 * can tell apart. Pure. Not here: drawing it (picture).
 */

import type { Facts, Moment } from "../verify/report";

/** Milliseconds between two segments that nobody sees. */
const TOUCHING = 100;
/** Columns in which arrivals are counted together. */
const COLUMNS = 240;

/** A stretch of time, ms since the opening by the device's clock. */
export interface Stretch {
  readonly kind: "film" | "awaited" | "withheld" | "gap";
  readonly start: number;
  readonly end: number;
  readonly segments: number;
  /** why there is a gap, or why it is withheld */
  readonly reason: string;
}

/** The arrivals of one column: when by the server's clock, and the longest delay, ms. */
export interface Arrival {
  readonly start: number;
  readonly end: number;
  readonly received: number;
  readonly delay: number;
  readonly count: number;
}

export interface StampAt {
  readonly name: string;
  readonly time: number;
  /** where it lies in the picture; null: before or after all that is drawn */
  readonly at: number | null;
}

export interface Timeline {
  /** ms from the left edge to the right */
  readonly length: number;
  readonly stretches: readonly Stretch[];
  readonly arrivals: readonly Arrival[];
  readonly longest: number;
  readonly stamps: readonly StampAt[];
}

/** Returns the picture of `facts`, or null where nothing has a length. */
export function timelineOf(facts: Facts): Timeline | null {
  const stretches = stretchesOf(facts.moments);
  const length = stretches.reduce((end, one) => Math.max(end, one.end), 0);
  if (facts.began === null || length === 0) return null;
  const began = facts.began;
  const arrivals = arrivalsOf(facts.moments, length, began);
  return {
    length,
    stretches,
    arrivals,
    longest: arrivals.reduce((most, { delay }) => Math.max(most, delay), 0),
    stamps: facts.stamps.map(({ name, time }) => {
      const at = time - began;
      return { name, time, at: at >= 0 && at <= length ? at : null };
    }),
  };
}

function stretchesOf(moments: readonly Moment[]): Stretch[] {
  const found: Stretch[] = [];
  for (const one of moments) {
    if ((one.form !== "segment" && one.form !== "gap") || (one.form === "segment" && one.duration === 0)) continue;
    const kind = kindOf(one);
    const reason = kind === "withheld" ? one.withheld : one.reason;
    const [start, end] = [one.offset, one.offset + one.duration];
    const before = found.findLast((each) => each.kind === kind && (kind === "gap" || each.reason === reason));
    if (kind !== "gap" && before && before === lastOf(found) && start - before.end <= TOUCHING) {
      found[found.lastIndexOf(before)] = { ...before, end: Math.max(before.end, end), segments: before.segments + 1 };
    } else {
      found.push({ kind, start, end, segments: kind === "gap" ? 0 : 1, reason });
    }
  }
  return found;
}

/** What has not arrived is listed as withheld, too, and is the first of both. */
function kindOf({ form, bytes, withheld }: Moment): Stretch["kind"] {
  if (form === "gap") return "gap";
  if (bytes === "awaited") return "awaited";
  return withheld === "" ? "film" : "withheld";
}

/** The last stretch that is no gap alongside the film. */
function lastOf(found: readonly Stretch[]): Stretch | undefined {
  return found.findLast(({ kind, reason }) => kind !== "gap" || (reason !== "muted" && reason !== "private"));
}

function arrivalsOf(moments: readonly Moment[], length: number, began: number): Arrival[] {
  const columns = new Map<number, Arrival>();
  for (const { form, offset, duration, ended, received } of moments) {
    if (form !== "segment" || received === null) continue;
    const column = Math.min(COLUMNS - 1, Math.floor((offset / length) * COLUMNS));
    const before = columns.get(column);
    // Clocks differ: what seems to arrive before it ended has no delay that can be drawn.
    const delay = Math.max(0, received - ended, before?.delay ?? 0);
    columns.set(column, {
      start: before?.start ?? offset,
      end: Math.max(before?.end ?? 0, offset + duration),
      received: Math.max(before?.received ?? 0, received - began),
      delay,
      count: (before?.count ?? 0) + 1,
    });
  }
  return [...columns.values()];
}
