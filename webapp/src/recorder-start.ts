/**
 * The recorder's worker, before there is a recorder: it can load and warm up while the page still loads
 * the rest, and the next press takes it. No camera, no key of any recording.
 */

import type { ToWorker } from "./recorder-messages";

let warm: Worker | null = null;

export function newWorker(): Worker {
  return new Worker(new URL("./recorder.worker.ts", import.meta.url), { type: "module" });
}

function warmedUp(): Worker {
  const worker = newWorker();
  worker.postMessage({ do: "warm" } satisfies ToWorker);
  return worker;
}

/** Loads the worker and its libraries ahead of the recorder. */
export function warmWorker(): void {
  warm ??= warmedUp();
}

/** The worker of one encounter: the warm one, where there is one. */
export function takeWorker(): Worker {
  const worker = warm ?? warmedUp();
  warm = null;
  return worker;
}
