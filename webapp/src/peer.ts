/**
 * One RTCPeerConnection: perfect negotiation, trickled candidates, one negotiated data channel, and a
 * remote certificate that may not change. It learns which fingerprint to expect from `call-notes.ts`
 * by way of its owner and refuses every description that shows another.
 *
 * Who offers first, what is signed and when a new connection is made is not here: see `call-phone.ts`
 * and `call-console.ts`.
 */

import { CallRefused, checkSoundOnly, fingerprintOf } from "./call-notes";
import { VOICE, limitVoice, preferTwice } from "./call-sound";
import type { Signal } from "./live-contracts";
import { LOST, Silence } from "./silence";

export type PeerPhase = "joining" | "connected" | "interrupted" | "failed";

export interface PeerEvents {
  /** a configuration with fresh relay credentials, asked for before every restart */
  configure(): Promise<RTCConfiguration>;
  send(signal: Signal): void;
  phase(phase: PeerPhase): void;
  track(track: MediaStreamTrack): void;
  opened(): void;
  message(data: string): void;
  refused(error: CallRefused): void;
  /** sound stopped coming: the network may be gone, and with it whatever else goes over it */
  doubt(): void;
}

/** Bits a second of the picture, unless less is asked for. */
const PICTURE = 300_000;
const WITHOUT_BYTES = 2000;
const BETWEEN_RESTARTS = 5000;
/** So long a browser may say `disconnected` while bytes come: of a way that carries in one direction alone it does. */
const ONE_WAY = 10_000;
const LISTEN = 200;
/** The console looks later: two who offer at once, over a line that loses offers, wait for each other. */
const CONSOLE_LOST = LOST + 1200;
/** How long a restart waits for fresh relay credentials. */
const CREDENTIALS = 1500;

export class Peer {
  readonly #pc: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #polite: boolean;
  readonly #sound: boolean;
  readonly #events: PeerEvents;
  readonly #certificates: RTCCertificate[];
  #fingerprint: string | null = null;
  #held: RTCIceCandidateInit[] | null = [];
  readonly #found: RTCIceCandidateInit[] = [];
  #early: Signal[] = [];
  #making = false;
  #ignoring = false;
  #closed = false;
  /** rejects once this is closed */
  readonly #closing: Promise<never>;
  #stop: () => void = () => undefined;
  #picture = PICTURE;
  #voice = VOICE;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  readonly #silence: Silence;
  readonly #listening: ReturnType<typeof setInterval>;
  #restarted = -Infinity;

