/**
 * What was accepted at this console, until the server says what became of it. One press is enough: what
 * was said into a network that is gone is said again once the server is back and still rings for it.
 *
 * Not here: rings, the call and its connection (`desk.ts`).
 */

import type { ConsoleCall } from "../call-console";
import type { DutyMessage, Ring } from "../live-contracts";

/** After so many ms nobody may sit at this console any more: it rings again instead. */
const STILL_MEANT = 20_000;

export interface AcceptingPorts {
  /** the connection that an answer uses; the same one until it is dropped */
  ready(): ConsoleCall;
  /** whether *console* is that connection still */
  uses(console: ConsoleCall): boolean;
  /** opens the microphone of somebody who is third in a call */
  open(): void;
  send(message: DutyMessage): boolean;
  /** a socket over a network that is gone looks open: the server has little time now to say anything */
  doubt(): void;
  /** closes the connection, whose offer may never have arrived */
  drop(): void;
}

/** `wait`: an answer is on its way; `ring`: nothing was accepted, or too long ago; `gone`: it rings no longer. */
export type Told = "wait" | "ring" | "gone";

export class Accepting {
  readonly #ports: AcceptingPorts;
  #accepted: { encounter: string; type: "answer" | "take" | "join"; at: number } | null = null;
  /** whether it arrived is not known: no socket was open, or it closed */
  #unsure = false;

  constructor(ports: AcceptingPorts) {
    this.#ports = ports;
  }

  /** The encounter that was accepted and that the server has not confirmed. */
  get encounter(): string | null {
    return this.#accepted?.encounter ?? null;
  }

  async begin(encounter: string, type: "answer" | "take" | "join"): Promise<void> {
    this.#accepted = { encounter, type, at: performance.now() };
    await this.#say();
  }

  /** The socket closed. */
  lost(): void {
    if (this.#accepted === null) return;
    this.#unsure = true;
    this.#ports.drop();
  }

  /** The server rings for *rings* and knows of no call; what is still meant is said again. */
  told(rings: readonly Ring[]): Told {
    const accepted = this.#accepted;
    if (accepted === null) return "ring";
    if (!rings.some(({ encounter }) => encounter === accepted.encounter)) return "gone";
    if (!this.#unsure) return "wait";
    if (performance.now() - accepted.at > STILL_MEANT) return "ring";
    void this.#say();
    return "wait";
  }

  /** It is confirmed, refused, or called off. */
  end(): void {
    this.#accepted = null;
  }

  async #say(): Promise<void> {
    const accepted = this.#accepted;
    if (accepted === null) return;
    const { encounter, type } = accepted;
    this.#unsure = false;
    if (type === "join") {
      this.#ports.open();
      return this.#sent(this.#ports.send({ type, encounter }));
    }
    const console = this.#ports.ready();
    const mine = (): boolean => this.#accepted === accepted && this.#ports.uses(console);
    try {
      const offer = await console.answer(encounter);
      if (!mine()) return;
      const sent = this.#ports.send({ type, encounter, ...offer });
      if (sent) console.sent();
      this.#sent(sent);
    } catch (error) {
      // A connection that was dropped meanwhile has nothing to offer.
      if (mine()) throw error;
    }
  }

  #sent(sent: boolean): void {
    if (sent) this.#ports.doubt();
    else this.lost();
  }
}
