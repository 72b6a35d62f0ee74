/**
 * When the recording's key is sealed to the attorney: that keeps the worker busy which signs the answer
 * to them, and a voice comes first. Not here: the sealing (`recorder.worker.ts`).
 */

/** How long it waits for the answer, and how long a lock waits for it, in ms. */
const ANSWER_FIRST = 1000;
const GRANT_FIRST = 300;

const after = (wait: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, wait));

export class Granting {
  #granted: Promise<void> = Promise.resolve();
  #hurry: () => void = () => undefined;

  /** Grants once *answered*, or after a second, or at once where somebody waits for it. */
  begin(answered: Promise<void>, grant: () => Promise<void>): void {
    const hurry = new Promise<void>((resolve) => (this.#hurry = resolve));
    const first = Promise.race([answered, hurry, after(ANSWER_FIRST)]);
    this.#granted = first.then(grant).catch(() => undefined);
  }

  /** Resolves once nothing is left to grant, and soon in any case. */
  done(): Promise<void> {
    this.#hurry();
    return Promise.race([this.#granted, after(GRANT_FIRST)]);
  }
}
