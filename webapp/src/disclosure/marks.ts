/**
 * Stretches of time that somebody marked to be withheld, and the parts that this leaves out. A part is
 * shown whole or not at all: one that a stretch touches is withheld. Marks are in time of day, as the
 * phone's clock had it, so that film and sound of one encounter leave out the same. Pure.
 */

import type { Part } from "../opened";

/** A stretch, ms since 1970 by the phone's clock, and why: one line, as it stands in the package. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** What was marked, after each act; the last counts. */
export type Acts = readonly (readonly Mark[])[];

export const NOTHING: Acts = [[]];
export const marksOf = (acts: Acts): readonly Mark[] => acts.at(-1) ?? [];

/** Marks a stretch; the ends may come in either order. */
export const marked = (acts: Acts, mark: Mark): Acts => [...acts, inOrder([...marksOf(acts), mark])];

/** Puts another in the place of the mark at `at`. */
export const changed = (acts: Acts, at: number, mark: Mark): Acts => [...acts, inOrder(marksOf(acts).with(at, mark))];

export const removed = (acts: Acts, at: number): Acts => [...acts, marksOf(acts).toSpliced(at, 1)];

const inOrder = (marks: readonly Mark[]): readonly Mark[] =>
  marks
    .map(({ from, to, reason }) => ({ from: Math.min(from, to), to: Math.max(from, to), reason }))
    .sort((one, other) => one.from - other.from);

/** Takes the last act back; null where there is none. */
export function undone(acts: Acts): Acts | null {
  return acts.length > 1 ? acts.slice(0, -1) : null;
}

/** The reason by the number of each part that `marks` withhold, of a recording that began at `began`. */
export function withheldBy(marks: readonly Mark[], parts: readonly Part[], began: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const { number, offset, duration } of parts) {
    const [start, end] = [began + offset, began + offset + duration];
    // The beginning, which has no length, is what any player needs: it holds no picture and no sound.
    const mark = duration > 0 ? marks.find(({ from, to }) => from < end && start < to) : undefined;
    if (mark !== undefined) found.set(number, mark.reason);
  }
  return found;
}

/** A stretch that is left out, ms since the opening: as wide as the parts are. */
export interface LeftOut {
  readonly from: number;
  readonly to: number;
  readonly parts: number;
}

/** What is left out, in stretches. */
export function leftOut(withheld: ReadonlyMap<number, string>, parts: readonly Part[]): LeftOut[] {
  const found: LeftOut[] = [];
  let before = false;
  for (const { number, offset, duration } of parts) {
    const out = withheld.has(number);
    const last = found.at(-1);
    if (out && before && last !== undefined) {
      found[found.length - 1] = { from: last.from, to: Math.max(last.to, offset + duration), parts: last.parts + 1 };
    } else if (out) found.push({ from: offset, to: offset + duration, parts: 1 });
    before = out;
  }
  return found;
}
