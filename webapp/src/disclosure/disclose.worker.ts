/** Makes an opened package off the page: the worker's side of `run`. What is to be signed, the page signs. */

import { makeCourtCopy } from "./court-copy";
import { type Disclosing, type Order, disclose, ownSigner } from "./disclose";
import { utf8 } from "../evidence/text";
import { readPackage } from "../opened";

export type ToDiscloser = { order: Order } | { note: string };
export type FromDiscloser =
  | { say: "progress"; share: number }
  | { say: "sign"; text: string }
  | { say: "made"; made: Disclosed }
  | { say: "failed" };

/** What became of it. */
export interface Disclosed {
  readonly package: Blob;
  readonly film: Blob;
  readonly copy: Blob | null;
  /** whose signature it carries, a vkey */
  readonly signer: string;
}

const scope = self as unknown as DedicatedWorkerGlobalScope;
const say = (message: FromDiscloser): void => scope.postMessage(message);

let begun: { disclosing: Disclosing; signer: string } | null = null;

async function begin(order: Order): Promise<void> {
  const { opening } = await readPackage(order.sealed, []);
  const own = order.signer === null ? ownSigner(opening.recording) : null;
  const signer = order.signer ?? String(own?.verifier);
  const copied = (film: Blob, mark: string) => makeCourtCopy(film, opening.recording, mark);
  const disclosing = await disclose({ ...order, signer, copied }, (share) => say({ say: "progress", share }));
  begun = { disclosing, signer };
  if (own === null) return say({ say: "sign", text: disclosing.text });
  await finish(own.sign(disclosing.text));
  own.forget();
}

async function finish(note: Uint8Array<ArrayBuffer>): Promise<void> {
  if (begun === null) throw new Error("nothing was begun");
  const { disclosing, signer } = begun;
  say({ say: "made", made: { package: await disclosing.finish(note), film: disclosing.film, copy: disclosing.copy, signer } });
}

scope.onmessage = ({ data }: MessageEvent<ToDiscloser>) => {
  const done = "order" in data ? begin(data.order) : finish(new Uint8Array(utf8(data.note)));
  done.catch(() => say({ say: "failed" }));
};
