import { describe, expect, test } from "vitest";
import { readCases, readService, readProblem, readToCaller, readToDuty } from "../src/messages";
import { BrokenMessage } from "../src/shape";

const ENCOUNTER = "a".repeat(32);
const TIME = "2026-11-21T20:14:03.120Z";

const standing = {
  type: "standing",
  encounter: ENCOUNTER,
  stage: "ringing",
  rung: ["Ada Advocate"],
  card: null,
  attorney_here: false,
  third: { card: null, here: false, support: true },
  colleague: { card: "a card", here: true, support: false },
  speaker: { card: "a card", here: true, support: false },
  ended_by: null,
  callback: null,
  time: TIME,
};
const call = {
  encounter: ENCOUNTER,
  state: "CA",
  language: "es",
  answered: TIME,
  recordings: [ENCOUNTER],
  caller_here: true,
  seat: "attorney",
  attorney: null,
  third: { card: "a card", here: true, support: true },
  support: false,
};
const ring = { encounter: ENCOUNTER, seat: "interpreter", state: "CA", language: "zh-Hans", pressed: TIME, by: "Ada", over: false, guest: true, support: false, ahead: null };
const handover = {
  encounter: ENCOUNTER,
  state: "TX",
  language: "en",
  name: "Ben",
  card: "a card",
  stage: "beside",
  recordings: [ENCOUNTER],
  over: false,
};
const missed = { encounter: ENCOUNTER, state: "TX", stage: "missed", due: TIME, contacts: 2, told: 1, armed: true };
const callback = {
  encounter: ENCOUNTER,
  state: "CA",
  language: "es",
  pressed: TIME,
  deadline: TIME,
  owner: null,
  mine: false,
  waiting: true,
  number: false,
};
const desk = {
  type: "desk",
  on: true,
  on_shift: true,
  on_call: null,
  rings: [ring],
  call,
  handovers: [handover],
  awaited: [{ encounter: ENCOUNTER, by: "Ada" }],
  wrapping: { encounter: ENCOUNTER, outcome: "advised", follow_up: true },
  wrap_up: null,
  paused: TIME,
  callbacks: [callback],
  to_brief: 2,
  listeners: [{ encounter: ENCOUNTER, here: true }],
  check_ins: [missed],
  time: TIME,
};

describe("what the server says to a phone", () => {
  test("a standing is read as it is", () => {
    expect(readToCaller(standing)).toEqual(standing);
  });

  test("a signal keeps only what it carries; null and absent are the same", () => {
    const given = { type: "signal", note: null, candidate: { candidate: "candidate:1", sdpMid: "0" } };
    expect(readToCaller(given)).toEqual({
      type: "signal",
      candidate: { candidate: "candidate:1", sdpMid: "0" },
    });
  });

  test("a problem without a detail is a problem", () => {
    const problem = { type: "about:blank", title: "Forbidden", status: 403 };
    expect(readToCaller({ type: "problem", problem })).toEqual({
      type: "problem",
      problem: { ...problem, detail: "", faults: [] },
    });
    const fault = { code: "missing", line: 2, column: "name", expected: "", found: "" };
    expect(readProblem({ ...problem, faults: [fault] })?.faults).toEqual([fault]);
    expect(readProblem({ ...problem, faults: [{ ...fault, line: "2" }] })).toBeNull();
  });

  test("a message of a newer server is not mine", () => {
    expect(readToCaller({ type: "weather" })).toBeNull();
  });

  test.each([
    ["no object", "standing"],
    ["an encounter that is none", { ...standing, encounter: "A".repeat(32) }],
    ["a stage nobody knows", { ...standing, stage: "asleep" }],
    ["names that are no list", { ...standing, rung: "Ada" }],
    ["a name that is no text", { ...standing, rung: [7] }],
    ["a time without milliseconds", { ...standing, time: "2026-11-21T20:14:03Z" }],
    ["a missing field", { ...standing, attorney_here: undefined }],
    ["a description of an unknown type", { type: "signal", description: { type: "x", sdp: "" } }],
    ["a description without sdp", { type: "signal", description: { type: "offer" } }],
    ["a candidate that is a text", { type: "signal", candidate: "candidate:1" }],
  ])("%s is broken, and says where", (_, message) => {
    expect(() => readToCaller(message)).toThrow(BrokenMessage);
  });
});

