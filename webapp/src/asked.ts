/**
 * What the server says of something, asked again and changed: what is shown is never older than what was
 * shown before it, in whatever order answers come. Not here: what is asked, and how it is shown.
 */

import { Store } from "./store";

export interface AskedView<T> {
  /** what was answered last; null until then */
  readonly found: T | null;
  /** why the last question was not answered; null where it was */
  readonly failed: { readonly why: unknown } | null;
  /** how many questions are settled */
  readonly times: number;
}

export class Asked<T> {
  readonly view = new Store<AskedView<T>>({ found: null, failed: null, times: 0 });
  readonly #ask: () => Promise<T>;
  /** rises with every question and change: an answer counts only where it belongs to the last */
  #turn = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Asks; an answer to an earlier question is not shown any more. */
  readonly again = async (): Promise<void> => {
    const turn = ++this.#turn;
    try {
      this.#settle(turn, { found: await this.#ask(), failed: null });
    } catch (why) {
      this.#settle(turn, { failed: { why } });
    }
  };

  /**
   * Does what changes it and takes what is answered; what was asked before is not shown any more. Where
   * something else was asked or changed meanwhile, it is asked anew. Rejects where *change* does.
   */
  readonly change = async (change: () => Promise<T>): Promise<T> => {
    const turn = ++this.#turn;
    try {
      const found = await change();
      if (turn === this.#turn) this.#settle(turn, { found, failed: null });
      else void this.again();
      return found;
    } catch (error) {
      // Whether the server did it is not known, and what was on its way is not shown any more.
      void this.again();
      throw error;
    }
  };

  #settle(turn: number, view: Partial<AskedView<T>>): void {
    if (turn === this.#turn) this.view.merge({ ...view, times: this.view.value.times + 1 });
  }
}
