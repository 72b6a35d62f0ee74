/**
 * The phone's end of the call: it takes offers only from an attorney whose card the organization's key
 * signed, answers at once with a note by the recording's key, and is the polite side afterwards.
 * A camera that is refused still leaves voice, both refused still leave the chat.
 */

import { Call, type CallPorts } from "./call";
import { CallRefused, OFFER_LIFE, acceptCard, acceptOffer, fingerprintOf, noteDigest, writeAnswer } from "./call-notes";
import type { Recorder, Signal } from "./contracts";
import type { Card } from "./evidence/cards";
import type { Peer } from "./peer";

/** How often the recorder is told how long the call's way there and back is. */
const ROUND_TRIP = 1000;
/** How long a first answer waits for camera and microphone before it goes without them. */
const WITHOUT_MEDIA = 1000;

export interface PhoneOptions {
  recorder: Recorder;
  /** vkey of the pinned organization's key */
  organizationKey: string;
  ports: CallPorts;
  bye(): void;
}

export class PhoneCall {
  readonly call: Call;
  readonly #options: PhoneOptions;
  readonly #clones: MediaStreamTrack[] = [];
  readonly #endings: (() => void)[] = [];
  #card: Card | null = null;
  #newest: string | null = null;

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.call = new Call(true, options.ports, { bye: options.bye });
    const { recorder } = options;
    const timer = setInterval(() => void this.#tellRoundTrip(), ROUND_TRIP);
    this.#endings.push(
      () => clearInterval(timer),
      recorder.onHead((head) => this.call.tellHead(head)),
      recorder.onStream((stream) => this.#replace(stream)),
    );
  }

  /** The attorney's card, once one was found valid. */
  get card(): Card | null {
    return this.#card;
  }

  /** Checks the card that came with `answered`; throws CallRefused. Same card again: no work. */
  meet(card: string): Card {
    this.#card = acceptCard(card, this.#options.organizationKey, this.#options.ports.now());
    return this.#card;
  }

  hear(signal: Signal): void {
    const { note, description } = signal;
    if (note === undefined || !description) {
      this.call.inTurn(async () => this.call.peer?.hear(signal));
      return;
    }
    this.#newest = note;
    const heard = this.#options.ports.now();
    this.call.inTurn(() => this.#offered(note, description, heard));
  }

  /** The socket or the attorney is back: what was lost with it is said again. */
  nudge(): void {
    if (this.call.peer && !this.call.peer.connected) this.call.peer.nudge();
  }

  async end(): Promise<void> {
    for (const track of this.#clones.splice(0)) track.stop();
    await this.call.end();
    for (const end of this.#endings.splice(0)) end();
    this.#options.recorder.hearCall(null);
  }

  async #tellRoundTrip(): Promise<void> {
    const found = await this.call.peer?.roundTrip().catch(() => null);
    this.#options.recorder.hearCall(found ?? null);
  }

  #replace(stream: MediaStream): void {
    for (const track of this.#clone(stream)) this.call.peer?.replace(track);
  }

  async #offered(note: string, offer: RTCSessionDescriptionInit, now: number): Promise<void> {
    if (this.call.over) return;
    try {
      await this.#answer(note, offer, now);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.call.refuse(error);
    }
  }

  async #answer(note: string, offer: RTCSessionDescriptionInit, now: number): Promise<void> {
    const { recorder, ports } = this.#options;
    const { encounter } = recorder;
    if (!this.#card) throw new CallRefused("card");
    const fingerprint = acceptOffer(this.#card, note, offer, { encounter, now });
    const { recording, opening } = await recorder.opened;
    const tracks = await this.#tracks();
    // While camera and microphone were asked for, a newer offer may have come: only that one counts.
    if (note !== this.#newest || this.call.over) return;

    const peer = await this.call.connect();
    this.call.use(peer);
    const description = await peer.answer(offer, fingerprint, tracks);
    const text = writeAnswer({
      encounter,
      recording,
      fingerprint: fingerprintOf(description),
      offer: noteDigest(note),
      expires: ports.now() + OFFER_LIFE,
    });
    const signed = await recorder.signAnswer(text);
    ports.send({ note: signed, opening, description });
    peer.release();
    if (tracks.length === 0) this.#addLate(peer);
  }

  async #tracks(): Promise<MediaStreamTrack[]> {
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), WITHOUT_MEDIA));
    return this.#clone(await Promise.race([this.#options.recorder.stream, late]));
  }

  #clone(stream: MediaStream | null): MediaStreamTrack[] {
    for (const track of this.#clones.splice(0)) track.stop();
    this.#clones.push(...(stream?.getTracks() ?? []).map((track) => track.clone()));
    return [...this.#clones];
  }

  #addLate(peer: Peer): void {
    void this.#options.recorder.stream.then((stream) => {
      if (stream === null || this.call.peer !== peer) return;
      for (const track of this.#clone(stream)) peer.add(track);
    });
  }
}
