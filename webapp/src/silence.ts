/**
 * Notices that sound which came all the time has stopped: the first sign of a network that is gone.
 * Browsers say `disconnected` only after five seconds, and a WebSocket over such a network looks open
 * for minutes. Pure: what was heard and milliseconds come in.
 */

/** After so long the server is asked whether it is there still; after `LOST`, the way looked for anew. */
const DOUBT = 500;
export const LOST = 1000;
/** So long after the last attempt there is another; so many, and then whoever is silent may just be mute. */
const AGAIN = 1500;
const ATTEMPTS = 6;
/** Milliseconds for which sound must have come before its absence means anything at once. */
const FLOWED = 1000;
/** Of less than that, which may be the first of a connection that stutters, so long an absence means something. */
const STUTTER = 3000;

export class Silence {
  #heard: number | null = null;
  #since = 0;
  #flows = 0;
  #doubted = false;
  #tried = 0;
  #next = 0;
  readonly #patience: number;

  /** *patience*: milliseconds after which the way is looked for anew */
  constructor(patience = LOST) {
    this.#patience = patience;
  }

  /** whether sound stopped that flowed, and has not come since */
  get lasts(): boolean {
    return this.#doubted || this.#tried > 0;
  }

  /** `heard`: anything that differs with each packet; null where none came for long, or ever. */
  hear(heard: number | null, now: number): "doubt" | "lost" | null {
    if (heard !== null && heard !== this.#heard) {
      // A gap that ended by itself begins the flow anew.
      if (this.#heard === null || now - this.#since > FLOWED) this.#flows = now;
      this.#heard = heard;
      this.#since = now;
      this.#doubted = false;
      this.#tried = 0;
      return null;
    }
    const silent = now - this.#since;
    if (this.#heard === null) return null;
    if (this.#since - this.#flows < FLOWED && silent < STUTTER) return null;
    if (silent >= this.#patience && this.#tried < ATTEMPTS && (this.#tried === 0 || now >= this.#next)) {
      this.#tried++;
      this.#next = now + AGAIN;
      return "lost";
    }
    if (silent < DOUBT || this.#doubted) return null;
    this.#doubted = true;
    return "doubt";
  }
}
