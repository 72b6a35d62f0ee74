/**
 * A colleague who takes the call over, as the phone has it: a second connection beside the first, so
 * that nobody is gone before somebody is there. What it does follows from the standing.
 *
 * Not here: the connections (`call-phone.ts`, which comes with the kit), who may take over (live.md).
 */

import type { PhoneCall } from "../call-phone";
import type { Signal, ToCaller } from "../live-contracts";
import type { Card } from "../evidence/cards";
import { Store } from "../store";

type Standing = Extract<ToCaller, { type: "standing" }>;

/** Sends to the seat `colleague` until the call is theirs. */
export type MakePhone = (seated: () => Pick<Signal, "seat">) => PhoneCall;

interface Coming {
  readonly note: string;
  readonly phone: PhoneCall;
  seat: Pick<Signal, "seat">;
}

export class Succession {
  /** who comes, once their card was found valid */
  readonly coming = new Store<Card | null>(null);
  readonly #make: MakePhone;
  #next: Coming | null = null;
  #refused: string | null = null;

  constructor(make: MakePhone) {
    this.#make = make;
  }

  /** What the server says; returns the colleague's connection once the call is theirs. */
  tell({ colleague, card }: Standing): PhoneCall | null {
    const note = colleague?.card ?? null;
    const next = this.#next;
    let successor: PhoneCall | null = null;
    if (next !== null && note !== next.note) {
      this.#next = null;
      this.coming.set(null);
      if (card === next.note) {
        next.seat = {};
        successor = next.phone;
      } else next.phone.leave();
    }
    if (note !== null && this.#next === null && note !== this.#refused) this.#meet(note);
    return successor;
  }

  hear(signal: Signal): void {
    this.#next?.phone.hear(signal);
  }

  nudge(): void {
    this.#next?.phone.nudge();
  }

  end(): void {
    this.#next?.phone.leave();
    this.#next = null;
    this.coming.set(null);
  }

  #meet(note: string): void {
    const coming: Coming = { note, phone: this.#make(() => coming.seat), seat: { seat: "colleague" } };
    try {
      const card = coming.phone.meet(note);
      this.#next = coming;
      this.coming.set(card);
    } catch {
      // No card of this organization, or none of a lawyer: they are not let in.
      this.#refused = note;
      coming.phone.leave();
    }
  }
}