describe("what the server says to a console", () => {
  test("a desk is read as it is, with and without a call", () => {
    expect(readToDuty(desk)).toEqual(desk);
    expect(readToDuty({ ...desk, call: null })).toEqual({ ...desk, call: null });
  });

  test("a hand-over that is broken does not hide the desk", () => {
    expect(readToDuty({ ...desk, handovers: [{ ...handover, stage: "lost" }, handover] })).toEqual(desk);
  });

  test("a check-in that is broken does not hide the desk", () => {
    expect(readToDuty({ ...desk, check_ins: [{ ...missed, stage: "lost" }, missed] })).toEqual(desk);
  });

  test("taken, ended and signal name their encounter", () => {
    const taken = { type: "taken", encounter: ENCOUNTER };
    const ended = { type: "ended", encounter: ENCOUNTER, by: "caller" };
    const signal = { type: "signal", encounter: ENCOUNTER, note: "n", opening: "o", seat: "interpreter" };
    for (const message of [taken, ended, signal]) expect(readToDuty(message)).toEqual(message);
  });

  test.each([
    ["a pause that is no time", { ...desk, paused: true }],
    ["a callback that is nobody's", { ...desk, callbacks: [{ ...callback, owner: 7 }] }],
    ["a ring in no state", { ...desk, rings: [{ ...ring, state: "California" }] }],
    ["a language that is none", { ...desk, rings: [{ ...ring, language: "<b>" }] }],
    ["a call without recordings", { ...desk, call: { ...call, recordings: null } }],
    ["ended by nobody", { type: "ended", encounter: ENCOUNTER, by: "server" }],
    ["a third without a card's place", { ...desk, call: { ...call, third: { here: true } } }],
    ["a ring for a seat that is none", { ...desk, rings: [{ ...ring, seat: "judge" }] }],
    ["a signal from nowhere", { type: "signal", encounter: ENCOUNTER, seat: "judge" }],
    ["a signal of no encounter", { type: "signal", note: "n" }],
  ])("%s is broken", (_, message) => {
    expect(() => readToDuty(message)).toThrow(BrokenMessage);
  });
});

describe("what HTTP answers", () => {
  const service = {
    origin: "accompany.example/log",
    organization_key: "k",
    organization: "o",
    policy: "p",
    demonstration: true,
    hotline: "+1 800 555 0100",
    hotline_sms: null,
    officer_card: {},
    engagement: {},
    telling: { note: "", channels: [], contacts: 5, characters: 300, minutes: [0, 15] },
    states: ["CA"],
    languages: ["en", "zh-Hans"],
    ice: [{ urls: ["stun:relay.example"] }],
    relay: true,
    time: TIME,
  };

  test("the service is read; a newer field does not break it", () => {
    expect(readService({ ...service, weather: "fine" }, "service")).toEqual(service);
  });

  test("the organization's officer card is read by language", () => {
    const card = { en: ["I am silent."], es: ["Guardo silencio."] };
    expect(readService({ ...service, officer_card: card }, "service").officer_card).toEqual(card);
    expect(() => readService({ ...service, officer_card: { en: "all" } }, "service")).toThrow("service.officer_card.en");
  });

  test("a hotline that is no telephone number is refused: it becomes a link", () => {
    expect(() => readService({ ...service, hotline: "javascript:alert(1)" }, "service")).toThrow(
      "service.hotline",
    );
  });

  test("one broken case does not hide the others, nor one recording the rest of its case", () => {
    const recording = {
      recording: ENCOUNTER,
      kind: "film",
      last: 9,
      segments: 8,
      missing: 0,
      closing: "stopped",
    };
    const good = {
      encounter: ENCOUNTER,
      state: "CA",
      language: "es",
      pressed: TIME,
      answered: TIME,
      ended: null,
      recordings: [recording],
      letters: [{ recording: ENCOUNTER, author: ENCOUNTER, name: "Ada", time: TIME }],
    };
    const half = { ...good, recordings: [{ ...recording, kind: "song" }, recording] };
    expect(readCases([{ ...good, state: 7 }, good, half], "cases")).toEqual([good, good]);
  });
});
