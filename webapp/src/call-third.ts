/**
 * The third in a call, as caller and attorney have it: an interpreter, or a responder for support, by
 * sound alone; and for a caller who waits, an attorney who speaks to many. The third offers; here an offer is taken only from a card of this organization without a license, and answered
 * at once. Nothing but sound is sent or taken: no picture, no heads, no chat.
 *
 * Not here: the interpreter's own side (`attorney/interpreting.ts`), who is rung (docs/live.md).
 */

import { Call, type CallPorts } from "./call";
import { CallRefused, OFFER_LIFE, acceptOffer, acceptThird, fingerprintOf, noteDigest } from "./call-notes";
import type { Seated, Signal } from "./live-contracts";
import type { Card } from "./evidence/cards";
import { Store } from "./store";
import { NOBODY, type ThirdView } from "./third-view";

/** What an answer's note is made of. */
export interface Answered {
  fingerprint: string;
  /** hex SHA-256 of the offer's signed note */
  offer: string;
  expires: number;
}

export interface ThirdOptions {
  encounter: string;
  /** vkey of the pinned organization's key */
  organizationKey: string;
  /** checks whose card it is; where it is not said, one without a license */
  accept?: typeof acceptThird;
  ports: CallPorts;
  /** own sound as it is now; whoever gives it also stops it */
  sound(): Promise<MediaStreamTrack[]>;
  /** signs the answer as this side does: with the recording's key, or with the card's */
  sign(answered: Answered): Promise<{ note: string; opening?: string }>;
}

/** Signals that come before the card they are judged by. */
const EARLY = 100;

export class Third {
  readonly view = new Store<ThirdView>(NOBODY);
  readonly #options: ThirdOptions;
  #note: string | null = null;
  #call: Call | null = null;
  #early: Signal[] = [];
  #newest: string | null = null;

  constructor(options: ThirdOptions) {
    this.#options = options;
  }

  /** What the server says of the third now; saying it twice is harmless. */
  tell(seated: Seated | null): void {
    const note = seated?.card ?? null;
    if (note !== this.#note) this.#meet(note);
    this.view.merge({
      rung: seated !== null && note === null,
      here: seated?.here === true,
      support: seated?.support === true,
    });
  }

  hear(signal: Signal): void {
    const { card } = this.view.value;
    if (card === null) {
      this.#early = [...this.#early, signal].slice(-EARLY);
      return;
    }
    const { note, description } = signal;
    const call = this.#call;
    if (note === undefined || !description) {
      call?.inTurn(async () => call.peer?.hear(signal));
      return;
    }
    this.#newest = note;
    const heard = this.#options.ports.now();
    call?.inTurn(() => this.#offered(call, card, note, description, heard));
  }

  /** Own sound changed: a microphone that came back, or came late. */
  async renew(): Promise<void> {
    const peer = this.#call?.peer;
    if (!peer) return;
    for (const track of await this.#options.sound()) peer.replace(track);
  }

  nudge(): void {
    const peer = this.#call?.peer;
    if (peer && !peer.well) peer.nudge();
  }

  end(): void {
    this.#meet(null);
    this.view.merge({ rung: false, here: false });
  }

  /** Somebody came, or somebody else, or nobody is there any more. */
  #meet(note: string | null): void {
    this.#note = note;
    this.#newest = null;
    this.#call?.finish();
    this.#call = null;
    this.view.merge({ card: null, call: null, refused: false });
    if (note === null) return void (this.#early = []);
    const { organizationKey, ports, accept = acceptThird } = this.#options;
    try {
      const card = accept(note, organizationKey, ports.now());
      const call: Call = new Call(true, ports, { bye: () => call.drop() }, true);
      call.view.watch((view) => this.#call === call && this.view.merge({ call: view }));
      this.#call = call;
      this.view.merge({ card, call: call.view.value });
      for (const signal of this.#early.splice(0)) this.hear(signal);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.view.merge({ refused: true });
    }
  }

  async #offered(call: Call, card: Card, note: string, offer: RTCSessionDescriptionInit, now: number): Promise<void> {
    try {
      await this.#answer(call, card, note, offer, now);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      call.refuse(error);
    }
  }

  async #answer(call: Call, card: Card, note: string, offer: RTCSessionDescriptionInit, now: number): Promise<void> {
    const { encounter, ports, sign } = this.#options;
    const fingerprint = acceptOffer(card, note, offer, { encounter, now });
    const tracks = await this.#options.sound();
    if (note !== this.#newest || this.#call !== call) return;
    const peer = await call.connect();
    if (this.#call !== call) return peer.close();
    call.use(peer);
    const description = await peer.answer(offer, fingerprint, tracks);
    const signed = await sign({
      fingerprint: fingerprintOf(description),
      offer: noteDigest(note),
      expires: ports.now() + OFFER_LIFE,
    });
    ports.send({ ...signed, description });
    peer.release();
  }
}
