/** What goes over the live sockets (docs/live.md): types only. Python's side of it: web/messages.py. */

import type { Kind } from "./contracts";

export type Stage = "ringing" | "answered" | "unanswered" | "ended";

/** Where somebody sits in a call. */
export type Seat = "caller" | "attorney" | "interpreter" | "colleague" | "speaker";

/** Somebody else in the call; `card` null: they are only rung, and nobody has come yet. */
export interface Seated {
  card: string | null;
  here: boolean;
  /** a responder, who gives no legal advice; else, third, an interpreter */
  support: boolean;
}

export interface Signal {
  note?: string;
  opening?: string;
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit | null;
  /** whom it is for, or whom it is from, wherever an interpreter is one of the two */
  seat?: Seat;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** of what somebody wrote: everything that is wrong with it */
  faults?: Fault[];
}

/** One thing that is wrong; `line` counts from 1, 0 is no line of a file */
export interface Fault {
  code: string;
  line: number;
  column: string;
  expected: string;
  found: string;
}

export type CallerMessage =
  | { type: "press"; encounter: string; secret: string; state: string; language: string; guest_code: string; token?: string }
  | { type: "recording"; recording: string; kind: Kind }
  | ({ type: "signal" } & Signal)
  | { type: "ahead"; note: string; opening: string; description: RTCSessionDescriptionInit }
  | { type: "heard" }
  | { type: "shown"; digest: string }
  | { type: "end" };

export type ToCaller =
  | {
      type: "standing";
      encounter: string;
      stage: Stage;
      rung: string[];
      card: string | null;
      attorney_here: boolean;
      third: Seated | null;
      colleague: Seated | null;
      /** an attorney who speaks to this caller and to others while they wait */
      speaker: Seated | null;
      ended_by: "caller" | "attorney" | null;
      /** whether a number may be left to be called back on */
      callback: CallbackTold | null;
      time: string;
    }
  | ({ type: "signal" } & Signal)
  | { type: "problem"; problem: Problem };

export interface BoardPress {
  encounter: string;
  state: string;
  language: string;
  pressed: string;
  stage: Stage;
  rung: number;
  attorney: string | null;
  answered: string | null;
  callback_due: string | null;
  heard: string | null;
  here: boolean;
  /** which responder is with the caller */
  support: string | null;
}

export interface BoardPerson {
  name: string;
  role: string;
  doing: string;
  until: string | null;
  states: string[];
  languages: string[];
  channels: number;
  failing: number;
  console: boolean;
  /** rung on channels of their own: no page has to be open */
  on_call: boolean;
  /** the partner organization whose they are; empty: this one's */
  partner: string;
}

/** Somebody who is not on duty, and whose own channels fail. */
export interface BoardSilent {
  name: string;
  role: string;
  channels: number;
  failing: number;
}

export interface BoardCallback {
  encounter: string;
  state: string;
  language: string;
  pressed: string;
  deadline: string;
  owner: string | null;
  waiting: boolean;
  /** the caller left one to be called back on */
  number: boolean;
  done: string | null;
}

/** Keys of recordings that `by` has not sealed to `to`, who has the case */
export interface BoardKeys {
  encounter: string;
  state: string;
  language: string;
  by: string;
  to: string;
}

export type FromDesk =
  | { type: "look" }
  | { type: "owed"; encounter: string; what: "done" | "undone" | "mine" };

export type ToDesk =
  | { type: "board"; presses: BoardPress[]; people: BoardPerson[]; callbacks: BoardCallback[]; keys: BoardKeys[]; silent: BoardSilent[]; surge: boolean; webhooks: number; settled: number; time: string }
  | { type: "problem"; problem: Problem };

export type DutyMessage =
  | { type: "duty"; on: boolean; languages: string[] }
  | { type: "answer"; encounter: string; note: string; description: RTCSessionDescriptionInit }
  | { type: "decline"; encounter: string }
  | ({ type: "signal"; encounter: string } & Signal)
  | { type: "end"; encounter: string }
  | { type: "invite"; encounter: string; language: string }
  | { type: "dismiss"; encounter: string }
  | { type: "join"; encounter: string }
  | { type: "leave"; encounter: string }
  | { type: "extend" }
  | { type: "ready" }
  | { type: "hand"; encounter: string; to: string }
  | { type: "take"; encounter: string; note?: string; description?: RTCSessionDescriptionInit }
  | { type: "arrived"; encounter: string }
  | { type: "remain"; encounter: string }
  | { type: "handed"; encounter: string }
  | { type: "conflict"; encounter: string }
  | { type: "shown"; encounter: string; digest: string }
  | { type: "outcome"; encounter: string; outcome: Outcome; follow_up: boolean }
  | { type: "brief"; on: boolean }
  | { type: "callback"; encounter: string; done: boolean };

