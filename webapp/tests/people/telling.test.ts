import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  changePeople,
  freeSign,
  keepCheckIn,
  keepPeople,
  keptCheckIns,
  keptPeople,
  movedUp,
  NOBODY,
  withContact,
  type KeptContact,
} from "../../src/people/kept";
import { sentenceOf } from "../../src/people/panel";
import { countOf, Telling, type Fate, type TellingState } from "../../src/people/telling";

const PRESS = { encounter: "e".repeat(32), secret: "s" };
/** as the encounter has it: with more than is asked for */
const WHOLE = { ...PRESS, type: "press", state: "TX", guest_code: "code" };
const PEOPLE = { recipient: "age1pq", minutes: 15, contacts: [{ sign: 1, sealed: "AAAA" }, { sign: 3, sealed: "BBBB" }] };
const DUE = "2026-11-21T20:14:03.120Z";

const state = (part: Partial<TellingState>, ...pressed: Fate[]): TellingState => ({
  stage: "waiting",
  due: DUE,
  armed: true,
  contacts: pressed.map((fate) => ({ pressed: fate, safe: "none", overdue: "none" })),
  release: null,
  ...part,
});

interface Asked {
  path: string;
  method: string;
  body: Record<string, unknown> | null;
  bearer: string | null;
}

/** A server that answers in turn: a state, a status, or nothing at all. */
class Answers {
  readonly asked: Asked[] = [];
  constructor(private readonly waiting: (TellingState | number | null)[]) {}

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : null;
    const bearer = new Headers(init.headers).get("authorization");
    this.asked.push({ path, method: init.method ?? "GET", body, bearer });
    await Promise.resolve();
    const next = this.waiting.length > 1 ? this.waiting.shift() : this.waiting[0];
    if (next === null || next === undefined) throw new TypeError("no line");
    if (typeof next === "number") return Response.json({ type: "x", title: "x", status: next }, { status: next });
    return Response.json(next);
  };

  get said(): string[] {
    return this.asked.map(({ method, path }) => `${method} ${path.replace("/api/tellings", "")}`.trim());
  }
}

function answering(...waiting: (TellingState | number | null)[]): Answers {
  const answers = new Answers(waiting);
  vi.stubGlobal("fetch", answers.fetch);
  return answers;
}

