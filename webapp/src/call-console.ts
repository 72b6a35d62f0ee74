/**
 * The console's end of the call: it offers, signs each offer with the attorney's key, takes an answer
 * only from the key of a recording of the same encounter, and makes a new connection with a new signed
 * offer when one has failed. A connection is gathered while it still rings (`prepare`), so that
 * answering costs one message.
 */

import { Call, type CallPorts } from "./call";
import { CallRefused, OFFER_LIFE, acceptAnswer, fingerprintOf, writeOffer } from "./call-notes";
import type { Head, Signal } from "./contracts";
import type { Peer } from "./peer";

const UNANSWERED = 12_000;
const STALE = 60_000;

export interface ConsoleOptions {
  ports: CallPorts;
  /** signs with the card's key */
  sign(text: string): string;
  head(head: Head): void;
  bye(): void;
}

export interface SignedOffer {
  note: string;
  description: RTCSessionDescriptionInit;
}

export class ConsoleCall {
  readonly call: Call;
  /** which recording's key answered, once one did */
  recording: string | null = null;
  readonly #options: ConsoleOptions;
  #tracks: readonly MediaStreamTrack[] = [];
  #prepared: { peer: Peer; at: number } | null = null;
  #preparing: Promise<void> | null = null;
  #encounter: string | null = null;
  #offered: string | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  #callerHere = true;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.call = new Call(false, options.ports, {
      head: options.head,
      bye: options.bye,
      phase: (phase) => {
        if (phase === "connected") clearTimeout(this.#again);
        if (phase === "failed") this.#reconnect(0);
      },
    });
  }

  get encounter(): string | null {
    return this.#encounter;
  }

  /** Own camera and microphone, whichever there are; a call that has none yet takes them late. */
  bring(tracks: readonly MediaStreamTrack[]): void {
    this.#tracks = tracks;
    for (const track of tracks) this.call.peer?.add(track);
    for (const track of tracks) this.#prepared?.peer.add(track);
  }

  /** Gathers ahead of the answer; what was gathered more than 60 s ago is gathered again. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#gather().finally(() => (this.#preparing = null));
    return this.#preparing;
  }

  /** The first offer, to be sent with `answer`; call `sent` once it is on its way. */
  async answer(encounter: string): Promise<SignedOffer> {
    this.#encounter = encounter;
    await this.prepare();
    const peer = this.#prepared?.peer ?? (await this.#fresh());
    this.#prepared = null;
    return this.#sign(peer);
  }

  sent(): void {
    this.call.peer?.release();
    this.#reconnect(UNANSWERED);
  }

  /** Goes on with a call that an earlier life of this page answered. */
  rejoin(encounter: string): void {
    this.#encounter = encounter;
    this.#reconnect(0);
  }

  hear(signal: Signal): void {
    const { note, opening, description } = signal;
    if (note === undefined || opening === undefined || !description) {
      this.call.inTurn(async () => this.call.peer?.hear(signal));
      return;
    }
    const now = this.#options.ports.now();
    this.call.inTurn(() => this.#answered(note, opening, description, now));
  }

  /** The phone came or went; when it comes back without a connection, it gets a new offer. */
  callerHere(here: boolean): void {
    const back = here && !this.#callerHere;
    this.#callerHere = here;
    if (back) this.nudge();
  }

  nudge(): void {
    const { phase } = this.call.view.value;
    if (phase === "interrupted") this.call.peer?.nudge();
    if (phase === "joining" || phase === "failed") this.#reconnect(0);
  }

  async end(): Promise<void> {
    clearTimeout(this.#again);
    await this.call.end();
  }

  close(): void {
    clearTimeout(this.#again);
    this.#prepared?.peer.close();
    this.#prepared = null;
    this.call.finish();
  }

  async #gather(): Promise<void> {
    const now = this.#options.ports.now();
    if (this.#prepared && now - this.#prepared.at < STALE) return;
    const peer = await this.#fresh();
    if (this.call.over) return peer.close();
    this.#prepared?.peer.close();
    this.#prepared = { peer, at: now };
  }

  async #fresh(): Promise<Peer> {
    const peer = await this.call.connect();
    await peer.firstOffer(this.#tracks);
    return peer;
  }

  #sign(peer: Peer): SignedOffer {
    const { ports, sign } = this.#options;
    this.call.use(peer);
    const { description } = peer;
    this.#offered = sign(
      writeOffer({
        encounter: this.#encounter ?? "",
        fingerprint: fingerprintOf(description),
        expires: ports.now() + OFFER_LIFE,
      }),
    );
    return { note: this.#offered, description };
  }

  async #answered(
    note: string,
    opening: string,
    description: RTCSessionDescriptionInit,
    now: number,
  ): Promise<void> {
    const { peer } = this.call;
    if (!peer || this.#offered === null || this.#encounter === null) return;
    try {
      const expected = { encounter: this.#encounter, now };
      const found = acceptAnswer(this.#offered, opening, note, description, expected);
      this.#offered = null;
      this.recording = found.recording;
      await peer.complete(description, found.fingerprint);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.call.refuse(error);
    }
  }

  /** A new connection with a new signed offer, after *wait* ms without one; again until it holds. */
  #reconnect(wait: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#renew(), wait);
  }

  async #renew(): Promise<void> {
    if (this.call.over || this.call.peer?.connected) return;
    if (this.#callerHere) {
      const peer = await this.#fresh();
      if (this.call.over) return peer.close();
      const signed = this.#sign(peer);
      if (this.#options.ports.send(signed)) peer.release();
    }
    this.#reconnect(UNANSWERED);
  }
}