/** What came of a call, as the desk counts it. */
export type Outcome = "advised" | "referred" | "support" | "not_reached" | "mistake";

export interface Ring {
  encounter: string;
  /** what for: as the attorney, or as an interpreter beside one */
  seat: Seat;
  state: string;
  language: string;
  pressed: string;
  /** a hand-over: who has the case until now, and whether its call is over */
  by: string | null;
  over: boolean;
  /** the press came by an organization's code, not from a phone that was enrolled */
  guest: boolean;
  /** for the third seat as a responder: for support that is not advice */
  support: boolean;
  ahead: Ahead | null;
}

/** What a phone offers while it rings, to whoever answers: signed, and without an address. */
export interface Ahead {
  note: string;
  opening: string;
  description: RTCSessionDescriptionInit;
}

/** A case of this console whose keys somebody owes */
export interface Awaited {
  encounter: string;
  by: string;
}

/** A case on its way from this console to a colleague's. */
export interface Handover {
  encounter: string;
  state: string;
  language: string;
  name: string;
  /** the colleague's card, to be checked before anything is sealed to it */
  card: string;
  stage: "rung" | "beside" | "arrived" | "owed";
  recordings: string[];
  over: boolean;
}

/** The call that the wrap-up belongs to. */
export interface Wrapping {
  encounter: string;
  outcome: Outcome | null;
  follow_up: boolean;
}

/** Somebody who could take a case over. */
export interface Colleague {
  serial: string;
  name: string;
  speaks: boolean;
  doing: "free" | "in_call" | "wrap_up" | "away";
}

export interface Call {
  encounter: string;
  state: string;
  language: string;
  answered: string;
  recordings: string[];
  caller_here: boolean;
  /** as what this console is in the call */
  seat: Seat;
  /** for an interpreter and a colleague who takes over: the attorney, once one has answered */
  attorney: Seated | null;
  /** for an attorney: the interpreter, or a responder */
  third: Seated | null;
  /** whether this console is in it as a responder */
  support: boolean;
}

export interface CheckIn {
  encounter: string;
  state: string;
  stage: "waiting" | "missed" | "safe";
  due: string;
  contacts: number;
  told: number;
  armed: boolean;
}

/** A callback that is owed; `owner` null: the coordinator. */
export interface Callback {
  encounter: string;
  state: string;
  language: string;
  pressed: string;
  deadline: string;
  owner: string | null;
  mine: boolean;
  /** the caller still rings */
  waiting: boolean;
  /** the caller left one to be called back on */
  number: boolean;
}

/** What a caller is told of their callback: as long as one may be left, a number may. */
export interface CallbackTold {
  /** null: nobody owes one yet */
  deadline: string | null;
  /** when a number is destroyed at the latest; null as above */
  until: string | null;
  /** the card of who is to call, or null */
  owner: string | null;
  left: boolean;
}

/** Somebody who waits, and to whom this console speaks. */
export interface Listener {
  encounter: string;
  here: boolean;
}

export type ToDuty =
  | {
      type: "desk";
      on: boolean;
      on_shift: boolean;
      /** until when their own channels ring, with no page open */
      on_call: string | null;
      rings: Ring[];
      call: Call | null;
      handovers: Handover[];
      awaited: Awaited[];
      wrapping: Wrapping | null;
      wrap_up: string | null;
      paused: string | null;
      callbacks: Callback[];
      /** to how many who wait this console could speak at once, in a surge */
      to_brief: number;
      listeners: Listener[];
      check_ins: CheckIn[];
      time: string;
    }
  | { type: "taken"; encounter: string }
  | { type: "ended"; encounter: string; by: "caller" | "attorney" }
  | ({ type: "signal"; encounter: string } & Signal)
  | { type: "problem"; problem: Problem };