beforeEach(() => {
  vi.useFakeTimers();
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("telling", () => {
  test("hands in what was sealed, once the press was admitted, and asks until all are told", async () => {
    const answers = answering(state({}, "waiting", "waiting"), state({}, "told", "waiting"), state({}, "told", "told"));
    const telling = Telling.of(WHOLE, PEOPLE, 0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toEqual([]);
    telling.begin();
    telling.begin();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers.said).toEqual(["POST", "GET", "GET"]);
    const [begun] = answers.asked;
    expect(begun?.body).toEqual({ ...PRESS, contacts: ["AAAA", "BBBB"], minutes: 15, check_in: expect.any(String) });
    expect(answers.asked[1]?.bearer).toBe(`Bearer ${String(begun?.body?.["check_in"])}`);
    expect(countOf(telling.view.value.state ?? state({}))).toEqual({ told: 2, failed: 0, all: 2 });
    telling.stop();
  });

  test("a line that comes back tells nobody of a press that may be taken back", async () => {
    const back = new Set<() => void>();
    vi.stubGlobal("addEventListener", (_: string, heard: () => void) => back.add(heard));
    vi.stubGlobal("removeEventListener", (_: string, heard: () => void) => back.delete(heard));
    const answers = answering(state({}, "told", "told"));
    const telling = Telling.of(PRESS, PEOPLE, 0);
    for (const heard of back) heard();
    await vi.advanceTimersByTimeAsync(9_000);
    telling.takeBack();
    for (const heard of back) heard();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toEqual([]);
    const meant = Telling.of(PRESS, PEOPLE, 0);
    meant.begin();
    for (const heard of back) heard();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answers.said).toEqual(["POST"]);
    meant.stop();
  });

  test("tries for ever where there is no line, and where the press has not arrived", async () => {
    const answers = answering(null, null, 404, 503, state({ due: null }, "told"));
    const telling = Telling.of(WHOLE, PEOPLE, 0);
    telling.begin();
    await vi.advanceTimersByTimeAsync(1);
    expect(telling.view.value).toMatchObject({ cut: true, state: null });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(answers.said).toEqual(["POST", "POST", "POST", "POST", "POST"]);
    expect(telling.view.value).toMatchObject({ cut: false, refused: false });
    // Nobody is waited for: nothing more is asked.
    await vi.advanceTimersByTimeAsync(600_000);
    expect(answers.asked).toHaveLength(5);
  });

  test("counts who got the message of the moment, not who got an earlier one", () => {
    const missed = state({ stage: "missed" }, "told", "told");
    Object.assign(missed.contacts[0] ?? {}, { overdue: "waiting" });
    Object.assign(missed.contacts[1] ?? {}, { overdue: "failed" });
    expect(countOf(missed)).toEqual({ told: 0, failed: 1, all: 2 });
    expect(countOf({ ...missed, stage: "waiting" })).toEqual({ told: 2, failed: 0, all: 2 });
  });

  test("says so where the server does not take it, and asks no more", async () => {
    const answers = answering(400);
    const telling = Telling.of(WHOLE, PEOPLE, 0);
    telling.begin();
    await vi.advanceTimersByTimeAsync(600_000);
    telling.begin();
    expect(answers.said).toEqual(["POST"]);
    expect(telling.view.value.refused).toBe(true);
    expect(keptCheckIns(0)).toEqual([]);
  });

  test("hands the contacts in again to a server that forgot them", async () => {
    const lost = state({ stage: "missed", armed: false }, "told", "told");
    lost.contacts.forEach((one) => Object.assign(one, { overdue: "waiting" }));
    const told = { ...lost, armed: true };
    const answers = answering(state({}, "told", "told"), lost, told);
    const telling = Telling.of(WHOLE, PEOPLE, 0);
    telling.begin();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(answers.said.slice(0, 3)).toEqual(["POST", "GET", "POST /contacts"]);
    expect(answers.asked[2]?.body).toEqual({ contacts: ["AAAA", "BBBB"] });
    telling.stop();
  });

  test("a page that was opened again says that the caller is safe, and forgets the secret", async () => {
    const secret = `${"A".repeat(43)}=`;
    keepCheckIn({ secret, begun: 1000 });
    const safe = state({ stage: "safe" }, "told");
    safe.contacts.forEach((one) => Object.assign(one, { safe: "told" }));
    const answers = answering(state({}, "told"), null, safe);
    const [kept] = keptCheckIns(2000);
    const telling = Telling.resumed(kept ?? { secret: "", begun: 0 }, PEOPLE);
    await vi.advanceTimersByTimeAsync(10);
    telling.safe();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers.said).toEqual(["GET", "POST /safe", "POST /safe"]);
    expect(answers.asked[2]).toMatchObject({ bearer: `Bearer ${secret}`, body: { contacts: ["AAAA", "BBBB"] } });
    expect(sentenceOf(telling.view.value)).toBe("You said that you are safe.");
    expect(keptCheckIns(2000)).toEqual([]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(answers.asked).toHaveLength(3);
  });

  test("safe said before the press arrived is said after it", async () => {
    const answers = answering(404, state({}, "waiting"), state({ stage: "safe" }, "none"));
    const telling = Telling.of(WHOLE, PEOPLE, 0);
    telling.begin();
    await vi.advanceTimersByTimeAsync(1);
    telling.safe();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers.said).toEqual(["POST", "POST", "POST /safe"]);
    expect(telling.view.value.state?.stage).toBe("safe");
  });
});

