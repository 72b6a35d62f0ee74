/**
 * The camera's and the microphone's tracks of one encounter: what is there, what ended, what is silent.
 * Not here: who asks for devices (capture), what follows from their loss (recorder).
 */

import type { RecorderState } from "./contracts";

type Kind = "video" | "audio";

export class Tracks {
  private list: readonly MediaStreamTrack[] = [];
  private looked: RecorderState["interrupted"] = null;

  take(tracks: readonly (MediaStreamTrack | undefined)[]): void {
    this.list = tracks.filter((one) => one !== undefined);
  }

  of(kind: Kind): MediaStreamTrack | undefined {
    return this.list.find((one) => one.kind === kind);
  }

  get stream(): MediaStream {
    return new MediaStream([...this.list]);
  }

  /** Lets go of camera and microphone; clones of their tracks go on. */
  release(): void {
    for (const track of this.list) track.stop();
  }

  usable(kind: Kind): boolean {
    const track = this.of(kind);
    return track?.readyState === "live" && !track.muted;
  }

  ended(kind: Kind): boolean {
    return this.of(kind)?.readyState === "ended";
  }

  /** Which of the `wanted` ended, or is silent though the page is seen: null until that was so twice. */
  interrupted(wanted: readonly Kind[], hidden: boolean): RecorderState["interrupted"] {
    const muted = !hidden && wanted.some((kind) => this.of(kind)?.muted);
    const now = wanted.some((kind) => this.ended(kind)) ? "device" : muted ? "muted" : null;
    // What lasts a blink, as at the start, is not worth a tap.
    const interrupted = now === this.looked ? now : null;
    this.looked = now;
    return interrupted;
  }
}
