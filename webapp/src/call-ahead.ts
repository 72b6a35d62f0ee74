/**
 * What a phone offers while it rings, so that an accept costs one message: whoever answers has its own
 * half of the connection ready, and sends it with the accept. The offer is signed by the recording's key
 * and holds no address; addresses go to the server as signals, which wait there for the one who answers.
 *
 * Where it does not come to that (nobody took it up, or not in time), the console offers as ever
 * (`call-console.ts`), and this is dropped.
 */

import type { Call, CallPorts } from "./call";
import { CallRefused, OFFER_LIFE, acceptReply, fingerprintOf, writeAhead } from "./call-notes";
import type { Certificate } from "./certificate";
import type { Recorder } from "./contracts";
import type { Ahead } from "./live-contracts";
import type { Card } from "./evidence/cards";
import type { Peer } from "./peer";

/** How long before it runs out a note is signed anew. */
const RENEWED = 20_000;

export interface AheadOptions {
  recorder: Recorder;
  ports: CallPorts;
  call: Call;
  certificate: Promise<Certificate | null>;
  tracks(): Promise<MediaStreamTrack[]>;
}

/** The same description without a word about where this phone is. */
export function withoutAddress({ type, sdp = "" }: RTCSessionDescriptionInit): RTCSessionDescriptionInit {
  const lines = sdp.split("\r\n").filter((line) => !/^a=(candidate|end-of-candidates)/i.test(line));
  return { type, sdp: lines.map((line) => line.replace(/^(c=|a=rtcp:\d+ )IN IP[46] .*$/, "$1IN IP4 0.0.0.0")).join("\r\n") };
}

export class PhoneAhead {
  readonly #options: AheadOptions;
  #peer: Peer | null = null;
  #said: Ahead | null = null;
  /** what was signed for this connection: whoever answers may have read the one before */
  readonly #notes: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(options: AheadOptions) {
    this.#options = options;
  }

  /** Makes the connection and offers it. */
  async begin(): Promise<void> {
    const { recorder, call } = this.#options;
    await Promise.all([recorder.opened, recorder.stream]);
    const own = await this.#options.certificate;
    const peer = await call.connect(own ? [own.certificate] : []);
    if (this.#over) return peer.close();
    this.#peer = peer;
    const description = withoutAddress(await peer.firstOffer(await this.#options.tracks()));
    await this.#sign(description);
    peer.release();
  }

  /** The socket is new: what a server may have forgotten is said again. */
  again(): void {
    if (this.#said !== null && !this.#over) this.#options.ports.ahead?.(this.#said);
    if (!this.#over) this.#peer?.tellCandidates();
  }

  /** Whoever answered had prepared for this offer; returns the connection, or null where there is none. */
  take(card: Card, note: string, reply: RTCSessionDescriptionInit, now: number): { peer: Peer; fingerprint: string } | null {
    const peer = this.#peer;
    if (peer === null || this.#over) return null;
    const { encounter } = this.#options.recorder;
    for (const offered of this.#notes) {
      try {
        const fingerprint = acceptReply(offered, card, note, reply, { encounter, now });
        this.#end();
        return { peer, fingerprint };
      } catch (error) {
        const another = error instanceof CallRefused && error.what === "offer" && offered !== this.#notes.at(-1);
        if (!another) throw error;
      }
    }
    return null;
  }

  /** A camera or microphone came back while it rings. */
  replace(track: MediaStreamTrack): void {
    this.#peer?.replace(track);
  }

  /** Nobody needs it any more. */
  drop(): void {
    if (this.#over) return;
    this.#peer?.close();
    this.#end();
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#peer = null;
  }

  async #sign(description: RTCSessionDescriptionInit): Promise<void> {
    const { recorder, ports } = this.#options;
    const { recording, opening } = await recorder.opened;
    const { encounter } = recorder;
    const expires = ports.now() + OFFER_LIFE;
    const text = writeAhead({ encounter, recording, fingerprint: fingerprintOf(description), expires });
    const note = await recorder.signAnswer(text);
    if (this.#over) return;
    this.#notes.splice(0, this.#notes.length - 1);
    this.#notes.push(note);
    this.#said = { note, opening, description };
    ports.ahead?.(this.#said);
    this.#timer = setTimeout(() => void this.#sign(description), OFFER_LIFE - RENEWED);
  }
}
