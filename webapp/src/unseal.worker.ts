/** Opens a sealed package off the page: the worker's side of `unseal`. */

import { openPackage } from "./opened";
import type { FromUnsealer, ToUnsealer } from "./unseal";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const say = (message: FromUnsealer) => scope.postMessage(message);

scope.onmessage = ({ data }: MessageEvent<ToUnsealer>) => {
  const progress = (done: number, all: number) => say({ say: "progress", done, all });
  openPackage(data.sealed, data.identity, progress).then(
    (unsealed) => say({ say: "unsealed", unsealed }),
    (error: unknown) => say({ say: "failed", code: error instanceof Error ? error.name.toLowerCase() : "unknown" }),
  );
};
