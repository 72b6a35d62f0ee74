/**
 * What both ends of a call share: the view a page shows, the other side's picture and voice, the chat,
 * and what the data channel brings. A call outlives its connections and the socket that began it.
 *
 * Not here: who offers and who answers (`call-console.ts`, `call-phone.ts`), and the connection itself
 * (`peer.ts`).
 */

import { readChannelMessage, Chat, type ChannelMessage, type State } from "./channel";
import type { CallRefused, Refusal } from "./call-notes";
import type { Head } from "./contracts";
import type { Ahead, Signal } from "./live-contracts";
import { Peer, type PeerEvents, type PeerPhase } from "./peer";
import type { Ways } from "./relay";
import { BrokenMessage } from "./shape";
import { Store } from "./store";

export interface CallView {
  phase: "waiting" | PeerPhase | "over";
  /** the other side's tracks; the same object for the whole call */
  remote: MediaStream;
  /** whether picture and voice arrive from the other side now */
  picture: boolean;
  voice: boolean;
  /** the data channel is open */
  channel: boolean;
  /** the other side said that its recording has no sound now, on purpose */
  privately: boolean;
  /** the last thing that did not hold, for the screen */
  refused: Refusal | null;
}

export interface CallPorts {
  /** how the other side may be reached, asked again for every connection: a relay's names age */
  ways: Ways;
  /** relays to the other side; false where no socket is open */
  send(signal: Signal): boolean;
  /** says to the server what whoever is rung may prepare an answer to */
  ahead?(ahead: Ahead): void;
  /** the server's clock */
  now(): number;
  /** the network may be gone: asks whether the server is there still */
  doubt?(): void;
}

export interface CallEvents {
  head?(head: Head): void;
  bye(): void;
  /** a connection failed, or a phase began */
  phase?(phase: PeerPhase): void;
}

export class Call {
  readonly view = new Store<CallView>({
    phase: "waiting",
    remote: new MediaStream(),
    picture: false,
    voice: false,
    channel: false,
    privately: false,
    refused: null,
  });
  readonly chat = new Chat((message) => this.say(message));
  readonly #polite: boolean;
  readonly #sound: boolean;
  readonly #ports: CallPorts;
  readonly #events: CallEvents;
  /** the newest of each recording */
  readonly #heads = new Map<string, Head>();
  #peer: Peer | null = null;
  /** how this side stands, told again when a channel opens */
  readonly #states = new Map<State["type"], State>();
  #pictureless = false;
  #chain: Promise<void> = Promise.resolve();

  /** *sound*: a connection with an interpreter, by sound alone */
  constructor(polite: boolean, ports: CallPorts, events: CallEvents, sound = false) {
    this.#polite = polite;
    this.#sound = sound;
    this.#ports = ports;
    this.#events = events;
  }

  get peer(): Peer | null {
    return this.#peer;
  }

  get over(): boolean {
    return this.view.value.phase === "over";
  }

  /**
   * Does what came from the other side one after the other, in the order in which it came. What goes wrong
   * with one holds up none of those after it.
   */
  inTurn(step: () => Promise<void>): void {
    this.#chain = this.#chain.then(step).catch((error: unknown) => {
      // A description the browser cannot take ends in `failed` and a new connection.
      if (!(error instanceof DOMException)) reportError(error);
    });
  }

  /** Makes a connection, with this certificate; it becomes the call's own with `use`. */
  async connect(certificates: RTCCertificate[] = []): Promise<Peer> {
    const { ways: configure } = this.#ports;
    const events: PeerEvents = {
      configure,
      send: (signal) => void this.#ports.send(signal),
      phase: (phase) => this.#mine(peer, () => this.#phase(phase)),
      track: (track) => this.#mine(peer, () => this.#track(track)),
      opened: () => this.#mine(peer, () => this.#opened()),
      message: (data) => this.#mine(peer, () => this.#message(data)),
      refused: (error) => this.#mine(peer, () => this.refuse(error)),
      doubt: () => this.#mine(peer, () => this.#ports.doubt?.()),
    };
    const peer = new Peer(this.#polite, { ...(await configure()), certificates }, events, this.#sound);
    return peer;
  }

  /** Takes *peer* as the connection from now on; the one before is closed. */
  use(peer: Peer): void {
    if (this.#peer === peer) return;
    this.drop();
    this.#peer = peer;
    if (!this.over) this.view.merge({ phase: "joining" });
    // Of a connection that was prepared the other side's tracks are known already.
    for (const track of peer.tracks) this.#track(track);
  }

  drop(): void {
    this.#peer?.close();
    this.#peer = null;
    const { remote } = this.view.value;
    for (const track of remote.getTracks()) remote.removeTrack(track);
    // Told again by whoever comes next: a page that was reloaded knows nothing of it.
    this.#pictureless = false;
    this.view.merge({ channel: false, picture: false, voice: false });
  }

  refuse(error: CallRefused): void {
    this.view.merge({ refused: error.what });
  }

  say(message: ChannelMessage): boolean {
    return this.#peer?.send(JSON.stringify(message)) ?? false;
  }

  /** Tells the other side the newest head of a recording; told again when a channel opens. */
  tellHead(head: Head): void {
    this.#heads.set(head.recording, head);
    this.say({ type: "head", ...head });
  }

  /** Tells the other side how it stands here, once for each change. */
  tellState(state: State): void {
    const known = this.#states.get(state.type)?.on ?? false;
    this.#states.set(state.type, state);
    if (known !== state.on) this.say(state);
  }

  /** Says goodbye, waits a moment for it to leave, and is over. */
  async end(): Promise<void> {
    this.say({ type: "bye" });
    for (let waited = 0; waited < 10 && (this.#peer?.unsent ?? 0) > 0; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.finish();
  }

  finish(): void {
    this.drop();
    this.view.merge({ phase: "over" });
  }

  #mine(peer: Peer, act: () => void): void {
    if (peer === this.#peer) act();
  }

  #phase(phase: PeerPhase): void {
    if (this.over) return;
    this.view.merge(phase === "connected" ? { phase, refused: null } : { phase });
    this.#events.phase?.(phase);
  }

  #track(track: MediaStreamTrack): void {
    const { remote } = this.view.value;
    remote.addTrack(track);
    track.onmute = track.onunmute = track.onended = () => this.#look();
    this.#look();
  }

  #look(): void {
    const tracks = this.view.value.remote.getTracks();
    const arrives = (kind: string): boolean => tracks.some((each) => each.kind === kind && !each.muted);
    // A picture that is not sent for a while stands still: it is not muted.
    this.view.merge({ picture: arrives("video") && !this.#pictureless, voice: arrives("audio") });
  }

  #opened(): void {
    this.view.merge({ channel: true });
    for (const head of this.#heads.values()) this.tellHead(head);
    for (const state of this.#states.values()) this.say(state);
    this.chat.opened();
  }

  #message(data: string): void {
    try {
      const message = readChannelMessage(data);
      if (message === null) return;
      if (message.type === "head") {
        const { recording, number, digest } = message;
        this.#events.head?.({ recording, number, digest });
      } else if (message.type === "private") this.view.merge({ privately: message.on });
      else if (message.type === "pictureless") {
        this.#pictureless = message.on;
        this.#look();
      } else if (message.type === "bye") this.#events.bye();
      else this.chat.hear(message);
    } catch (error) {
      // What the other side wrote wrongly is left out; the call goes on.
      if (!(error instanceof BrokenMessage)) throw error;
    }
  }
}