  /** *sound*: nothing but sound is offered or believed */
  constructor(polite: boolean, configuration: RTCConfiguration, events: PeerEvents, sound = false) {
    this.#polite = polite;
    this.#sound = sound;
    this.#silence = new Silence(polite ? LOST : CONSOLE_LOST);
    this.#events = events;
    this.#certificates = configuration.certificates ?? [];
    this.#closing = new Promise((_, reject) => {
      this.#stop = () => reject(new DOMException("the connection was closed", "AbortError"));
    });
    this.#closing.catch(() => undefined);
    this.#pc = new RTCPeerConnection(configuration);
    this.#channel = this.#pc.createDataChannel("accompany", { negotiated: true, id: 0 });
    this.#channel.onopen = () => this.#events.opened();
    this.#channel.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") this.#events.message(event.data);
    };
    this.#pc.ontrack = ({ track }) => this.#events.track(track);
    this.#pc.onicecandidate = ({ candidate }) => this.#trickle(candidate);
    this.#pc.onnegotiationneeded = () => void this.#offer();
    this.#pc.onconnectionstatechange = () => this.#changed();
    addEventListener("online", this.nudge);
    this.#listening = setInterval(() => this.#listen(), LISTEN);
  }

  get open(): boolean {
    return this.#channel.readyState === "open";
  }

  get connected(): boolean {
    return this.#pc.connectionState === "connected";
  }

  /** Whether it is connected and, as far as can be heard, really so; an offer that nobody answered may be lost. */
  get well(): boolean {
    return this.connected && !this.#silence.lasts && this.#pc.signalingState !== "have-local-offer";
  }

  /** The console's first offer, with what was gathered so far; `release` sends the rest. */
  async firstOffer(tracks: readonly MediaStreamTrack[]): Promise<RTCSessionDescriptionInit> {
    for (const kind of this.#sound ? (["audio"] as const) : (["audio", "video"] as const)) {
      const track = tracks.find((each) => each.kind === kind);
      const direction = track ? "sendrecv" : "recvonly";
      this.#pc.addTransceiver(track ?? kind, { direction });
    }
    preferTwice(this.#pc);
    await this.#unlessClosed(this.#pc.setLocalDescription());
    return this.#local();
  }

  /** The description as it stands now: later than `firstOffer`, with more candidates in it. */
  get description(): RTCSessionDescriptionInit {
    return this.#local();
  }

  /** The phone's first answer. The caller of this has verified the offer's note and `fingerprint`. */
  async answer(
    offer: RTCSessionDescriptionInit,
    fingerprint: string,
    tracks: readonly MediaStreamTrack[],
  ): Promise<RTCSessionDescriptionInit> {
    this.#pin(fingerprint);
    for (const track of tracks) this.#pc.addTrack(track);
    await this.#take(offer);
    preferTwice(this.#pc);
    await this.#unlessClosed(this.#pc.setLocalDescription());
    return this.#local();
  }

  /** The console takes the phone's first answer, whose note it has verified. */
  async complete(answer: RTCSessionDescriptionInit, fingerprint: string): Promise<void> {
    this.#pin(fingerprint);
    await this.#take(answer);
    for (const signal of this.#early.splice(0)) await this.hear(signal);
  }

  /** From now on candidates are sent as they are found: the first description is on its way. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const candidate of held) this.#events.send({ candidate });
  }

  /** Says once more how this side can be reached: whoever heard it may have forgotten. */
  tellCandidates(): void {
    if (this.#held === null) for (const candidate of this.#found) this.#events.send({ candidate });
  }

  /** The other side's tracks, where its description was taken. */
  get tracks(): MediaStreamTrack[] {
    return this.#pc.remoteDescription ? this.#pc.getReceivers().map(({ track }) => track) : [];
  }

  /** Takes a later description or a candidate; both are kept until the first answer was taken. */
  async hear(signal: Signal): Promise<void> {
    if (this.#closed) return;
    if (this.#fingerprint === null) {
      this.#early.push(signal);
      return;
    }
    try {
      if (signal.description) await this.#renegotiate(signal.description);
      if (signal.candidate) await this.#candidate(signal.candidate);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.#events.refused(error);
    }
  }

  /** Adds a track that came late, on a sender that has none yet. */
  add(track: MediaStreamTrack): void {
    const idle = this.#pc
      .getTransceivers()
      .find((each) => each.receiver.track.kind === track.kind && each.sender.track === null);
    if (!idle) return;
    void idle.sender.replaceTrack(track);
    idle.direction = "sendrecv";
  }

  send(data: string): boolean {
    if (!this.open) return false;
    this.#channel.send(data);
    return true;
  }

  /** Bytes still on their way out over the data channel. */
  get unsent(): number {
    return this.open ? this.#channel.bufferedAmount : 0;
  }

  /** The way there and back in milliseconds, as the other side last reported it; null where it has not. */
  async roundTrip(): Promise<number | null> {
    if (!this.connected) return null;
    let found: number | null = null;
    (await this.#pc.getStats()).forEach((stat: RTCStats & { kind?: string; roundTripTime?: number }) => {
      const heard = stat.type === "remote-inbound-rtp" && stat.kind === "audio";
      if (heard && typeof stat.roundTripTime === "number") found = stat.roundTripTime * 1000;
    });
    return found;
  }

  /** Sends another track of the same kind from now on: a camera or microphone that came back. */
  replace(track: MediaStreamTrack): void {
    const sender = this.#pc.getSenders().find((each) => each.track?.kind === track.kind);
    if (sender) void sender.replaceTrack(track);
    else this.add(track);
  }

  /** Bits a second that picture and voice may take from now on; 0: no picture is sent. */
  limit(picture: number, voice: number): void {
    if (this.#picture === picture && this.#voice === voice) return;
    [this.#picture, this.#voice] = [picture, voice];
    void this.#limit();
  }

  /** The way to the other side may be back: try it now. Showing up twice is harmless. */
  readonly nudge = (): void => {
    if (this.#closed || this.#fingerprint === null) return;
    // An offer that was lost with its socket leaves nothing to restart: say it again.
    if (!this.#repeat()) void this.#restart();
  };

  close(): void {
    this.#closed = true;
    this.#stop();
    clearTimeout(this.#watchdog);
    clearInterval(this.#listening);
    removeEventListener("online", this.nudge);
    this.#pc.onconnectionstatechange = null;
    this.#channel.onopen = this.#channel.onmessage = null;
    this.#pc.close();
  }

  /** Says an offer again that was not answered; false where there is none. */
  #repeat(): boolean {
    if (this.#pc.signalingState !== "have-local-offer") return false;
    this.#events.send({ description: this.#local() });
    return true;
  }

  async #restart(): Promise<void> {
    const now = performance.now();
    if (now - this.#restarted < BETWEEN_RESTARTS / 2) return;
    this.#restarted = now;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), CREDENTIALS));
    const fresh = await Promise.race([this.#events.configure(), late]);
    if (this.#closed) return;
    if (fresh !== null) this.#pc.setConfiguration({ ...fresh, certificates: this.#certificates });
    this.#pc.restartIce();
  }

  /**
   * What a browser was asked for before the connection was closed it never settles (WebRTC 1.0, "chain an
   * operation"): whoever waits for it is told here, and goes on with the next connection.
   */
  #unlessClosed<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#closing]);
  }

  #local(): RTCSessionDescriptionInit {
    const { localDescription } = this.#pc;
    if (!localDescription) throw new Error("there is no description yet");
    return { type: localDescription.type, sdp: localDescription.sdp };
  }

  #pin(fingerprint: string): void {
    this.#fingerprint ??= fingerprint;
    if (this.#fingerprint !== fingerprint) throw new CallRefused("fingerprint");
  }

  /** The only place where a remote description is believed. */
  async #take(description: RTCSessionDescriptionInit): Promise<void> {
    if (this.#fingerprint === null || fingerprintOf(description) !== this.#fingerprint) {
      throw new CallRefused("fingerprint");
    }
    if (this.#sound) checkSoundOnly(description);
    await this.#unlessClosed(this.#pc.setRemoteDescription(description));
  }

  async #renegotiate(description: RTCSessionDescriptionInit): Promise<void> {
    const offered = description.type === "offer";
    const collision = offered && (this.#making || this.#pc.signalingState !== "stable");
    this.#ignoring = !this.#polite && collision;
    // Whoever offers after an offer of this side may never have heard that: it waits for nothing else.
    if (this.#ignoring) return void (this.#making || this.#repeat());
    if (!offered && this.#pc.signalingState !== "have-local-offer") return;
    await this.#take(description);
    if (!offered) return;
    await this.#unlessClosed(this.#pc.setLocalDescription());
    this.#events.send({ description: this.#local() });
  }

  async #candidate(candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.#unlessClosed(this.#pc.addIceCandidate(candidate));
    } catch (error) {
      // Candidates of an ignored offer or of an earlier connection do not fit; that is no fault.
      if (!this.#ignoring && !(error instanceof DOMException)) throw error;
    }
  }

  async #offer(): Promise<void> {
    if (this.#fingerprint === null || this.#held !== null || this.#closed) return;
    try {
      this.#making = true;
      await this.#pc.setLocalDescription();
      this.#events.send({ description: this.#local() });
    } finally {
      this.#making = false;
    }
  }

  #trickle(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === "" || this.#closed) return;
    const found = candidate.toJSON();
    this.#found.push(found);
    if (this.#held !== null) this.#held.push(found);
    else this.#events.send({ candidate: found });
  }

  #changed(): void {
    clearTimeout(this.#watchdog);
    switch (this.#pc.connectionState) {
      case "connected":
        void this.#limit();
        return this.#events.phase("connected");
      case "disconnected":
        this.#events.doubt();
        void this.#bytes().then((before) => this.#watch(before, WITHOUT_BYTES, performance.now()));
        return this.#events.phase("interrupted");
      case "failed":
        return this.#events.phase("failed");
      default:
        return;
    }
  }

  #listen(): void {
    if (!this.connected) return;
    const sources = this.#pc.getReceivers().filter(({ track }) => track.kind === "audio")
      .flatMap((receiver) => receiver.getSynchronizationSources());
    const heard = sources.length > 0 ? Math.max(...sources.map(({ timestamp }) => timestamp)) : null;
    const said = this.#silence.hear(heard, performance.now());
    if (said === "doubt") this.#events.doubt();
    if (said === "lost") this.nudge();
  }

  #watch(before: number, after: number, since: number): void {
    if (this.#closed) return;
    this.#watchdog = setTimeout(() => {
      void this.#bytes().then((bytes) => {
        if (this.#closed || this.connected) return;
        if (bytes === before || performance.now() - since > ONE_WAY) this.nudge();
        this.#watch(bytes, BETWEEN_RESTARTS, since);
      });
    }, after);
  }

  async #bytes(): Promise<number> {
    let bytes = 0;
    const report = await this.#pc.getStats();
    report.forEach((stat: RTCStats & { bytesReceived?: number }) => {
      if (stat.type === "transport") bytes += stat.bytesReceived ?? 0;
    });
    return bytes;
  }

  async #limit(): Promise<void> {
    for (const sender of this.#pc.getSenders()) {
      if (sender.track?.kind === "audio") await limitVoice(sender, this.#voice);
      if (sender.track?.kind !== "video") continue;
      const parameters = sender.getParameters();
      const [encoding] = parameters.encodings;
      if (!encoding) continue;
      encoding.active = this.#picture > 0;
      encoding.maxBitrate = this.#picture || PICTURE;
      await sender.setParameters(parameters).catch(() => undefined);
    }
  }
}
