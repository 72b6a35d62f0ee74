/**
 * Handing a case over, as the console does it that has it: keys are sealed to the colleague as soon as
 * they accept, and the case goes once that is done and, in a call, once they have sound and picture.
 * It follows from what the server tells; told twice, or after a reload, it goes on where it was.
 */

import type { CallView } from "../call";
import type { Call, Handover } from "../live-contracts";
import type { Attorney } from "../keys";
import { recipientOn, reseal } from "./resealing";

/** A recording that was just opened has no grant yet: so long it is asked for again. */
const GRANT_COMES = 10_000;
const AGAIN = 1_000;

export interface HandingOptions {
  attorney: Attorney;
  organizationKey: string;
  now(): number;
  /** seals what was written about the case to the colleague, too; rejects where it could not */
  notes(handover: Handover, recipient: string): Promise<void>;
  /** says that all is sealed; false where no socket is open */
  handed(handover: Handover): boolean;
  /** how it stands, for the page: null while nothing is wrong */
  trouble(what: "card" | "sealing" | null): void;
}

const nameOf = ({ card, encounter }: Handover): string => `${card} ${encounter}`;

export class HandingOver {
  readonly #options: HandingOptions;
  /** `<colleague's card> <recording>`: sealed already, or given up waiting for */
  readonly #sealed = new Set<string>();
  readonly #since = new Map<string, number>();
  /** `<colleague's card> <encounter>`, of those that are told: what was written went along, and that was said */
  #gone = new Set<string>();
  #told: readonly Handover[] = [];
  #working = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HandingOptions) {
    this.#options = options;
  }

  told(handovers: readonly Handover[]): void {
    this.#told = handovers;
    this.#gone = new Set(handovers.map(nameOf).filter((name) => this.#gone.has(name)));
    if (handovers.length === 0) this.#options.trouble(null);
    void this.#go();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#told = [];
  }

  async #go(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    clearTimeout(this.#timer);
    let again = false;
    try {
      // What was told while keys were being sealed counts as well.
      for (let told: readonly Handover[] | null = null; told !== this.#told; ) {
        told = this.#told;
        again = false;
        for (const one of told) if (one.stage !== "rung") again = !(await this.#step(one)) || again;
      }
    } finally {
      this.#working = false;
    }
    if (again) this.#timer = setTimeout(() => void this.#go(), AGAIN);
  }

  /** Returns whether nothing is left to do for now; what is called off meanwhile goes no further. */
  async #step(one: Handover): Promise<boolean> {
    const { organizationKey, now, notes, handed, trouble } = this.#options;
    const stands = (): boolean => this.#told.some((told) => nameOf(told) === nameOf(one));
    let recipient: string;
    try {
      recipient = recipientOn(one.card, organizationKey, now());
    } catch {
      trouble("card");
      return true;
    }
    try {
      const done = await Promise.all(one.recordings.map((recording) => this.#seal(recording, one.card, recipient)));
      if (!stands()) return true;
      if (done.includes(false)) return false;
      // Notes last of all: they are typed until the case goes.
      const goes = one.over || one.stage !== "beside";
      // Told once more before the server heard of it: by now the case, and what is in it, may be the colleague's.
      if (goes && !this.#gone.has(nameOf(one))) await notes(one, recipient);
      if (!stands()) return true;
      trouble(null);
      if (!goes) return true;
      const said = handed(one);
      if (said) this.#gone.add(nameOf(one));
      return said;
    } catch {
      if (!stands()) return true;
      trouble("sealing");
      return false;
    }
  }

  async #seal(recording: string, card: string, recipient: string): Promise<boolean> {
    const { attorney, now } = this.#options;
    const name = `${card} ${recording}`;
    if (this.#sealed.has(name)) return true;
    const since = this.#since.get(name) ?? now();
    this.#since.set(name, since);
    // What was opened after the colleague came is granted to them by the phone itself.
    const done = (await reseal(recording, attorney, recipient, now())) || now() - since > GRANT_COMES;
    if (done) this.#sealed.add(name);
    return done;
  }
}

/** How long a picture that may never come is waited for, once there is a connection. */
const PICTURE_COMES = 2_000;

/** The colleague's side: says once that sound and picture are there. A new socket is told again. */
export class Arriving {
  readonly #say: (encounter: string) => boolean;
  #encounter: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #said = false;

  constructor(say: (encounter: string) => boolean) {
    this.#say = say;
  }

  told(call: Call | null, talk: CallView | null, open: boolean): void {
    const encounter = call?.seat === "colleague" ? call.encounter : null;
    if (encounter !== this.#encounter || !open) this.#forget(encounter);
    if (encounter === null || talk?.phase !== "connected" || this.#said || !open) return;
    if (talk.picture && talk.voice) this.#tell();
    // A caller without a camera, or without both, is with them all the same.
    else this.#timer ??= setTimeout(() => this.#tell(), PICTURE_COMES);
  }

  #forget(encounter: string | null): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#encounter = encounter;
    this.#said = false;
  }

  #tell(): void {
    if (this.#encounter !== null) this.#said = this.#say(this.#encounter);
  }
}
