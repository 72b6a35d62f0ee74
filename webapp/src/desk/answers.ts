/** What the server answers coordinators, read at the door: the board, figures, coverage, roster, webhooks. */

import type { BoardCallback, BoardKeys, BoardPerson, BoardPress, BoardSilent, ToDesk } from "../live-contracts";
import { readProblem, stage } from "../messages";
import { ask } from "../service";
import {
  BrokenMessage,
  boolean,
  count,
  id32,
  isRecord,
  list,
  orNull,
  record,
  string,
  time,
  word,
} from "../shape";

const press = record<BoardPress>({
  encounter: id32,
  state: string,
  language: string,
  pressed: time,
  stage,
  rung: count,
  attorney: orNull(string),
  answered: orNull(time),
  callback_due: orNull(time),
  heard: orNull(time),
  here: boolean,
  support: orNull(string),
});

const person = record<BoardPerson>({
  name: string,
  role: string,
  doing: string,
  until: orNull(time),
  states: list(string),
  languages: list(string),
  channels: count,
  failing: count,
  console: boolean,
  on_call: boolean,
  partner: string,
});

const callback = record<BoardCallback>({
  encounter: id32,
  state: string,
  language: string,
  pressed: time,
  deadline: time,
  owner: orNull(string),
  waiting: boolean,
  number: boolean,
  done: orNull(time),
});

const silent = record<BoardSilent>({ name: string, role: string, channels: count, failing: count });
const keys = record<BoardKeys>({ encounter: id32, state: string, language: string, by: string, to: string });

export type Board = Omit<Extract<ToDesk, { type: "board" }>, "type">;

const board = record<Board>({
  presses: list(press),
  people: list(person),
  callbacks: list(callback),
  silent: list(silent),
  keys: list(keys),
  surge: boolean,
  webhooks: count,
  settled: count,
  time,
});

export function readToDesk(value: unknown): ToDesk | null {
  if (!isRecord(value)) throw new BrokenMessage("message", "an object");
  if (value["type"] === "board") return { type: "board", ...board(value, "board") };
  const problem = value["type"] === "problem" ? readProblem(value["problem"]) : null;
  return problem && { type: "problem", problem };
}

export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p95: number | null;
}

export interface Tally {
  presses: number;
  answered: number;
  abandoned: number;
  taken_back: number;
  supported: number;
  promised: number;
  called_back: number;
  drops: number;
  returns: number;
  handed: number;
  conflicts: number;
  follow_ups: number;
  advised: number;
  referred: number;
  support: number;
  not_reached: number;
  mistake: number;
  within_10: number;
  within_15: number;
  answer: Percentiles;
  sound: Percentiles;
  interpreter: Percentiles;
  lag: Percentiles;
}

const percentiles = record<Percentiles>({ p50: orNull(count), p90: orNull(count), p95: orNull(count) });
const TALLY = {
  presses: count,
  answered: count,
  abandoned: count,
  taken_back: count,
  supported: count,
  promised: count,
  called_back: count,
  drops: count,
  returns: count,
  handed: count,
  conflicts: count,
  follow_ups: count,
  advised: count,
  referred: count,
  support: count,
  not_reached: count,
  mistake: count,
  within_10: count,
  within_15: count,
  answer: percentiles,
  sound: percentiles,
  interpreter: percentiles,
  lag: percentiles,
};

export interface Named extends Tally {
  name: string;
}

export interface Day extends Tally {
  day: string;
}

export interface Figures {
  all: Tally;
  state: Named[];
  language: Named[];
  hour: Named[];
  channel: Named[];
  people: { name: string; answered: number }[];
  days: Day[];
  open: number;
}

const named = list(record<Named>({ name: string, ...TALLY }));
const readFigures = record<Figures>({
  all: record<Tally>(TALLY),
  state: named,
  language: named,
  hour: named,
  channel: named,
  people: list(record<{ name: string; answered: number }>({ name: string, answered: count })),
  days: list(record<Day>({ day: string, ...TALLY })),
  open: count,
});

export interface Gap {
  state: string;
  language: string;
  from: string;
  until: string;
  level: "nobody" | "without";
  could: string[];
}

export interface Coverage {
  roster: boolean;
  /** which roster it is */
  number: number;
  gaps: Gap[];
  hours: number;
  covered: number;
}

