/**
 * The console's end of the call: it offers, signs each offer with the attorney's key, takes an answer
 * only from the key of a recording of the same encounter, and makes a new connection with a new signed
 * offer when one has failed. A connection is gathered while it still rings (`prepare`), so that
 * answering costs one message.
 */

import { Call, type CallPorts } from "./call";
import {
  CallRefused,
  OFFER_LIFE,
  acceptAhead,
  acceptAnswer,
  fingerprintOf,
  noteDigest,
  writeOffer,
  writeReply,
  type Expected,
} from "./call-notes";
import type { Head } from "./contracts";
import type { Ahead, Signal } from "./live-contracts";
import type { Peer } from "./peer";

const UNANSWERED = 12_000;
/** How long the phone has to take up what was prepared for its own offer, before it is offered anew. */
const NOT_TAKEN_UP = 4000;
const STALE = 60_000;
/** How long somebody who is back has for the connection that was: a page that was reloaded has none. */
const SAME_PAGE = 2500;

export interface ConsoleOptions {
  ports: CallPorts;
  /** the card's, of an attorney: only an attorney replies to what a phone offers ahead */
  serial?: string;
  /** signs with the card's key */
  sign(text: string): string;
  head(head: Head): void;
  bye(): void;
  /** of an interpreter: sound alone */
  sound?: boolean;
  /** checks what answers the offer note; where it is not said, as a phone answers */
  accept?(offered: string, answer: Answering, expected: Expected): string;
}

/** What comes back for an offer: a phone's has its opening beside it. */
export interface Answering {
  note: string;
  opening: string | undefined;
  description: RTCSessionDescriptionInit;
}

