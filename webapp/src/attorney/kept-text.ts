/**
 * A text that is kept while it is typed: some time after the last key, again where the line failed, one
 * request at a time, so that the last counts. Where and how it is kept, its owner says.
 */

import { Refused } from "../service";
import { Store } from "../store";

/** How long after the last key a text is kept; and how long after a line failed it is tried again. */
const PAUSE = 700;
const AGAIN = 2_000;

/** As many characters as fit what the server takes, whatever they are. */
export const CHARACTERS = 40_000;

export interface KeptTextView {
  /** `cut`: not kept yet, the line failed; `gone`: what it belongs to is not this attorney's any more */
  state: "loading" | "kept" | "typing" | "cut" | "gone";
  text: string;
}

export interface Keeping {
  load(): Promise<string>;
  save(text: string): Promise<void>;
}

const isGone = (error: unknown): boolean => error instanceof Refused && error.problem.status === 404;

export class KeptText {
  readonly view = new Store<KeptTextView>({ state: "loading", text: "" });
  readonly #keeping: Keeping;
  #kept = "";
  #loaded: Promise<void> | null = null;
  #saving: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** until it is asked for once more: whoever leaves the part of the page where it stands does not end that */
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
  }

  /** Fetches what is kept, once; again where the line failed. */
  load(): Promise<void> {
    clearTimeout(this.#again);
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = null;
      if (isGone(error)) return this.view.merge({ state: "gone" });
      this.#again = setTimeout(() => void this.load(), AGAIN);
    });
    return this.#loaded;
  }

  write(text: string): void {
    const { state } = this.view.value;
    if (state === "loading" || state === "gone") return;
    this.view.merge({ text: text.slice(0, CHARACTERS), state: "typing" });
    this.#later(PAUSE);
  }

  /** Keeps what was typed; throws where it could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#save());
    return this.#saving;
  }

  #later(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush().catch(() => undefined), wait);
  }

  async #load(): Promise<void> {
    this.#kept = await this.#keeping.load();
    this.view.set({ state: "kept", text: this.#kept });
  }

  async #save(): Promise<void> {
    const { state, text } = this.view.value;
    if (state === "loading" || state === "gone") return;
    if (text !== this.#kept) {
      try {
        await this.#keeping.save(text);
      } catch (error) {
        this.view.merge({ state: isGone(error) ? "gone" : "cut" });
        if (!isGone(error)) this.#later(AGAIN);
        throw error;
      }
      this.#kept = text;
    }
    if (this.view.value.text === text) this.view.merge({ state: "kept" });
  }
}
