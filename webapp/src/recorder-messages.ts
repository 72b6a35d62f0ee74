/** What the page and the recorder's worker say to each other: types, and who holds. Bytes are transferred. */

import type { Measured } from "./budget";
import type { ReleaseGrant } from "./people/release";
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
  /** the caller's own recipient, or null */
  readonly own: string | null;
  /** hex: where to file what only that key finds again, or null: the recording keeps a secret of its own */
  readonly locator: string | null;
  /** base64: lets the encounter in beside the guest code, or null */
  readonly token: string | null;
  /** age recipient that gets each recording where the caller is missed, or null */
  readonly release: string | null;
}

/** Whom a recording is granted to before its first segment. */
export const holdersOf = ({ custodian, own }: Press): string[] => (own === null ? [custodian] : [custodian, own]);

/**
 * `slot` numbers the recordings of one encounter on this phone, from 0. `time` is in milliseconds by the
 * clock that statements go by (`clock`), `offset` milliseconds since that recording's opening.
 */
export type ToWorker =
  | { do: "warm" }
  | { do: "prepare"; press: Press; time: number }
  | { do: "open"; slot: number; kind: Kind; media: string; time: number; continues: number | null }
  | { do: "segment"; slot: number; data: Uint8Array; time: number; offset: number; duration: number }
  | { do: "gap"; slot: number; time: number; offset: number; duration: number; reason: GapReason }
  | { do: "close"; slot: number; time: number; offset: number; reason: ClosingReason }
  | { do: "answer"; id: number; slot: number; text: string }
  | { do: "grant"; id: number; card: string }
  | { do: "lock" }
  | { do: "call"; roundTrip: number | null }
  | { do: "online" }
  | { do: "leftovers" };

/** All recordings of the encounter together. */
export interface QueueState {
  /** milliseconds of film, or of sound where that is more, that exist only here */
  readonly unsafe: number;
  readonly waiting: number;
  /** milliseconds since the last verified receipt while something waits, else 0 */
  readonly silence: number;
  readonly problem: string | null;
  readonly granted: boolean;
  /** everything made so far is safe, and nothing more will be made */
  readonly finished: boolean;
  readonly line: Measured;
  /** film waits so that the call is heard */
  readonly held: boolean;
  /** the phone's storage is used up but for the reserve */
  readonly full: boolean;
}

export type FromWorker =
  | { say: "opened"; slot: number; recording: string; kind: Kind; opening: string }
  | { say: "head"; head: Head }
  | { say: "released"; made: ReleaseGrant }
  | { say: "queue"; queue: QueueState }
  | { say: "done"; id: number; note: string | null }
  | { say: "refused"; id: number; code: string }
  | { say: "leftovers"; leftovers: Leftovers; finished: boolean }
  | { say: "failed"; slot: number | null; code: string };
