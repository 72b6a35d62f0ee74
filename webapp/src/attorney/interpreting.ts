/**
 * An interpreter's side of a call: two connections by sound alone, with the caller and, once one has
 * answered, with the attorney. The interpreter offers to both, signed with the key of their card; the
 * caller's answer is checked by the recording's key, the attorney's by their card.
 */

import type { CallPorts, CallView } from "../call";
import { ConsoleCall, type Answering } from "../call-console";
import { CallRefused, acceptCard, acceptReply } from "../call-notes";
import type { Call, Seat, Seated, Signal } from "../live-contracts";
import type { Card } from "../evidence/cards";
import { Store } from "../store";

export interface InterpretingView {
  caller: CallView | null;
  /** null: no attorney has answered yet */
  attorney: { card: Card; call: CallView } | null;
  /** the card that the server named is no attorney's */
  refused: boolean;
}

export interface InterpretingOptions {
  organizationKey: string;
  ways: CallPorts["ways"];
  now(): number;
  send(seat: Seat, signal: Signal): boolean;
  sign(text: string): string;
  sound(): Promise<MediaStreamTrack[]>;
}

export class Interpreting {
  readonly view = new Store<InterpretingView>({ caller: null, attorney: null, refused: false });
  readonly encounter: string;
  readonly #options: InterpretingOptions;
  readonly #caller: ConsoleCall;
  #attorney: ConsoleCall | null = null;
  #card: string | null = null;

  constructor(encounter: string, options: InterpretingOptions) {
    this.encounter = encounter;
    this.#options = options;
    this.#caller = this.#offering("caller");
    this.#caller.call.view.watch((caller) => this.view.merge({ caller }));
    this.#begin(this.#caller);
  }

  /** What the server says of the call; saying it twice is harmless. */
  told({ caller_here, attorney }: Call): void {
    this.#caller.callerHere(caller_here);
    if ((attorney?.card ?? null) !== this.#card) this.#meet(attorney);
    else this.#attorney?.callerHere(attorney?.here === true);
  }

  hear(signal: Signal): void {
    if (signal.seat === "caller") this.#caller.hear(signal);
    else if (signal.seat === "attorney") this.#attorney?.hear(signal);
  }

  nudge(): void {
    this.#caller.nudge();
    this.#attorney?.nudge();
  }

  close(): void {
    this.#caller.close();
    this.#attorney?.close();
    this.#attorney = null;
  }

  #meet(seated: Seated | null): void {
    this.#attorney?.close();
    this.#attorney = null;
    this.#card = seated?.card ?? null;
    this.view.merge({ attorney: null, refused: false });
    if (this.#card === null) return;
    try {
      const card = acceptCard(this.#card, this.#options.organizationKey, this.#options.now());
      const connection = this.#offering("attorney", (offered, { note, description }, expected) =>
        acceptReply(offered, card, note, description, expected),
      );
      this.#attorney = connection;
      const show = (call: CallView): void => {
        if (this.#attorney === connection) this.view.merge({ attorney: { card, call } });
      };
      connection.call.view.watch(show);
      show(connection.call.view.value);
      this.#begin(connection);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.view.merge({ refused: true });
    }
  }

  #offering(
    seat: Seat,
    accept?: (offered: string, answer: Answering, expected: { encounter: string; now: number }) => string,
  ): ConsoleCall {
    const { ways, now, send, sign } = this.#options;
    const connection: ConsoleCall = new ConsoleCall({
      ports: { ways, now, send: (signal) => send(seat, signal) },
      sign,
      head: () => undefined,
      // Whoever says goodbye has left the call: the server says so as well.
      bye: () => connection.call.drop(),
      sound: true,
      ...(accept ? { accept } : {}),
    });
    return connection;
  }

  #begin(connection: ConsoleCall): void {
    void this.#options.sound().then((tracks) => {
      connection.bring(tracks);
      if (!connection.call.over) connection.rejoin(this.encounter);
    });
  }
}
