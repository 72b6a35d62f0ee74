/**
 * Opens a sealed package with an attorney's identity, for the case page: in a worker of its own,
 * for an hour of film is seven thousand segments. What is checked stands in `opened`.
 */

import type { Unsealed } from "./opened";

export type { Unsealed } from "./opened";

export interface ToUnsealer {
  readonly sealed: Blob;
  readonly identity: string;
}

export type FromUnsealer =
  | { say: "progress"; done: number; all: number }
  | { say: "unsealed"; unsealed: Unsealed }
  | { say: "failed"; code: string };

/** Why a package cannot be opened at all: `malformed` (no package), `doesnothold` (not for this key). */
export class Unopenable extends Error {
  override name = "Unopenable";
  constructor(readonly code: string) {
    super(`the package cannot be opened: ${code}`);
  }
}

/**
 * Returns the film or sound in `sealed` and what was found wrong with it; damaged segments are left
 * out and named. Rejects with Unopenable where nothing can be shown at all.
 */
export function unseal(
  sealed: Blob | ArrayBuffer,
  identity: string,
  progress: (done: number, all: number) => void = () => undefined,
): Promise<Unsealed> {
  const worker = new Worker(new URL("./unseal.worker.ts", import.meta.url), { type: "module" });
  const blob = sealed instanceof Blob ? sealed : new Blob([sealed]);
  return new Promise<Unsealed>((resolve, reject) => {
    worker.onerror = () => reject(new Unopenable("worker"));
    worker.onmessage = ({ data }: MessageEvent<FromUnsealer>) => {
      if (data.say === "progress") progress(data.done, data.all);
      else if (data.say === "unsealed") resolve(data.unsealed);
      else reject(new Unopenable(data.code));
    };
    worker.postMessage({ sealed: blob, identity } satisfies ToUnsealer);
  }).finally(() => worker.terminate());
}
