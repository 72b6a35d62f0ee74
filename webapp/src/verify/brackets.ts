/**
 * The bracket of time that stamps give each statement: twin of the second half of
 * src/accompany/evidence/verify_stamps.py. A statement was made after every token that stands in the
 * log before the checkpoint its opening names, and before every stamp over a checkpoint that covers
 * it. Pure.
 */

/** When a text was stamped, ms since 1970 UTC; `earliest` and `latest` bound the moment. */
export interface Stamp {
  readonly time: number;
  readonly earliest: number;
  readonly latest: number;
}

/** A stamp that holds: its name, the size it covers, its token's leaf, and when it was. */
export interface Believed {
  readonly name: string;
  readonly size: number;
  readonly index: number;
  readonly stamp: Stamp;
}

/** A time, and the stamp that shows it. */
export interface Shown {
  readonly time: number;
  readonly stamp: string;
}

/** Of one statement: its leaf, the device's start and end, and the receipt's time if known. */
export interface Told {
  readonly number: number;
  readonly index: number | null;
  readonly began: number;
  readonly ended: number;
  readonly received: number | null;
}

/** Statements `first` to `last` stood in the log by `notAfter`; null: no stamp says. */
export interface Bracket {
  readonly first: number;
  readonly last: number;
  readonly notAfter: number | null;
  readonly by: string;
  readonly began: number;
  readonly ended: number;
  /** from the device's end of a statement to the server's receipt, least and most, by two clocks */
  readonly delays: readonly [number, number] | null;
}

/** The first of those for which `key` is least; earlier ones win. */
function least<T>(items: readonly T[], key: (item: T) => readonly [number, number]): T | null {
  let best: T | null = null;
  for (const item of items) {
    const [now, held] = [key(item), best === null ? null : key(best)];
    if (held === null || now[0] < held[0] || (now[0] === held[0] && now[1] < held[1])) best = item;
  }
  return best;
}

/** The latest token among the log's first `after` entries: whoever names that tree is later. */
export function notBefore(believed: readonly Believed[], after: number | null): Shown | null {
  const known = believed.filter(({ index }) => after !== null && index < after);
  const best = least(known, ({ stamp, size }) => [-stamp.earliest, -size]);
  return best && { time: best.stamp.earliest, stamp: best.name };
}

/** The earliest stamp over a tree that holds leaf `index`. */
export function notAfter(believed: readonly Believed[], index: number | null): Shown | null {
  const known = believed.filter(({ size }) => index !== null && size > index);
  const best = least(known, ({ stamp, size }) => [stamp.latest, size]);
  return best && { time: best.stamp.latest, stamp: best.name };
}

/** The bracket of every statement; neighbours with the same one stand together. */
export function bracketsOf(believed: readonly Believed[], told: readonly Told[]): Bracket[] {
  const groups: { end: Shown | null; members: Told[] }[] = [];
  for (const one of told) {
    const end = notAfter(believed, one.index);
    const group = groups.at(-1);
    if (group !== undefined && group.end?.time === end?.time && group.end?.stamp === end?.stamp) group.members.push(one);
    else groups.push({ end, members: [one] });
  }
  return groups.map(({ end, members }) => {
    const delays = members.flatMap(({ received, ended }) => (received === null ? [] : [received - ended]));
    return {
      first: members[0]?.number ?? 0,
      last: members.at(-1)?.number ?? 0,
      notAfter: end?.time ?? null,
      by: end?.stamp ?? "",
      began: least(members, ({ began }) => [began, 0])?.began ?? 0,
      ended: least(members, ({ ended }) => [-ended, 0])?.ended ?? 0,
      delays: delays.length > 0 ? [delays.reduce((a, b) => Math.min(a, b)), delays.reduce((a, b) => Math.max(a, b))] : null,
    };
  });
}