/** An answer that was prepared for what a phone offers ahead. */
interface Prepared {
  encounter: string;
  offered: Ahead;
  recording: string;
  peer: Peer;
  /** the reply, signed while it rings: an accept waits for no signature */
  note: string;
  at: number;
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
  /** what the phone offered ahead, and the connection that answers it */
  #ahead: Prepared | null = null;
  #wait = UNANSWERED;
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
        if (phase === "connected") this.#connected();
        if (phase === "failed") this.#reconnect(0);
      },
    }, options.sound);
  }

  get encounter(): string | null {
    return this.#encounter;
  }

  /** Own camera and microphone, whichever there are; a call that has none yet takes them late. */
  bring(tracks: readonly MediaStreamTrack[]): void {
    this.#tracks = tracks;
    for (const track of tracks) this.call.peer?.add(track);
    for (const track of tracks) this.#prepared?.peer.add(track);
    for (const track of tracks) this.#ahead?.peer.add(track);
  }

  /** Prepares for a ring: an answer to what the phone offers ahead, or an own offer. */
  async ready(encounter: string, offered: Ahead | null): Promise<void> {
    if (offered !== null && this.#options.serial !== undefined) this.call.inTurn(() => this.#meet(encounter, offered));
    await this.prepare();
  }

  /** Gathers ahead of the answer; what was gathered more than 60 s ago is gathered again. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#gather().finally(() => (this.#preparing = null));
    return this.#preparing;
  }

  /** What is sent with `answer`, an own offer or a reply; call `sent` once it is on its way. */
  async answer(encounter: string): Promise<SignedOffer> {
    this.#encounter = encounter;
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead?.encounter === encounter) return this.#reply(ahead);
    ahead?.peer.close();
    await this.prepare();
    const peer = this.#prepared?.peer ?? (await this.#fresh());
    this.#prepared = null;
    return this.#sign(peer);
  }

  sent(): void {
    this.call.peer?.release();
    this.#reconnect(this.#wait);
  }

  /** Goes on with a call that an earlier life of this page answered. */
  rejoin(encounter: string): void {
    this.#encounter = encounter;
    this.#reconnect(0);
  }

  hear(signal: Signal): void {
    const { note, opening, description } = signal;
    if (note === undefined || !description) {
      this.call.inTurn(async () => this.call.peer?.hear(signal));
      return;
    }
    const now = this.#options.ports.now();
    this.call.inTurn(() => this.#answered({ note, opening, description }, now));
  }

  /** The phone came or went; when it comes back without a connection, it gets a new offer. */
  callerHere(here: boolean): void {
    const back = here && !this.#callerHere;
    this.#callerHere = here;
    if (!back) return;
    this.nudge();
    const { phase } = this.call.view.value;
    if (phase === "connected" || phase === "interrupted") this.#reconnect(SAME_PAGE);
  }

  nudge(): void {
    const { phase } = this.call.view.value;
    const { peer } = this.call;
    if (phase === "interrupted" || (phase === "connected" && !peer?.well)) peer?.nudge();
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
    this.#ahead?.peer.close();
    this.#ahead = null;
    this.call.finish();
  }

  /** Answers the phone's offer for itself; where it does not hold, the own offer is sent as ever. */
  async #meet(encounter: string, offered: Ahead): Promise<void> {
    const known = this.#ahead;
    if (this.call.over || this.call.peer || known?.offered.note === offered.note) return;
    try {
      const found = acceptAhead(offered, { encounter, now: this.#options.ports.now() });
      const same = known?.encounter === encounter && known.offered.description.sdp === offered.description.sdp;
      const peer = same ? known.peer : await this.call.connect();
      if (!same) await peer.answer(offered.description, found.fingerprint, this.#tracks);
      if (this.call.over || this.call.peer) return peer.close();
      if (!same) this.#ahead?.peer.close();
      const at = this.#options.ports.now();
      const note = this.#signReply(encounter, offered, peer, at);
      this.#ahead = { encounter, offered, recording: found.recording, peer, note, at };
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
    }
  }

  #reply({ encounter, offered, recording, peer, note, at }: Prepared): SignedOffer {
    const now = this.#options.ports.now();
    this.call.use(peer);
    this.recording = recording;
    this.#wait = NOT_TAKEN_UP;
    const fresh = now - at < OFFER_LIFE / 2 ? note : this.#signReply(encounter, offered, peer, now);
    return { note: fresh, description: peer.description };
  }

  #signReply(encounter: string, offered: Ahead, peer: Peer, now: number): string {
    const { sign, serial = "" } = this.#options;
    const fingerprint = fingerprintOf(peer.description);
    const expires = now + OFFER_LIFE;
    return sign(writeReply({ encounter, serial, fingerprint, offer: noteDigest(offered.note), expires }));
  }

  #connected(): void {
    clearTimeout(this.#again);
    this.#wait = UNANSWERED;
    this.#prepared?.peer.close();
    this.#prepared = null;
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

  async #answered(answer: Answering, now: number): Promise<void> {
    const { peer } = this.call;
    if (!peer || this.#offered === null || this.#encounter === null) return;
    try {
      const expected = { encounter: this.#encounter, now };
      const accept = this.#options.accept ?? this.#phone;
      const fingerprint = accept(this.#offered, answer, expected);
      this.#offered = null;
      await peer.complete(answer.description, fingerprint);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.call.refuse(error);
    }
  }

  readonly #phone = (offered: string, { note, opening, description }: Answering, expected: Expected): string => {
    const found = acceptAnswer(offered, opening ?? "", note, description, expected);
    this.recording = found.recording;
    return found.fingerprint;
  };

  /** A new connection with a new signed offer, after *wait* ms without one; again until it holds. */
  #reconnect(wait: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#renew(), wait);
  }

  async #renew(): Promise<void> {
    if (this.call.over || this.call.peer?.well) return;
    if (this.#callerHere) {
      const peer = await this.#fresh();
      if (this.call.over) return peer.close();
      const signed = this.#sign(peer);
      if (this.#options.ports.send(signed)) peer.release();
    }
    this.#reconnect(UNANSWERED);
  }
}
