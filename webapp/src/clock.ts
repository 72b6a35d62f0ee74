/**
 * The service's clock, as far as this page has heard it. What a phone states goes by it: a clock that
 * is wrong in a way of its own would be known again in every recording of its owner. Before anything
 * was heard, and without a line, it is the phone's own.
 */

let ahead = 0;

/** Takes the `time` of an answer that was asked for at `asked`, milliseconds by this phone's clock. */
export function hearTime(time: string, asked: number): void {
  const told = Date.parse(time);
  if (Number.isFinite(told)) ahead = Math.round(told - (asked + Date.now()) / 2);
}

/** Milliseconds since 1970 UTC. */
export const now = (): number => Date.now() + ahead;
