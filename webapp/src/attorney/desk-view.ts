/** What a console shows. The desk itself is `desk.ts`. */

import type { CallView } from "../call";
import type { Awaited, Call, Callback, CheckIn, Handover, Problem, Ring, Wrapping } from "../live-contracts";
import type { Connection } from "../live";
import { NOBODY } from "../third-view";
import type { BriefingView } from "./briefing";
import type { ThirdSeatView } from "./third-seat";

export interface DeskView {
  connection: Connection;
  /** null until the server said something */
  on: boolean | null;
  /** false: the roster has nobody ring this console now, but in a surge */
  onShift: boolean;
  /** until when own channels ring, with this page closed */
  onCall: string | null;
  /** until when, RFC 3339: after a call; after misses */
  wrapUp: string | null;
  paused: string | null;
  /** the call that the wrap-up is for */
  wrapping: Wrapping | null;
  /** cases of this console on their way to colleagues, and what is wrong with sealing their keys */
  handovers: readonly Handover[];
  /** cases of this console whose keys somebody owes */
  awaited: readonly Awaited[];
  handing: "card" | "sealing" | null;
  callbacks: readonly Callback[];
  /** in a surge: to how many who wait this console could speak at once */
  toBrief: number;
  /** to how many it does */
  briefing: BriefingView;
  checkIns: readonly CheckIn[];
  rings: readonly Ring[];
  /** the call as the server knows it */
  call: Call | null;
  /** the encounter that was answered here and that the server has not confirmed yet */
  answering: string | null;
  /** the call's own view, while there is one */
  talk: CallView | null;
  /** the interpreter in it, or the call in which this console interprets */
  seats: ThirdSeatView;
  heads: number;
  /** what ended, for a sentence on the desk */
  news: News | null;
  /** counts the calls that ended, so that cases are fetched again */
  ended: number;
  problem: Problem | null;
}

export type News =
  | { is: "taken" }
  /** what was accepted here rang no longer when the server was back */
  | { is: "gone" }
  | { is: "ended"; by: "caller" | "attorney" }
  /** the case is a colleague's now */
  | { is: "handed"; name: string }
  /** a colleague's hand-over to this console is off */
  | { is: "off" }
  | { is: "conflict" };

/** Before the server said anything. */
export const QUIET: DeskView = {
  connection: "connecting",
  on: null,
  onShift: true,
  onCall: null,
  wrapUp: null,
  paused: null,
  wrapping: null,
  handovers: [],
  awaited: [],
  handing: null,
  callbacks: [],
  toBrief: 0,
  briefing: { to: 0, heard: 0 },
  checkIns: [],
  rings: [],
  call: null,
  answering: null,
  talk: null,
  seats: { third: NOBODY, interpreting: null },
  heads: 0,
  news: null,
  ended: 0,
  problem: null,
};
