/**
 * Offsets and clocks: what falls, what overlaps, what nobody states. Twin of the second half of
 * src/accompany/evidence/verify_chain.py. A statement may name any number up to 2^53, and sums go
 * beyond: they are counted in bigint. Pure.
 */

import type { Closing, Following, Gap, SegmentStatement } from "../evidence/statements";
import type { Chain } from "./chain";
import type { Findings } from "./findings";
import { statementPath } from "./layout";

/** Milliseconds by which a device's clock may be set back between two statements. */
const CLOCK_FALL = 2000;
/** Milliseconds by which a gap may overlap film; `muted` and `private` ones may entirely. */
const GAP_OVERLAP = 1000n;
/** Milliseconds without film or sound that no gap need state, and by which segments may overlap. */
const SILENCE = 100n;

type Span = readonly [bigint, bigint];
const spanOf = ({ offset, duration }: { offset: number; duration: number }): Span => [
  BigInt(offset),
  BigInt(offset) + BigInt(duration),
];
const larger = (one: bigint, other: bigint) => (one > other ? one : other);
const smaller = (one: bigint, other: bigint) => (one < other ? one : other);

function alongside(item: Following): boolean {
  return item.form === "gap" && (item.reason === "muted" || item.reason === "private");
}

/**
 * Looks at offsets and clocks. Gaps that run alongside film are stated when they end, so theirs may
 * lie before what was stated already.
 */
export function checkTimes(chain: Chain, findings: Findings): void {
  const ordered = chain.following.filter((item) => !alongside(item));
  checkFalling(chain, ordered, findings);
  const film = ordered.filter((item): item is SegmentStatement => item.form === "segment" && item.number > 1);
  const gaps = chain.following.filter((item): item is Gap => item.form === "gap");
  checkGapsOverFilm(film, gaps, findings);
  if (chain.opening !== null && chain.opening.kind !== "notes") checkBetween(film, gaps, chain.closing, findings);
}

function checkFalling(chain: Chain, ordered: readonly Following[], findings: Findings): void {
  let offset = 0n;
  let time = chain.opening?.time ?? null;
  for (const item of ordered) {
    const path = statementPath(item.number);
    // A gap is noticed late: what was filmed before it may have been stated already.
    const back = item.form === "gap" ? GAP_OVERLAP : 0n;
    if (BigInt(item.offset) + back < offset) {
      findings.add("offset-falls", path, `an offset of at least ${offset - back} ms`, `${item.offset} ms`);
    }
    if (time !== null && time - item.time > CLOCK_FALL) {
      findings.add("time-falls", path, "", "", { number: item.number, milliseconds: time - item.time });
    }
    offset = larger(offset, BigInt(item.offset));
    time = item.time;
  }
}

function checkGapsOverFilm(film: readonly SegmentStatement[], gaps: readonly Gap[], findings: Findings): void {
  const filmed = new Spans(film.map(spanOf));
  for (const gap of gaps) {
    const shared = filmed.covered(...spanOf(gap));
    if (shared > GAP_OVERLAP && !alongside(gap)) {
      const found = `${shared} ms from offset ${gap.offset}`;
      findings.add("gap-over-film", statementPath(gap.number), `at most ${GAP_OVERLAP} ms`, found);
    }
  }
}

/** Looks at the end of each segment and the next offset, be it a segment's or the closing's. */
function checkBetween(
  film: readonly SegmentStatement[],
  gaps: readonly Gap[],
  closing: Closing | null,
  findings: Findings,
): void {
  const stated = new Spans(gaps.map(spanOf));
  let end = 0n;
  for (const [at, item] of film.entries()) {
    const following = film[at + 1] ?? closing;
    if (following === null) return;
    end = larger(end, spanOf(item)[1]);
    const next = BigInt(following.offset);
    const overlap = end - next;
    const overlapping = overlap > SILENCE && following.form === "segment";
    const number = overlapping ? following.number : item.number;
    const path = statementPath(number);
    if (overlapping) findings.add("segments-overlap", path, "", "", { number, milliseconds: overlap });
    const silence = stated.longestHole(end, next);
    if (silence > SILENCE) findings.add("silence", path, "", "", { number, milliseconds: silence });
  }
}

/** Stretches of time, joined where they touch; milliseconds. */
class Spans {
  private readonly spans: [bigint, bigint][] = [];

  constructor(spans: readonly Span[]) {
    const compare = (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0);
    for (const [start, end] of [...spans].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))) {
      const before = this.spans.at(-1);
      if (before !== undefined && start <= before[1]) before[1] = larger(before[1], end);
      else this.spans.push([start, end]);
    }
  }

  private *within(start: bigint, end: bigint): Generator<Span> {
    let [low, high] = [0, this.spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.spans[middle] as Span)[0] > start) high = middle;
      else low = middle + 1;
    }
    for (const span of this.spans.slice(Math.max(0, low - 1))) {
      if (span[0] >= end) return;
      yield span;
    }
  }

  /** How much of `start` to `end` the spans cover. */
  covered(start: bigint, end: bigint): bigint {
    let sum = 0n;
    for (const [begin, stop] of this.within(start, end)) {
      sum += larger(0n, smaller(end, stop) - larger(start, begin));
    }
    return sum;
  }

  /** The longest stretch from `start` to `end` that no span covers. */
  longestHole(start: bigint, end: bigint): bigint {
    let [longest, at] = [0n, start];
    for (const [begin, stop] of this.within(start, end)) {
      longest = larger(longest, begin - at);
      at = larger(at, stop);
    }
    return larger(longest, end - at);
  }
}
