/**
 * A briefing: this attorney speaks to several callers who wait, each over a connection of their own, by
 * sound alone and one way. Phones send none, so that nobody hears another caller; whatever came all the
 * same would be played nowhere. To whom, the server says (docs/live.md).
 */

import type { CallPorts } from "../call";
import { ConsoleCall } from "../call-console";
import type { Listener, Signal } from "../live-contracts";
import { Store } from "../store";

export interface BriefingView {
  /** to how many; 0: there is no briefing */
  to: number;
  /** how many of them are connected */
  heard: number;
}

export interface BriefingOptions {
  ways: CallPorts["ways"];
  now(): number;
  send(encounter: string, signal: Signal): boolean;
  sign(text: string): string;
  /** own microphone, opened for it */
  sound(): Promise<MediaStreamTrack[]>;
  /** nobody is spoken to any more */
  over(): void;
}

export class Briefing {
  readonly view = new Store<BriefingView>({ to: 0, heard: 0 });
  readonly #options: BriefingOptions;
  readonly #connections = new Map<string, ConsoleCall>();

  constructor(options: BriefingOptions) {
    this.#options = options;
  }

  /** To whom this console speaks, as the server tells it; saying it twice is harmless. */
  told(listeners: readonly Listener[]): void {
    const spoke = this.#connections.size > 0;
    const named = new Set(listeners.map(({ encounter }) => encounter));
    for (const [encounter, connection] of [...this.#connections]) {
      if (named.has(encounter)) continue;
      this.#connections.delete(encounter);
      connection.close();
    }
    for (const { encounter, here } of listeners) {
      this.#connections.get(encounter)?.callerHere(here);
      if (!this.#connections.has(encounter)) this.#begin(encounter);
    }
    this.#count();
    if (spoke && listeners.length === 0) this.#options.over();
  }

  /** Takes a signal of somebody who is spoken to; false where it is not one. */
  hear(signal: Signal & { encounter: string }): boolean {
    const connection = this.#connections.get(signal.encounter);
    if (signal.seat !== "caller" || connection === undefined) return false;
    connection.hear(signal);
    return true;
  }

  /** The socket is back: what was lost with it is said again. */
  nudge(): void {
    for (const connection of this.#connections.values()) connection.nudge();
  }

  close(): void {
    this.told([]);
  }

  #begin(encounter: string): void {
    const { ways, now, send, sign, sound } = this.#options;
    const connection: ConsoleCall = new ConsoleCall({
      ports: { ways, now, send: (signal) => send(encounter, signal) },
      sign,
      head: () => undefined,
      bye: () => connection.call.drop(),
      sound: true,
    });
    this.#connections.set(encounter, connection);
    connection.call.view.watch(() => this.#count());
    void sound().then((tracks) => {
      connection.bring(tracks);
      if (!connection.call.over) connection.rejoin(encounter);
    });
  }

  #count(): void {
    const calls = [...this.#connections.values()];
    const heard = calls.filter(({ call }) => call.view.value.phase === "connected").length;
    const { value } = this.view;
    if (value.to !== calls.length || value.heard !== heard) this.view.set({ to: calls.length, heard });
  }
}
