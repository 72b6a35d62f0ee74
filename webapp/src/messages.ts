/**
 * What the server says, read at the door: live messages (docs/live.md) and the answers of the HTTP
 * requests the pages make. `null` means "not mine" (a newer server's message); `BrokenMessage` means
 * mine, but not in its form. Notes and keys inside are not verified here.
 */

import type { Case, CaseLetter, CaseRecording, ClosingReason, Kind, Service, TellingService } from "./contracts";
import type {
  Ahead,
  Awaited,
  Call,
  Callback,
  CallbackTold,
  CheckIn,
  Colleague,
  Handover,
  Listener,
  Outcome,
  Fault,
  Problem,
  Ring,
  Seat,
  Seated,
  Signal,
  Stage,
  ToCaller,
  ToDuty,
  Wrapping,
} from "./live-contracts";
import {
  BrokenMessage,
  boolean,
  count,
  id32,
  isRecord,
  list,
  listItemByItem,
  matching,
  orNull,
  record,
  string,
  time,
  word,
  type Read,
} from "./shape";

export const kind = word<Kind>("film", "sound", "advice", "notes");
export const stage = word<Stage>("ringing", "answered", "unanswered", "ended");
const side = word<"caller" | "attorney">("caller", "attorney");
const closing = word<ClosingReason>("stopped", "left", "battery", "device", "storage", "replaced");
const stateCode = matching(/^[A-Z]{2}$/, "two capitals");
const languageTag = matching(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "a language tag");

const fault = record<Fault>({ code: string, line: count, column: string, expected: string, found: string });

const problem: Read<Problem> = record<Required<Problem>>({
  type: string,
  title: string,
  status: count,
  detail: (value, where) => (value === undefined ? "" : string(value, where)),
  faults: (value, where) => (value === undefined ? [] : list(fault)(value, where)),
});

const seat = word<Seat>("caller", "attorney", "interpreter", "colleague", "speaker");
const seated = record<Seated>({ card: orNull(string), here: boolean, support: boolean });

const description: Read<RTCSessionDescriptionInit> = record<RTCSessionDescriptionInit>({
  type: word("offer", "answer", "pranswer", "rollback"),
  sdp: string,
}) as Read<RTCSessionDescriptionInit>;

const offered = record<Ahead>({ note: string, opening: string, description });

/** What is not in its form is not there: it rings all the same, and the console offers. */
const ahead: Read<Ahead | null> = (value, where) => {
  try {
    return orNull(offered)(value, where);
  } catch (error) {
    if (error instanceof BrokenMessage) return null;
    throw error;
  }
};

const ring = record<Ring>({
  encounter: id32,
  seat,
  state: stateCode,
  language: languageTag,
  pressed: time,
  by: orNull(string),
  over: boolean,
  guest: boolean,
  support: boolean,
  ahead,
});

const handover = record<Handover>({
  encounter: id32,
  state: stateCode,
  language: languageTag,
  name: string,
  card: string,
  stage: word("rung", "beside", "arrived", "owed"),
  recordings: list(id32),
  over: boolean,
});

const outcome = word<Outcome>("advised", "referred", "support", "not_reached", "mistake");
const wrapping = record<Wrapping>({ encounter: id32, outcome: orNull(outcome), follow_up: boolean });

const call = record<Call>({
  encounter: id32,
  state: stateCode,
  language: languageTag,
  answered: time,
  recordings: list(id32),
  caller_here: boolean,
  seat,
  attorney: orNull(seated),
  third: orNull(seated),
  support: boolean,
});

const callback = record<Callback>({
  encounter: id32,
  state: stateCode,
  language: languageTag,
  pressed: time,
  deadline: time,
  owner: orNull(string),
  mine: boolean,
  waiting: boolean,
  number: boolean,
});

export const readCallbackTold = record<CallbackTold>({
  deadline: orNull(time),
  until: orNull(time),
  owner: orNull(string),
  left: boolean,
});

const standing = record<Omit<Extract<ToCaller, { type: "standing" }>, "type">>({
  encounter: id32,
  stage,
  rung: list(string),
  card: orNull(string),
  attorney_here: boolean,
  third: orNull(seated),
  colleague: orNull(seated),
  speaker: orNull(seated),
  ended_by: orNull(side),
  callback: orNull(readCallbackTold),
  time,
});

const checkIn = record<CheckIn>({
  encounter: id32,
  state: stateCode,
  stage: word("waiting", "missed", "safe"),
  due: time,
  contacts: count,
  told: count,
  armed: boolean,
});

const desk = record<Omit<Extract<ToDuty, { type: "desk" }>, "type">>({
  on: boolean,
  on_shift: boolean,
  on_call: orNull(time),
  rings: list(ring),
  call: orNull(call),
  check_ins: listItemByItem(checkIn),
  handovers: listItemByItem(handover),
  awaited: list(record<Awaited>({ encounter: id32, by: string })),
  wrapping: orNull(wrapping),
  wrap_up: orNull(time),
  paused: orNull(time),
  callbacks: list(callback),
  to_brief: count,
  listeners: list(record<Listener>({ encounter: id32, here: boolean })),
  time,
});

