/**
 * The third seat as a console has it: the interpreter in an attorney's call, or the call in which the
 * person at this console interprets. What it does follows from the call as the server tells it.
 */

import type { CallPorts } from "../call";
import { writeReply } from "../call-notes";
import { Third } from "../call-third";
import type { Call, Seat, Signal } from "../live-contracts";
import type { Attorney } from "../keys";
import { Store } from "../store";
import { NOBODY, type ThirdView } from "../third-view";
import { Interpreting, type InterpretingView } from "./interpreting";

export interface ThirdSeatView {
  third: ThirdView;
  /** while this console interprets */
  interpreting: InterpretingView | null;
}

export interface ThirdSeatOptions {
  attorney: Attorney;
  organizationKey: string;
  ways: CallPorts["ways"];
  now(): number;
  send(encounter: string, seat: Seat, signal: Signal): boolean;
  /** own microphone, opened for the call */
  stream(): Promise<MediaStream | null>;
}

export class ThirdSeat {
  readonly view = new Store<ThirdSeatView>({ third: NOBODY, interpreting: null });
  readonly #options: ThirdSeatOptions;
  #third: { encounter: string; third: Third } | null = null;
  #interpreting: Interpreting | null = null;

  constructor(options: ThirdSeatOptions) {
    this.#options = options;
  }

  /** The call as the server tells it; null: there is none, or not any more. */
  told(call: Call | null): void {
    if (call?.encounter !== this.#third?.encounter || call?.seat !== "attorney") this.#endThird();
    if (call?.encounter !== this.#interpreting?.encounter || call?.seat !== "interpreter") this.#endInterpreting();
    if (call?.seat === "attorney") this.#beside(call.encounter).tell(call.third);
    if (call?.seat === "interpreter") this.#interpret(call.encounter).told(call);
  }

  /** Takes a signal from or for the third seat; false where it is not one. */
  hear(signal: Signal & { encounter: string }): boolean {
    if (signal.seat === undefined) return false;
    if (this.#interpreting?.encounter === signal.encounter) this.#interpreting.hear(signal);
    else if (signal.seat === "interpreter") this.#beside(signal.encounter).hear(signal);
    return true;
  }

  /** The socket is back: what was lost with it is said again. */
  nudge(): void {
    this.#third?.third.nudge();
    this.#interpreting?.nudge();
  }

  #beside(encounter: string): Third {
    if (this.#third?.encounter === encounter) return this.#third.third;
    this.#endThird();
    const { attorney, organizationKey, ways, now, send } = this.#options;
    const third: Third = new Third({
      encounter,
      organizationKey,
      ports: { ways, now, send: (signal) => send(encounter, "interpreter", signal) },
      sound: () => this.#sound(),
      sign: async (answered) => ({
        note: attorney.sign(writeReply({ encounter, serial: attorney.serial, ...answered })),
      }),
    });
    this.#third = { encounter, third };
    third.view.watch((view) => this.#third?.third === third && this.view.merge({ third: view }));
    return third;
  }

  #interpret(encounter: string): Interpreting {
    if (this.#interpreting !== null) return this.#interpreting;
    const { attorney, organizationKey, ways, now, send } = this.#options;
    const interpreting = new Interpreting(encounter, {
      organizationKey,
      ways,
      now,
      send: (seat, signal) => send(encounter, seat, signal),
      sign: (text) => attorney.sign(text),
      sound: () => this.#sound(),
    });
    this.#interpreting = interpreting;
    const show = (view: InterpretingView): void => {
      if (this.#interpreting === interpreting) this.view.merge({ interpreting: view });
    };
    interpreting.view.watch(show);
    show(interpreting.view.value);
    return interpreting;
  }

  async #sound(): Promise<MediaStreamTrack[]> {
    return (await this.#options.stream())?.getAudioTracks() ?? [];
  }

  #endThird(): void {
    this.#third?.third.end();
    this.#third = null;
    this.view.merge({ third: NOBODY });
  }

  #endInterpreting(): void {
    this.#interpreting?.close();
    this.#interpreting = null;
    this.view.merge({ interpreting: null });
  }
}
