/** Something that takes its time to be made, and can be stopped: of what was stopped nothing is shown any more. */

import { Store } from "../store";

export type MakingView<Made> =
  | { is: "asking" | "failed" }
  | { is: "making"; share: number }
  | { is: "made"; made: Made };

/** Makes it, and tells how far it is; what it does not end itself once `stop` is aborted is not waited for. */
export type Make<Made> = (stop: AbortSignal, progress: (share: number) => void) => Promise<Made>;

export class Making<Made> {
  readonly view = new Store<MakingView<Made>>({ is: "asking" });
  #stopping: AbortController | null = null;

  /** Makes it instead of whatever is being made; returns what became of it. */
  async make(make: Make<Made>): Promise<"made" | "failed" | "stopped"> {
    this.#stopping?.abort();
    const stopping = new AbortController();
    this.#stopping = stopping;
    const show = (view: MakingView<Made>): boolean => {
      const mine = this.#stopping === stopping;
      if (mine) this.view.set(view);
      return mine;
    };
    show({ is: "making", share: 0 });
    try {
      const made = await make(stopping.signal, (share) => void show({ is: "making", share }));
      return show({ is: "made", made }) ? "made" : "stopped";
    } catch {
      return show({ is: "failed" }) ? "failed" : "stopped";
    }
  }

  /** Ends what is being made, and forgets what was. */
  stop(): void {
    this.#stopping?.abort();
    this.#stopping = null;
    this.view.set({ is: "asking" });
  }
}