const candidate: Read<RTCIceCandidateInit> = (value, where) => {
  if (!isRecord(value)) throw new BrokenMessage(where, "an object");
  const found: RTCIceCandidateInit = { candidate: string(value["candidate"] ?? "", `${where}.candidate`) };
  const { sdpMid, sdpMLineIndex, usernameFragment } = value;
  if (sdpMid !== undefined) found.sdpMid = orNull(string)(sdpMid, `${where}.sdpMid`);
  if (sdpMLineIndex !== undefined) {
    found.sdpMLineIndex = orNull(count)(sdpMLineIndex, `${where}.sdpMLineIndex`);
  }
  if (usernameFragment !== undefined) {
    found.usernameFragment = orNull(string)(usernameFragment, `${where}.usernameFragment`);
  }
  return found;
};

/** Absent and null are the same here: a server may write either for a field it does not have. */
function signal(value: unknown, where: string): Signal {
  if (!isRecord(value)) throw new BrokenMessage(where, "an object");
  const found: Signal = {};
  const given = (name: string): boolean => value[name] !== undefined && value[name] !== null;
  if (given("note")) found.note = string(value["note"], `${where}.note`);
  if (given("opening")) found.opening = string(value["opening"], `${where}.opening`);
  if (given("description")) found.description = description(value["description"], `${where}.description`);
  if (given("candidate")) found.candidate = candidate(value["candidate"], `${where}.candidate`);
  if (given("seat")) found.seat = seat(value["seat"], `${where}.seat`);
  return found;
}

export function readToCaller(value: unknown): ToCaller | null {
  if (!isRecord(value)) throw new BrokenMessage("message", "an object");
  switch (value["type"]) {
    case "standing":
      return { type: "standing", ...standing(value, "standing") };
    case "signal":
      return { type: "signal", ...signal(value, "signal") };
    case "problem":
      return { type: "problem", problem: problem(value["problem"], "problem") };
    default:
      return null;
  }
}

export function readToDuty(value: unknown): ToDuty | null {
  if (!isRecord(value)) throw new BrokenMessage("message", "an object");
  const encounter = (): string => id32(value["encounter"], "encounter");
  switch (value["type"]) {
    case "desk":
      return { type: "desk", ...desk(value, "desk") };
    case "taken":
      return { type: "taken", encounter: encounter() };
    case "ended":
      return { type: "ended", encounter: encounter(), by: side(value["by"], "ended.by") };
    case "signal":
      return { type: "signal", encounter: encounter(), ...signal(value, "signal") };
    case "problem":
      return { type: "problem", problem: problem(value["problem"], "problem") };
    default:
      return null;
  }
}

export const iceServer: Read<RTCIceServer> = (value, where) => {
  if (!isRecord(value)) throw new BrokenMessage(where, "an object");
  const urls = value["urls"];
  const found: RTCIceServer = {
    urls: typeof urls === "string" ? urls : list(string)(urls, `${where}.urls`),
  };
  if (typeof value["username"] === "string") found.username = value["username"];
  if (typeof value["credential"] === "string") found.credential = value["credential"];
  return found;
};

const telling = record<TellingService>({
  note: string,
  channels: list(string),
  contacts: count,
  characters: count,
  minutes: list(count),
});

const telephone = matching(/^\+?[0-9][0-9 ()./-]{1,30}$/, "a telephone number");

const officerCard: Read<Record<string, string[]>> = (value, where) => {
  if (!isRecord(value)) throw new BrokenMessage(where, "an object");
  const sentences = list(string);
  return Object.fromEntries(Object.entries(value).map(([tag, lines]) => [tag, sentences(lines, `${where}.${tag}`)]));
};

/** GET /api/service. */
export const readService: Read<Service> = record<Service>({
  origin: string,
  organization_key: string,
  organization: string,
  policy: string,
  demonstration: boolean,
  hotline: orNull(telephone),
  hotline_sms: orNull(telephone),
  officer_card: officerCard,
  engagement: officerCard,
  states: list(stateCode),
  languages: list(languageTag),
  ice: list(iceServer),
  relay: boolean,
  telling,
  time,
});

const caseRecording = record<CaseRecording>({
  recording: id32,
  kind,
  last: count,
  segments: count,
  missing: count,
  closing: orNull(closing),
});

const oneCase = record<Case>({
  encounter: id32,
  state: stateCode,
  language: languageTag,
  pressed: time,
  answered: time,
  ended: orNull(time),
  recordings: listItemByItem(caseRecording),
  letters: listItemByItem(record<CaseLetter>({ recording: id32, author: id32, name: string, time })),
});

/** GET /api/cases; an entry that is broken does not hide the others. */
export const readCases: Read<Case[]> = listItemByItem(oneCase);

/** GET /api/cases/{encounter}/colleagues. */
export const readColleagues: Read<Colleague[]> = listItemByItem(
  record<Colleague>({
    serial: id32,
    name: string,
    speaks: boolean,
    doing: word("free", "in_call", "wrap_up", "away"),
  }),
);

/** GET /api/recordings/{id}/grants: sealed files in base64. */
export const readGrants: Read<string[]> = list(string);

export interface Invitation {
  organization: string;
  used: boolean;
  /** what somebody becomes by it */
  role: string;
}

/** GET /api/invitations/{code}. */
export const readInvitation: Read<Invitation> = record<Invitation>({
  organization: string,
  used: boolean,
  role: string,
});

/** An RFC 9457 body, or null where it is none. */
export function readProblem(value: unknown): Problem | null {
  try {
    return problem(value, "problem");
  } catch (error) {
    if (error instanceof BrokenMessage) return null;
    throw error;
  }
}
