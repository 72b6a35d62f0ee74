/**
 * The one line that all recordings of this phone share: one request in flight, the most urgent first.
 *
 *     0   openings, initializations, grants     nothing can follow without them
 *     1   statements                            a few hundred bytes that say what was recorded
 *     2   sound
 *     3   film                                  waits while the call needs the line
 *
 * On a poor line all that is sound goes with 0, and all that is film with 1 or 3: sound carries its own
 * statements, and a film's hundreds would stand before it. Among equals it is the turn of who waited longest.
 *
 * It measures what requests reach. Not here: how a thing is sent and believed (uplink), what the
 * figures mean for the film (budget).
 */

import { Goodput, LIMITING, type Measured, POOR, limitOf } from "./budget";

export type Rank = 0 | 1 | 2 | 3;

export interface Wire {
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** milliseconds by a monotonic clock */
  now(): number;
  /** resolves after that many milliseconds, or at once when `signal` aborts */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** 0 ≤ x < 1 */
  random(): number;
}

/** One queue that wants to send. */
export interface Sender {
  readonly stopped: boolean;
  /** the most urgent thing that may go now */
  next(): { readonly rank: Rank; send(): Promise<void> } | null;
  /** milliseconds until something may go that may not go now */
  untilSomething(): number;
  /** whether waiting for that makes sense to somebody who only clears up */
  mayWait(): boolean;
}

export class Line {
  readonly goodput = new Goodput();
  /** film waits: the call's round trip has risen */
  held = false;
  private readonly senders: Sender[] = [];
  private waking = new AbortController();
  private running: Promise<void> | null = null;

  constructor(private readonly wire: Wire) {}

  /** While film waits for the call, the line is what limits, however seldom anything is sent. */
  get measured(): Measured {
    const measured = this.goodput.measured(this.wire.now());
    return this.held ? { ...measured, busy: Math.max(measured.busy, LIMITING) } : measured;
  }

  /** So little gets through that what is said goes before what is shown. */
  get poor(): boolean {
    const limit = limitOf(this.measured);
    return limit !== null && limit < POOR;
  }

  add(sender: Sender): void {
    this.senders.push(sender);
  }

  /** Something was added, or the network came back: try now. */
  nudge(): void {
    this.waking.abort();
  }

  hold(held: boolean): void {
    const released = this.held && !held;
    this.held = held;
    if (released) this.nudge();
  }

  /** Sends until every sender stopped; with `once`, until nothing is left or nothing can go for now. */
  run(once = false): Promise<void> {
    this.running ??= this.loop(once).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  async pause(milliseconds: number): Promise<void> {
    await this.wire.sleep(milliseconds, this.waking.signal);
    if (this.waking.signal.aborted) this.waking = new AbortController();
  }

  private async loop(once: boolean): Promise<void> {
    for (;;) {
      const active = this.senders.filter(({ stopped }) => !stopped);
      if (active.length === 0) return;
      const urgent = this.mostUrgent(active);
      if (urgent) {
        this.senders.push(...this.senders.splice(this.senders.indexOf(urgent.sender), 1));
        await urgent.step.send();
        continue;
      }
      if (once && !active.some((one) => one.mayWait())) return;
      await this.pause(Math.min(...active.map((one) => one.untilSomething())));
    }
  }

  private mostUrgent(senders: readonly Sender[]) {
    let best: { sender: Sender; step: NonNullable<ReturnType<Sender["next"]>> } | null = null;
    for (const sender of senders) {
      const step = sender.next();
      if (step && (!best || step.rank < best.step.rank)) best = { sender, step };
    }
    return best;
  }
}