const readCoverage = record<Coverage>({
  roster: boolean,
  number: count,
  gaps: list(
    record<Gap>({
      state: string,
      language: string,
      from: time,
      until: time,
      level: word("nobody", "without"),
      could: list(string),
    }),
  ),
  hours: count,
  covered: count,
});

export interface Member {
  /** a short name, as the file has it */
  person: string;
  name: string;
  role: string;
  zone: string;
  languages: string[];
  licenses: { state: string; checked: string }[];
  volunteer: boolean;
  areas: string[];
  /** the partner organization whose they are; empty: this one's */
  partner: string;
}

export interface Roster {
  number: number;
  undo: boolean;
  people: Member[];
  rules: number;
}

const readRoster = record<Roster>({
  number: count,
  undo: boolean,
  people: list(
    record<Member>({
      person: string,
      name: string,
      role: string,
      zone: string,
      languages: list(string),
      licenses: list(record<{ state: string; checked: string }>({ state: string, checked: string })),
      volunteer: boolean,
      areas: list(string),
      partner: string,
    }),
  ),
  rules: count,
});

export interface Changes {
  people: number;
  rules: number;
  added: string[];
  removed: string[];
  changed: string[];
  rules_added: number;
  rules_removed: number;
  bare_before: number;
  bare_after: number;
}

const readChanges = record<Changes>({
  people: count,
  rules: count,
  added: list(string),
  removed: list(string),
  changed: list(string),
  rules_added: count,
  rules_removed: count,
  bare_before: count,
  bare_after: count,
});

export interface Delivery {
  number: number;
  endpoint: string;
  type: string;
  made: string;
  tries: number;
  due: string | null;
  done: string | null;
  problem: string;
}

export interface Hooks {
  endpoints: { id: string; url: string; made: string }[];
  deliveries: Delivery[];
  waiting: number;
  secret: string | null;
}

const readHooks = record<Hooks>({
  endpoints: list(record<{ id: string; url: string; made: string }>({ id: string, url: string, made: time })),
  deliveries: list(
    record<Delivery>({
      number: count,
      endpoint: string,
      type: string,
      made: time,
      tries: count,
      due: orNull(time),
      done: orNull(time),
      problem: string,
    }),
  ),
  waiting: count,
  secret: (value, where) => (value === undefined ? null : string(value, where)),
});

const HOOKS = "/api/desk/webhooks";

export const fetchFigures = (days: number): Promise<Figures> => ask(readFigures, `/api/desk/figures?days=${days}`);
export const fetchCoverage = (): Promise<Coverage> => ask(readCoverage, "/api/desk/coverage");
export const fetchRoster = (): Promise<Roster> => ask(readRoster, "/api/desk/roster");
export const tryRoster = (text: string, number: number): Promise<Changes> =>
  ask(readChanges, "/api/desk/roster", "POST", { text, keep: false, number });
export const takeRoster = (text: string, number: number): Promise<Roster> =>
  ask(readRoster, "/api/desk/roster", "POST", { text, keep: true, number });
export const undoRoster = (number: number): Promise<Roster> =>
  ask(readRoster, `/api/desk/roster?number=${number}`, "DELETE");
export const fetchHooks = (): Promise<Hooks> => ask(readHooks, HOOKS);
export const addHook = (url: string): Promise<Hooks> => ask(readHooks, HOOKS, "POST", { url });
export const endHook = (id: string): Promise<Hooks> => ask(readHooks, `${HOOKS}/${id}`, "DELETE");
export const testHook = (id: string): Promise<Hooks> => ask(readHooks, `${HOOKS}/${id}/tests`, "POST");
export const replayOne = ({ endpoint, number }: Delivery): Promise<Hooks> =>
  ask(readHooks, `${HOOKS}/${endpoint}/replays`, "POST", { number });
export const replayHook = (id: string, since: string): Promise<Hooks> =>
  ask(readHooks, `${HOOKS}/${id}/replays`, "POST", { since });
export const calendarPath = (person: string): string =>
  `/api/desk/files/calendar.ics?person=${encodeURIComponent(person)}`;
export const filePath = (name: string, days: number): string => `/api/desk/files/${name}.csv?days=${days}`;
