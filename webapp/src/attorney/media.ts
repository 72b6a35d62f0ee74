/**
 * The attorney's own camera and microphone: asked for when going on duty, so that the browser's
 * question is behind them when it rings, and opened again only for a call. Whatever is refused is left
 * out: voice without a camera, chat without both.
 */

import { Store } from "../store";

export type MediaReady = "unknown" | "asking" | "both" | "voice" | "chat";

export interface MediaView {
  ready: MediaReady;
  stream: MediaStream | null;
  muted: boolean;
  hidden: boolean;
}

const WISHES: readonly MediaStreamConstraints[] = [
  { audio: { echoCancellation: true, noiseSuppression: true }, video: { width: 640, height: 480 } },
  { audio: true },
];

async function ask(sound: boolean): Promise<MediaStream | null> {
  for (const wish of sound ? WISHES.slice(1) : WISHES) {
    try {
      return await navigator.mediaDevices.getUserMedia(wish);
    } catch {
      // Refused or absent: the next wish asks for less.
    }
  }
  return null;
}

export class Media {
  readonly view = new Store<MediaView>({ ready: "unknown", stream: null, muted: false, hidden: false });
  #opening: Promise<MediaStream | null> | null = null;
  /** somebody opened it since it was closed, to use it */
  #used = false;
  readonly #sound: boolean;

  /** *sound*: of an interpreter, whose picture nobody is sent */
  constructor(sound: boolean) {
    this.#sound = sound;
  }

  /**
   * Asks for both and lets them go at once: a camera's light does not burn through a shift. Whoever it rang for
   * meanwhile keeps what was opened.
   */
  async check(): Promise<void> {
    this.view.merge({ ready: "asking" });
    await this.#opened();
    if (!this.#used) this.close();
  }

  /** Opens what there is; called twice, it is the same stream. */
  open(): Promise<MediaStream | null> {
    this.#used = true;
    return this.#opened();
  }

  close(): void {
    const opening = this.#opening;
    this.#opening = null;
    this.#used = false;
    void opening?.then((stream) => stream?.getTracks().forEach((track) => track.stop()));
    this.view.merge({ stream: null });
  }

  #opened(): Promise<MediaStream | null> {
    const opening = (this.#opening ??= ask(this.#sound).then((stream) => {
      const video = (stream?.getVideoTracks().length ?? 0) > 0;
      const ready = stream === null ? "chat" : video ? "both" : "voice";
      // Closed before it came: it is stopped, and nobody's.
      if (this.#opening === opening) this.view.merge({ ready, stream, muted: false, hidden: false });
      else this.view.merge({ ready });
      return stream;
    }));
    return opening;
  }

  /** Whether there is a camera whose picture is kept back: what goes out meanwhile is black. */
  get pictureless(): boolean {
    const { stream, hidden } = this.view.value;
    return hidden && (stream?.getVideoTracks().length ?? 0) > 0;
  }

  mute(muted: boolean): void {
    for (const track of this.view.value.stream?.getAudioTracks() ?? []) track.enabled = !muted;
    this.view.merge({ muted });
  }

  hide(hidden: boolean): void {
    for (const track of this.view.value.stream?.getVideoTracks() ?? []) track.enabled = !hidden;
    this.view.merge({ hidden });
  }
}
