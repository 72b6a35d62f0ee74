/** What page and worker say to each other about a verification, in plain values. */

import type { Verdict } from "./findings";
import type { Facts } from "./report";

/** What was handed in beside the package, as it was handed in. */
export interface Given {
  readonly policy: Blob | null;
  readonly anchors: readonly Blob[];
  readonly signer: string;
  readonly heads: readonly Blob[];
  readonly openEnded: boolean;
}

/** Which of them could not be read. */
export type Unread = "policy" | "anchors" | "signer" | "heads";

export interface FindingSaid {
  readonly code: string;
  readonly verdict: Verdict;
  readonly text: string;
  readonly file: string;
  readonly expected: string;
  readonly found: string;
  readonly accepted: boolean;
}

export interface ReportSaid {
  readonly exit: 0 | 1 | 2;
  readonly findings: readonly FindingSaid[];
  readonly meaning: string;
  readonly notShown: readonly string[];
  readonly facts: Facts;
  /** the film of an opened package, only where it is what the shown segments hold */
  readonly film: Blob | null;
}

export interface ToVerifier {
  readonly file: Blob;
  readonly given: Given;
}

export type FromVerifier =
  | { say: "read"; bytes: number }
  | { say: "report"; report: ReportSaid }
  | { say: "unread"; which: Unread; why: string }
  | { say: "failed"; why: string };