describe("what is said", () => {
  const view = { state: null, cut: false, refused: false, safe: false };
  test.each([
    [view, "Your contacts are told in a moment."],
    [{ ...view, cut: true }, "No connection. Your contacts are not told yet."],
    [{ ...view, refused: true }, "Your contacts are not told from here. Write to them yourself."],
    [{ ...view, state: state({}, "told", "waiting", "failed") }, "1 of 3 told"],
    [{ ...view, state: state({}) }, "Nobody is told."],
    [{ ...view, safe: true, state: state({}, "told") }, "Saying that you are safe…"],
  ])("%#", (shown, sentence) => expect(sentenceOf(shown)).toBe(sentence));
});

describe("what is kept", () => {
  test("comes back as it was; what is not in form is nobody", () => {
    expect(keptPeople()).toEqual(NOBODY);
    keepPeople(PEOPLE);
    expect(keptPeople()).toEqual(PEOPLE);
    localStorage.setItem("accompany.people", '{"contacts": [{"sign": 1, "sealed": "not base64!"}]}');
    expect(keptPeople()).toEqual(NOBODY);
    localStorage.setItem("accompany.people", "nonsense");
    expect(keptPeople()).toEqual(NOBODY);
  });

  test("a check-in of the day before yesterday is over", () => {
    keepCheckIn({ secret: `${"A".repeat(43)}=`, begun: 0 });
    expect(keptCheckIns(3_600_000)).toHaveLength(1);
    expect(keptCheckIns(48 * 3_600_000)).toHaveLength(0);
  });

  test("contacts keep their signs when others go and when they move", () => {
    const [one, three] = PEOPLE.contacts;
    expect(freeSign(PEOPLE.contacts)).toBe(2);
    expect(movedUp(PEOPLE.contacts, 3)).toEqual([three, one]);
    expect(movedUp(PEOPLE.contacts, 1)).toEqual(PEOPLE.contacts);
    expect(movedUp(PEOPLE.contacts, 7)).toEqual(PEOPLE.contacts);
  });
});

describe("contacts that two pages of the app change", () => {
  const shown = { recipient: "age1pq", minutes: 15, contacts: [{ sign: 1, sealed: "AAAA" }] };
  const adding = (sealed: string) => ({ contacts }: { contacts: readonly KeptContact[] }) => ({
    contacts: withContact(contacts, { sign: freeSign(contacts), sealed }),
  });

  test("are all there: none takes away what the other one chose", () => {
    keepPeople(shown);
    changePeople(shown, adding("BBBB"));
    changePeople(shown, () => ({ minutes: 60 }));
    const now = changePeople(shown, adding("CCCC"));
    expect(now).toEqual({
      ...shown,
      minutes: 60,
      contacts: [...shown.contacts, { sign: 2, sealed: "BBBB" }, { sign: 3, sealed: "CCCC" }],
    });
    expect(keptPeople()).toEqual(now);
  });

  test("one that was removed comes back where it stood, beside what came since", () => {
    const [one, two, three] = [1, 2, 3].map((sign) => ({ sign, sealed: `AAA${sign}` })) as [KeptContact, KeptContact, KeptContact];
    expect(withContact([one, three], two, 1)).toEqual([one, two, three]);
    expect(withContact([one, { ...three, sign: 2 }], two, 1)).toEqual([one, { ...two, sign: 3 }, { ...three, sign: 2 }]);
    expect(withContact([], three, 2)).toEqual([three]);
  });

  test("are what this page shows where nothing is kept, or by another key", () => {
    expect(changePeople(shown, adding("BBBB")).contacts).toHaveLength(2);
    keepPeople({ ...shown, recipient: "age1other", contacts: [{ sign: 9, sealed: "DDDD" }] });
    expect(changePeople(shown, () => ({ minutes: 0 }))).toEqual({ ...shown, minutes: 0 });
    vi.stubGlobal("localStorage", undefined);
    expect(changePeople(shown, adding("BBBB")).contacts).toHaveLength(2);
  });
});
