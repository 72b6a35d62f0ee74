/** Has an opened package made by a worker of its own, which holds the recording's key no longer than that. */

import type { Disclosed, FromDiscloser, ToDiscloser } from "./disclose.worker";
import type { Order } from "./disclose";

export type { Disclosed } from "./disclose.worker";

/** Who signs with a key that a card names. */
export interface CardSigner {
  /** a vkey */
  readonly verifier: string;
  sign(text: string): string;
}

export type Wanted = Omit<Order, "signer">;

/** Rejects where it cannot be made, or once `stop` ends it. */
export function discloseApart(
  wanted: Wanted,
  signer: CardSigner | null,
  stop: AbortSignal,
  progress: (share: number) => void,
): Promise<Disclosed> {
  const worker = new Worker(new URL("./disclose.worker.ts", import.meta.url), { type: "module" });
  const send = (message: ToDiscloser): void => worker.postMessage(message);
  return new Promise<Disclosed>((resolve, reject) => {
    stop.addEventListener("abort", () => reject(stop.reason), { once: true });
    worker.onerror = () => reject(new Error("the worker failed"));
    worker.onmessage = ({ data }: MessageEvent<FromDiscloser>) => {
      if (data.say === "progress") progress(data.share);
      else if (data.say === "sign") {
        try {
          send({ note: signer?.sign(data.text) ?? "" });
        } catch (error) {
          reject(error);
        }
      } else if (data.say === "made") resolve(data.made);
      else reject(new Error("it could not be made"));
    };
    send({ order: { ...wanted, signer: signer?.verifier ?? null } });
  }).finally(() => worker.terminate());
}
