/** What a page shows of the third in a call. Types and an empty value: the connection is `call-third.ts`. */

import type { CallView } from "./call";
import type { Card } from "./evidence/cards";

export interface ThirdView {
  /** interpreters or responders are rung, and nobody has come yet */
  rung: boolean;
  /** a responder, who gives no legal advice; else an interpreter */
  support: boolean;
  /** who is in the call, once the card was found to name no license */
  card: Card | null;
  /** whether their line is there */
  here: boolean;
  /** the connection with them */
  call: CallView | null;
  /** the card that the server named is a lawyer's, or nobody's */
  refused: boolean;
}

export const NOBODY: ThirdView = { rung: false, support: false, card: null, here: false, call: null, refused: false };
