/**
 * What both ends of a call share: the view a page shows, the other side's picture and voice, the chat,
 * and what the data channel brings. A call outlives its connections and the socket that began it.
 *
 * Not here: who offers and who answers (`call-console.ts`, `call-phone.ts`), and the connection itself
 * (`peer.ts`).
 */

import { readChannelMessage, Chat, type ChannelMessage } from "./channel";
import type { CallRefused, Refusal } from "./call-notes";
import type { Head, Signal } from "./contracts";
import { Peer, type PeerPhase } from "./peer";
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
  /** the last thing that did not hold, for the screen */
  refused: Refusal | null;
}

export interface CallPorts {
  /** ICE servers, fetched again for every connection: credentials age */
  ice(): Promise<RTCIceServer[]>;
  /** relays to the other side; false where no socket is open */
  send(signal: Signal): boolean;
  /** the server's clock */
  now(): number;
}

/** `relay` where there is a relay: it hides each side's address from the other. */
export function configurationOf(ice: RTCIceServer[]): RTCConfiguration {
  const turn = ice.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
  return { iceServers: ice, iceTransportPolicy: turn ? "relay" : "all", bundlePolicy: "max-bundle" };
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
    refused: null,
  });
  readonly chat = new Chat((message) => this.say(message));
  readonly #polite: boolean;
  readonly #ports: CallPorts;
  readonly #events: CallEvents;
  /** the newest of each recording */
  readonly #heads = new Map<string, Head>();
  #peer: Peer | null = null;
  #chain: Promise<void> = Promise.resolve();

  constructor(polite: boolean, ports: CallPorts, events: CallEvents) {
    this.#polite = polite;
    this.#ports = ports;
    this.#events = events;
  }

  get peer(): Peer | null {
    return this.#peer;
  }

  get over(): boolean {
    return this.view.value.phase === "over";
  }

  /** Does what came from the other side one after the other, in the order in which it came. */
  inTurn(step: () => Promise<void>): void {
    this.#chain = this.#chain.then(step).catch((error: unknown) => {
      // A description the browser cannot take ends in `failed` and a new connection.
      if (!(error instanceof DOMException)) throw error;
    });
  }

  /** Makes a connection; it becomes the call's own with `use`. */
  async connect(): Promise<Peer> {
    const configure = async (): Promise<RTCConfiguration> => configurationOf(await this.#ports.ice());
    const peer: Peer = new Peer(this.#polite, await configure(), {
      configure,
      send: (signal) => void this.#ports.send(signal),
      phase: (phase) => this.#mine(peer, () => this.#phase(phase)),
      track: (track) => this.#mine(peer, () => this.#track(track)),
      opened: () => this.#mine(peer, () => this.#opened()),
      message: (data) => this.#mine(peer, () => this.#message(data)),
      refused: (error) => this.#mine(peer, () => this.refuse(error)),
    });
    return peer;
  }

  /** Takes *peer* as the connection from now on; the one before is closed. */
  use(peer: Peer): void {
    if (this.#peer === peer) return;
    this.drop();
    this.#peer = peer;
    if (!this.over) this.view.merge({ phase: "joining" });
  }

  drop(): void {
    this.#peer?.close();
    this.#peer = null;
    const { remote } = this.view.value;
    for (const track of remote.getTracks()) remote.removeTrack(track);
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
    const look = (): void => {
      const arrives = (kind: string): boolean =>
        remote.getTracks().some((each) => each.kind === kind && !each.muted);
      this.view.merge({ picture: arrives("video"), voice: arrives("audio") });
    };
    track.onmute = track.onunmute = track.onended = look;
    look();
  }

  #opened(): void {
    this.view.merge({ channel: true });
    for (const head of this.#heads.values()) this.tellHead(head);
    this.chat.opened();
  }

  #message(data: string): void {
    try {
      const message = readChannelMessage(data);
      if (message === null) return;
      if (message.type === "head") {
        const { recording, number, digest } = message;
        this.#events.head?.({ recording, number, digest });
      } else if (message.type === "bye") this.#events.bye();
      else this.chat.hear(message);
    } catch (error) {
      // What the other side wrote wrongly is left out; the call goes on.
      if (!(error instanceof BrokenMessage)) throw error;
    }
  }
}
