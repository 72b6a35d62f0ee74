/**
 * A recording along its time: where there is film and where not, and which part is playing at a moment
 * of the player. Media run without the holes, statements with them. Pure. Not here: drawing it.
 */

import type { Part } from "../opened";
import type { FindingSaid } from "../verify/messages";
import type { Moment } from "../verify/report";

export interface Playing {
  readonly number: number;
  /** ms since the opening at which the part begins */
  readonly offset: number;
  /** seconds of the player at which it begins and ends */
  readonly from: number;
  readonly to: number;
  /** ms from its end, by the phone's statement, to the server's receipt; null without one */
  readonly delay: number | null;
  /** a finding about it says that something fails */
  readonly fails: boolean;
}

/** The parts that the player plays, in their order. */
export function playingOf(moments: readonly Moment[], findings: readonly FindingSaid[]): Playing[] {
  const failing = new Set(
    findings.filter(({ verdict }) => verdict === "fails").flatMap(({ file }) => numberIn(file)),
  );
  const found: Playing[] = [];
  let at = 0;
  for (const { form, number, offset, duration, bytes, ended, received } of moments) {
    if (form !== "segment" || duration === 0 || bytes === "awaited") continue;
    const delay = received === null ? null : Math.max(0, received - ended);
    found.push({ number, offset, from: at / 1000, to: (at + duration) / 1000, delay, fails: failing.has(number) });
    at += duration;
  }
  return found;
}

function numberIn(path: string): number[] {
  const [, number] = /^data\/(?:segments|statements|receipts|proofs)\/([0-9]{6,})\./.exec(path) ?? [];
  return number === undefined ? [] : [Number(number)];
}

/** The same for parts of which nothing but their time is known. */
export function playingParts(parts: readonly Part[]): Playing[] {
  let at = 0;
  return parts.flatMap(({ number, offset, duration, here }) => {
    if (!here || duration === 0) return [];
    const [from, to] = [at / 1000, (at + duration) / 1000];
    at += duration;
    return [{ number, offset, from, to, delay: null, fails: false }];
  });
}

/** Milliseconds since the opening of what the player shows at `seconds`. */
export function offsetAt(parts: readonly Playing[], seconds: number): number {
  const part = partAt(parts, seconds);
  if (part === null) return 0;
  return part.offset + 1000 * Math.min(part.to - part.from, Math.max(0, seconds - part.from));
}

/** The part that plays at `seconds`; the last one at the end. */
export function partAt(parts: readonly Playing[], seconds: number): Playing | null {
  return parts.find(({ to }) => seconds < to) ?? parts.at(-1) ?? null;
}

/** Where the player has to go to show what was at `offset`, or what came next. */
export function secondsAt(parts: readonly Playing[], offset: number): number {
  const part = parts.findLast((one) => one.offset <= offset) ?? parts[0];
  if (part === undefined) return 0;
  return Math.min(part.to, part.from + Math.max(0, offset - part.offset) / 1000);
}
