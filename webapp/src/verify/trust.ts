/** What a verifier is told from outside. Twin of `Trust` in src/accompany/evidence/verify.py. */

import type { Verifier } from "../evidence/notes";
import type { KeptHead } from "./heads";
import type { Policy } from "./policy";

/** What is believed from outside the package; everything in it is a claim. */
export interface Trust {
  readonly policy: Policy | null;
  readonly signer: Verifier | null;
  readonly openEnded: boolean;
  readonly heads: readonly KeptHead[];
  /** certificates of time-stamp authorities, DER */
  readonly anchors: readonly Uint8Array[];
}

export const NO_TRUST: Trust = { policy: null, signer: null, openEnded: false, heads: [], anchors: [] };
