/** Whether a server names the pinned key, asked before the kit and its cryptography are there. */

import type { Service } from "../contracts";
import { utf8, writeBase32 } from "../evidence/text";
import { pinned } from "./choices";
import { loadKit } from "./kit-loader";

/** As `pinOf` (trust.ts); by the browser's own SHA-256, which only secure contexts have. */
export async function browserPinOf(vkey: string): Promise<string> {
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return (await loadKit()).pinOf(vkey);
  const digest = await subtle.digest("SHA-256", new Uint8Array(utf8(vkey)));
  return writeBase32(new Uint8Array(digest, 0, 20));
}

/** True as well where nothing is pinned yet. */
export async function namesPinned(service: Service): Promise<boolean> {
  const pin = pinned();
  return pin === null || (await browserPinOf(service.organization_key)) === pin;
}
