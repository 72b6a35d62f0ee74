/**
 * When samples were, by the clock of the page. A sample comes late by as much as the page is busy, and
 * never before it was: the promptest so far tells best. What was placed already stays where it is, though,
 * and what follows keeps nine tenths of its length until it has caught up: otherwise a hole would come to
 * lie where another one is stated already, and never be stated itself. Pure; times are milliseconds.
 */

const KEPT = 0.9;

/** What began at `from` or later was `late` after its own time, or where `KEPT` lets it be after `at`. */
interface Stretch {
  readonly from: number;
  readonly at: number;
  late: number;
}

export class Promptest {
  private readonly first: Stretch = { from: Number.NEGATIVE_INFINITY, at: Number.NEGATIVE_INFINITY, late: Number.POSITIVE_INFINITY };
  private readonly stretches: Stretch[] = [this.first];
  /** until when, by the samples' own time, it was said when they were */
  private said = Number.NEGATIVE_INFINITY;

  /** A sample that began at `own` by its own time came at the instant `now`. */
  hear(own: number, now: number): void {
    const last = this.stretches.at(-1) ?? this.first;
    const late = now - own;
    if (late >= last.late) return;
    if (this.said <= last.from) last.late = late;
    else this.stretches.push({ from: this.said, at: this.at(this.said), late });
  }

  /** Returns the instant of a sample's own time. From now on it is always this one. */
  say(own: number): number {
    this.said = Math.max(this.said, own);
    return this.at(own);
  }

  private at(own: number): number {
    const { from, at, late } = this.stretches.findLast((one) => one.from <= own) ?? this.first;
    return Math.max(own + late, Number.isFinite(from) ? at + KEPT * (own - from) : own + late);
  }
}
