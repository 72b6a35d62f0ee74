/** Stretches of time in whole milliseconds: what is covered already, and what is not. Pure. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export class Spans {
  private spans: readonly Span[] = [];

  add({ from, to }: Span): void {
    if (to <= from) return;
    const apart = this.spans.filter((one) => one.to < from || one.from > to);
    const joined = this.spans.filter((one) => !apart.includes(one));
    const least = Math.min(from, ...joined.map((one) => one.from));
    const most = Math.max(to, ...joined.map((one) => one.to));
    this.spans = [...apart, { from: least, to: most }].sort((one, other) => one.from - other.from);
  }

  get total(): number {
    return this.spans.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** What of a stretch is not covered, in order. */
  missingOf({ from, to }: Span): Span[] {
    const missing: Span[] = [];
    let at = from;
    for (const one of this.spans) {
      if (one.to <= at || one.from >= to) continue;
      if (one.from > at) missing.push({ from: at, to: one.from });
      at = Math.max(at, one.to);
    }
    if (to > at) missing.push({ from: at, to });
    return missing;
  }
}
