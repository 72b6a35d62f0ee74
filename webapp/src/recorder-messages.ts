/** What the page and the recorder's worker say to each other: types only. Bytes are transferred. */

import type { ClosingReason, GapReason, Head, Kind, Leftovers } from "./contracts";

/** What the worker has to know of the press. */
export interface Press {
  readonly encounter: string;
  readonly guestCode: string;
  readonly origin: string;
  /** vkeys */
  readonly organizationKey: string;
  readonly logKey: string;
  readonly receiptsKey: string;
  /** age recipient of the organization's custodian */
  readonly custodian: string;
  /** base64 public key that may ask for deletion, or null */
  readonly deletion: string | null;
}

/** `time` is the device's clock in milliseconds, `offset` milliseconds since the opening. */
export type ToWorker =
  | { do: "warm" }
  | { do: "prepare"; press: Press }
  | { do: "open"; kind: Kind; media: string; time: number }
  | { do: "segment"; data: Uint8Array; time: number; offset: number; duration: number }
  | { do: "gap"; time: number; offset: number; duration: number; reason: GapReason }
  | { do: "close"; time: number; offset: number; reason: ClosingReason }
  | { do: "answer"; id: number; text: string }
  | { do: "grant"; id: number; card: string }
  | { do: "lock" }
  | { do: "online" }
  | { do: "leftovers" };

export interface QueueState {
  /** milliseconds of film or sound that exist only here */
  readonly unsafe: number;
  readonly waiting: number;
  /** milliseconds since the last verified receipt while something waits, else 0 */
  readonly silence: number;
  readonly problem: string | null;
  readonly granted: boolean;
  /** everything made so far is safe, and nothing more will be made */
  readonly finished: boolean;
}

export type FromWorker =
  | { say: "opened"; recording: string; kind: Kind; opening: string }
  | { say: "head"; head: Head }
  | { say: "queue"; queue: QueueState }
  | { say: "done"; id: number; note: string | null }
  | { say: "refused"; id: number; code: string }
  | { say: "leftovers"; leftovers: Leftovers; finished: boolean }
  | { say: "failed"; code: string };
