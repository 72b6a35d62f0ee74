/**
 * The one line that all recordings of this phone share: one request in flight, the most urgent first.
 *
 *     0   openings, initializations, grants     nothing can follow without them
 *     1   statements                            a few hundred bytes that say what was recorded
 *     2   sound
 *     3   film                                  waits while the call needs the line
 *
 * It measures what requests reach. Not here: how a thing is sent and believed (uplink), what the
 * figures mean for the film (budget).
 */

import { Goodput, type Measured, POOR, limitOf } from "./budget";

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

  get measured(): Measured {
    return this.goodput.measured(this.wire.now());
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
      const step = this.mostUrgent(active);
      if (step) {
        await step.send();
        continue;
      }
      if (once && !active.some((one) => one.mayWait())) return;
      await this.pause(Math.min(...active.map((one) => one.untilSomething())));
    }
  }

  private mostUrgent(senders: readonly Sender[]) {
    let best: ReturnType<Sender["next"]> = null;
    for (const sender of senders) {
      const step = sender.next();
      if (step && (!best || step.rank < best.rank)) best = step;
    }
    return best;
  }
}
