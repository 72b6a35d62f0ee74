/**
 * The phone's end of the call: it takes offers only from an attorney whose card the organization's key
 * signed, answers at once with a note by the recording's key, and is the polite side afterwards.
 * A camera that is refused still leaves voice, both refused still leave the chat.
 */

import { Call, type CallPorts } from "./call";
import { PhoneAhead } from "./call-ahead";
import { CallRefused, OFFER_LIFE, acceptCard, acceptOffer, fingerprintOf, noteDigest, writeAnswer } from "./call-notes";
import { makeCertificate } from "./certificate";
import type { Recorder } from "./contracts";
import type { Signal } from "./live-contracts";
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
  /** for the next connection; each has its own */
  #certificate = makeCertificate();
  #answered: () => void = () => undefined;
  /** resolves once an offer was answered, or a reply brought picture or voice: until then nothing else should keep
   * the processor busy */
  readonly answered = new Promise<void>((resolve) => (this.#answered = resolve));
  #card: Card | null = null;
  #newest: string | null = null;
  #ahead: PhoneAhead | null = null;

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.call = new Call(true, options.ports, { bye: options.bye });
    const { recorder } = options;
    const timer = setInterval(() => void this.#tellRoundTrip(), ROUND_TRIP);
    this.#endings.push(
      () => clearInterval(timer),
      recorder.onHead((head) => this.call.tellHead(head)),
      recorder.onStream((stream) => this.#replace(stream)),
      recorder.watch(() => this.#limit()),
      this.call.chat.entries.watch((entries) => recorder.keepChat(entries)),
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

  /** Offers a connection to whoever will answer, while it rings. */
  offerAhead(): void {
    if (this.#ahead !== null || this.call.over) return;
    const { recorder, ports } = this.#options;
    const certificate = this.#certificate;
    this.#certificate = makeCertificate();
    const tracks = (): Promise<MediaStreamTrack[]> => this.#tracks();
    this.#ahead = new PhoneAhead({ recorder, ports, call: this.call, certificate, tracks });
    // Whatever keeps it from being offered: the console offers as ever.
    this.#ahead.begin().catch(() => this.#ahead?.drop());
  }

  hear(signal: Signal): void {
    const { note, description } = signal;
    if (note === undefined || !description) {
      this.call.inTurn(async () => this.call.peer?.hear(signal));
      return;
    }
    if (description.type === "answer") {
      const now = this.#options.ports.now();
      this.call.inTurn(() => this.#offered(() => this.#taken(note, description, now)));
      return;
    }
    this.#newest = note;
    const heard = this.#options.ports.now();
    this.call.inTurn(() => this.#offered(() => this.#answer(note, description, heard)));
  }

  /** The socket is new: what it was told before may be forgotten. */
  again(): void {
    this.#ahead?.again();
    this.nudge();
  }

  /** The socket or the attorney is back: what was lost with it is said again. */
  nudge(): void {
    if (this.call.peer && !this.call.peer.well) this.call.peer.nudge();
  }

  /** Somebody else has the call now: gone without a goodbye, which would end it. */
  leave(): void {
    for (const track of this.#clones.splice(0)) track.stop();
    this.#ahead?.drop();
    this.call.finish();
    for (const end of this.#endings.splice(0)) end();
  }

  async end(): Promise<void> {
    this.#ahead?.drop();
    for (const track of this.#clones.splice(0)) track.stop();
    await this.call.end();
    for (const end of this.#endings.splice(0)) end();
    this.#options.recorder.hearCall(null);
  }

  async #tellRoundTrip(): Promise<void> {
    const found = await this.call.peer?.roundTrip().catch(() => null);
    // Told after the call, it would hold up the film for ever: nothing takes it back.
    if (!this.call.over) this.#options.recorder.hearCall(found ?? null);
  }

  /** The call's picture is the last to get anything of the line, its voice the first. */
  #limit(): void {
    const { callPicture, callVoice } = this.#options.recorder.state;
    this.call.peer?.limit(callPicture, callVoice);
    this.call.tellState({ type: "pictureless", on: callPicture === 0 });
  }

  #replace(stream: MediaStream): void {
    for (const track of this.#clone(stream)) (this.call.peer ?? this.#ahead)?.replace(track);
  }

  async #offered(take: () => Promise<void>): Promise<void> {
    if (this.call.over) return;
    try {
      await take();
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.call.refuse(error);
    }
  }

  /** Somebody answered with what they had prepared for the offer of this side. */
  async #taken(note: string, reply: RTCSessionDescriptionInit, now: number): Promise<void> {
    if (!this.#card) throw new CallRefused("card");
    const found = this.#ahead?.take(this.#card, note, reply, now);
    if (!found) return;
    this.#ahead = null;
    this.call.use(found.peer);
    this.#limit();
    // Picture and voice first: sealing keys would take the processor from both.
    this.call.view.watch(({ picture, voice }) => (picture || voice) && this.#answered());
    await found.peer.complete(reply, found.fingerprint);
  }

  async #answer(note: string, offer: RTCSessionDescriptionInit, now: number): Promise<void> {
    const { recorder, ports } = this.#options;
    const { encounter } = recorder;
    if (!this.#card) throw new CallRefused("card");
    const fingerprint = acceptOffer(this.#card, note, offer, { encounter, now });
    const { recording, opening } = await recorder.opened;
    const own = await this.#certificate;
    this.#certificate = makeCertificate();
    const sign = (shown: string): Promise<string> =>
      recorder.signAnswer(
        writeAnswer({
          encounter,
          recording,
          fingerprint: shown,
          offer: noteDigest(note),
          expires: ports.now() + OFFER_LIFE,
        }),
      );
    // Signed while the browser works on the description that will show it.
    const early = own && sign(own.fingerprint);
    early?.catch(() => undefined);
    this.#ahead?.drop();
    const tracks = await this.#tracks();
    // While camera and microphone were asked for, a newer offer may have come: only that one counts.
    if (note !== this.#newest || this.call.over) return;

    const peer = await this.call.connect(own ? [own.certificate] : []);
    this.call.use(peer);
    this.#limit();
    const description = await peer.answer(offer, fingerprint, tracks);
    const shown = fingerprintOf(description);
    const signed = await (shown === own?.fingerprint && early ? early : sign(shown));
    ports.send({ note: signed, opening, description });
    this.#answered();
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
    // The evidence may be silenced just now ("speak privately"): the call never is.
    for (const clone of this.#clones) clone.enabled = true;
    return [...this.#clones];
  }

  #addLate(peer: Peer): void {
    void this.#options.recorder.stream.then((stream) => {
      if (stream === null || this.call.peer !== peer) return;
      for (const track of this.#clone(stream)) peer.add(track);
    });
  }
}
