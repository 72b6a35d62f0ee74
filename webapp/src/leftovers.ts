/**
 * The page's side of sending what earlier lives left: starts a worker for it and tells how far it
 * is. Safe to call at every start and in every tab.
 */

import type { Leftovers } from "./contracts";
import { sendLater } from "./later";
import type { FromWorker, ToWorker } from "./recorder-messages";
import { newWorker } from "./recorder-start";

export interface LeftoverSender {
  readonly state: Leftovers;
  /** calls back at once and after every change; returns how to stop */
  watch(callback: (leftovers: Leftovers) => void): () => void;
  /** resolves once nothing is left that could go */
  readonly finished: Promise<Leftovers>;
  stop(): void;
}

/** Sends the rest of old recordings. Whose receipts count was pinned when they were made. */
export function sendLeftovers(): LeftoverSender {
  const worker = newWorker();
  const watchers = new Set<(leftovers: Leftovers) => void>();
  let state: Leftovers = { recordings: 0, waiting: 0, sent: 0, lost: 0, stranded: 0 };
  const send = (message: ToWorker) => worker.postMessage(message);
  const online = () => send({ do: "online" });
  const stop = () => {
    window.removeEventListener("online", online);
    worker.terminate();
  };
  const finished = new Promise<Leftovers>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.say !== "leftovers") return;
      state = data.leftovers;
      sendLater(state.waiting, Number.POSITIVE_INFINITY);
      for (const watcher of [...watchers]) watcher(state);
      if (!data.finished) return;
      stop();
      resolve(state);
    };
  });
  window.addEventListener("online", online);
  send({ do: "leftovers" });
  return {
    get state() {
      return state;
    },
    watch(callback) {
      watchers.add(callback);
      callback(state);
      return () => watchers.delete(callback);
    },
    finished,
    stop,
  };
}
