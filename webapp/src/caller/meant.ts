/** Whether a press is meant: for ten seconds it can be taken back as a mistake, and never once it counts. */

/** How long a press can be taken back. */
export const CANCEL_WITHIN = 10_000;

export class Meant {
  /** resolves once the press counts, or with false where it was taken back before */
  readonly settled: Promise<boolean>;
  #settle: (meant: boolean) => void = () => undefined;
  #is: boolean | null = null;

  /** Begins at the press. */
  constructor() {
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    setTimeout(() => this.#decide(true), CANCEL_WITHIN);
  }

  /** Returns whether it is taken back; false where it counts already, and others may have heard of it. */
  takeBack(): boolean {
    this.#decide(false);
    return this.#is === false;
  }

  #decide(meant: boolean): void {
    this.#is ??= meant;
    this.#settle(this.#is);
  }
}
