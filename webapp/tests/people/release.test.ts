import { sha256 } from "@noble/hashes/sha2.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readHex, writeHex } from "../../src/evidence/text";
import { NOBODY, keepPeople } from "../../src/people/kept";
import { releaseOf } from "../../src/people/panel";
import { keepRelease, keptRelease, takeRelease } from "../../src/people/release";
import {
  PRESSES,
  newLinkSecret,
  passAt,
  passDigests,
  readReleaseLink,
  releaseIdentity,
  releaseLink,
} from "../../src/people/release-link";
import { tellingOf, type TellingState } from "../../src/people/telling";

const PRESS = { encounter: "e".repeat(32), secret: "s" };
const DUE = "2026-11-21T20:14:03.120Z";
const GRANT = { recording: "r".repeat(32), grant: "AAAA", note: "BBBB" };
const WAITING: TellingState = { stage: "waiting", due: DUE, armed: true, contacts: [], release: null };

let stored = new Map<string, string>();
let asked: { path: string; body: unknown }[] = [];
let answers: (TellingState | number)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  [stored, asked, answers] = [new Map(), [], [WAITING]];
  vi.stubGlobal("location", { origin: "https://help.example" });
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
  vi.stubGlobal("fetch", async (path: string, init: RequestInit): Promise<Response> => {
    asked.push({ path, body: typeof init.body === "string" ? JSON.parse(init.body) : null });
    await Promise.resolve();
    const next = (answers.length > 1 ? answers.shift() : answers[0]) ?? 500;
    if (typeof next === "number") return Response.json({ type: "x", title: "x", status: next }, { status: next });
    return Response.json(next);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const handedIn = (): unknown[] => asked.filter(({ path }) => path.endsWith("/releases")).map(({ body }) => body);

describe("a release", () => {
  test("its link brings back what was made with it, and the phone keeps hashes alone", () => {
    const secret = newLinkSecret();
    const digests = passDigests(secret);
    expect(new Set(digests).size).toBe(PRESSES);
    expect(readReleaseLink(new URL(releaseLink(secret)).hash)).toEqual(secret);
    expect(readReleaseLink("#release=short")).toBe(null);
    expect(digests[7]).toBe(writeHex(sha256(passAt(secret, 7))));
    expect(releaseIdentity(secret)).not.toBe(releaseIdentity(newLinkSecret()));
    keepRelease({ recipient: "age1pq1x", passes: digests });
    const kept = [...stored.values()].join();
    expect(kept).not.toContain(releaseIdentity(secret));
    for (const at of [0, 1, 127]) expect(kept).not.toContain(writeHex(passAt(secret, at)));
  });

  test("each press takes a pass of its own, and none when they are used up", () => {
    const [one, other] = passDigests(newLinkSecret());
    keepRelease({ recipient: "age1pq1x", passes: [one ?? "", other ?? ""] });
    expect(takeRelease()).toEqual({ recipient: "age1pq1x", pass: one });
    expect(takeRelease()).toEqual({ recipient: "age1pq1x", pass: other });
    expect(takeRelease()).toBe(null);
    expect(keptRelease()).toEqual({ recipient: "age1pq1x", passes: [] });
    expect(readHex(one ?? "", 32).length).toBe(32);
  });

  test("where no pass can be struck out none is used", () => {
    keepRelease({ recipient: "age1pq1x", passes: passDigests(newLinkSecret()).slice(0, 2) });
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: () => {
        throw new Error("full");
      },
    });
    expect(takeRelease()).toBe(null);
  });

  test("nobody gets anything without a time", () => {
    keepRelease({ recipient: "age1pq1x", passes: passDigests(newLinkSecret()) });
    keepPeople({ ...NOBODY, contacts: [{ sign: 1, sealed: "AAAA" }] });
    expect(tellingOf(PRESS, 0)?.release).toBe(null);
    expect(keptRelease()?.passes.length).toBe(PRESSES);
  });

  test("a grant goes out after the check-in has begun, again where its recording has not arrived", async () => {
    const passes = passDigests(newLinkSecret());
    keepRelease({ recipient: "age1pq1x", passes });
    keepPeople({ ...NOBODY, minutes: 15 });
    const telling = tellingOf(PRESS, 0);
    telling?.release?.made(GRANT);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([]);
    answers = [WAITING, 404, 404, { ...WAITING, release: { given: null, ended: null } }];
    telling?.begin();
    await vi.advanceTimersByTimeAsync(10_000);
    const given = { pass: passes[0], ...GRANT };
    expect(handedIn()).toEqual([given, given, given]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(handedIn().length).toBe(3);
    expect(telling?.view.value.state?.release).toEqual({ given: null, ended: null });
    telling?.stop();
  });

  test("one that is refused for itself stops neither the check-in nor the others", async () => {
    keepRelease({ recipient: "age1pq1x", passes: passDigests(newLinkSecret()) });
    keepPeople({ ...NOBODY, minutes: 15 });
    const telling = tellingOf(PRESS, 0);
    telling?.release?.made(GRANT);
    telling?.release?.made({ ...GRANT, grant: "CCCC" });
    answers = [WAITING, 422, WAITING];
    telling?.begin();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(handedIn().map((body) => (body as typeof GRANT).grant)).toEqual(["AAAA", "CCCC"]);
    expect(telling?.view.value.refused).toBe(false);
    telling?.stop();
  });

  test("who is safe gives nothing more", async () => {
    keepRelease({ recipient: "age1pq1x", passes: passDigests(newLinkSecret()) });
    keepPeople({ ...NOBODY, minutes: 15 });
    const telling = tellingOf(PRESS, 0);
    telling?.begin();
    await vi.advanceTimersByTimeAsync(1_000);
    answers = [{ ...WAITING, stage: "safe" }];
    telling?.safe();
    telling?.release?.made(GRANT);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(handedIn()).toEqual([]);
  });

  test("the page says what became of it", () => {
    const said = (release: TellingState["release"], due: string | null = DUE): string | null =>
      releaseOf({ ...WAITING, due, release });
    expect(said(null)).toBe(null);
    expect(new Set([
      said({ given: null, ended: null }), said({ given: DUE, ended: null }),
      said({ given: DUE, ended: DUE }), said({ given: null, ended: DUE }),
    ]).size).toBe(4);
    expect(said({ given: null, ended: null }, null)).toBe(null);
  });
});
