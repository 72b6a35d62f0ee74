/**
 * "Speak privately": the evidence's sound is silenced while the film goes on, and each recording states
 * it. The call's own tracks are clones and go on. Tracks and recordings that come later are met as well.
 */

export interface Silenced {
  /** told again and again while it lasts */
  setPrivate(on: boolean): void;
}

export class Privacy {
  #on = false;

  get on(): boolean {
    return this.#on;
  }

  set(on: boolean, sound: MediaStreamTrack | undefined, recordings: readonly Silenced[]): void {
    this.#on = on;
    this.follow(sound, recordings);
  }

  /** The sound is off before it is stated, and stated before it is on again. */
  follow(sound: MediaStreamTrack | undefined, recordings: readonly Silenced[]): void {
    if (sound && this.#on) sound.enabled = false;
    for (const recording of recordings) recording.setPrivate(this.#on);
    if (sound && !this.#on) sound.enabled = true;
  }
}
