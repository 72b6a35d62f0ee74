import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { waysOf } from "../src/relay";

const STUN = [{ urls: ["stun:relay.example"] }];
const NAMED = [...STUN, { urls: ["turn:relay.example"], username: "9:x", credential: "c" }];
const asker = { encounter: "a".repeat(32), secret: "s" };

const asked = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();
const named = (): Response => Response.json({ ice: NAMED, expires: "2026-11-21T20:14:03.120Z" });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", asked);
  asked.mockReset();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("without a relay", () => {
  test("nobody is asked and any way will do", async () => {
    expect(await waysOf({ ice: STUN, relay: false }, asker)()).toMatchObject({
      iceServers: STUN,
      iceTransportPolicy: "all",
    });
    expect(asked).not.toHaveBeenCalled();
  });
});

describe("with a relay", () => {
  test("a name is asked for with the press's secret, and used for five minutes", async () => {
    asked.mockImplementation(async () => named());
    const ways = waysOf({ ice: STUN, relay: true }, asker);
    expect(await ways()).toMatchObject({ iceServers: NAMED, iceTransportPolicy: "relay" });
    expect(asked.mock.calls[0]?.[0]).toBe("/api/relay");
    expect(JSON.parse(asked.mock.calls[0]?.[1].body as string)).toEqual(asker);
    vi.advanceTimersByTime(4 * 60_000);
    await ways();
    expect(asked).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2 * 60_000);
    await ways();
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("two connections at once ask once", async () => {
    asked.mockImplementation(async () => named());
    const ways = waysOf({ ice: STUN, relay: true }, asker);
    await Promise.all([ways(), ways()]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("a press that the server has not heard of yet is asked for again", async () => {
    asked.mockImplementationOnce(async () => new Response("{}", { status: 404 }));
    asked.mockImplementation(async () => named());
    const found = waysOf({ ice: STUN, relay: true }, asker)();
    await vi.advanceTimersByTimeAsync(600);
    expect((await found).iceServers).toEqual(NAMED);
  });

  test("without an answer it never goes around the relay, and keeps what it knew", async () => {
    asked.mockRejectedValue(new TypeError("no line"));
    const ways = waysOf({ ice: STUN, relay: true }, asker);
    const none = ways();
    await vi.advanceTimersByTimeAsync(5000);
    expect(await none).toMatchObject({ iceServers: [], iceTransportPolicy: "relay" });

    asked.mockImplementationOnce(async () => named());
    await ways();
    vi.advanceTimersByTime(6 * 60_000);
    const old = ways();
    await vi.advanceTimersByTimeAsync(5000);
    expect((await old).iceServers).toEqual(NAMED);
  });

  test("an answer that is no list of servers is none", async () => {
    asked.mockImplementation(async () => Response.json({ ice: "turn:elsewhere" }));
    const found = waysOf({ ice: STUN, relay: true }, asker)();
    await vi.advanceTimersByTimeAsync(5000);
    expect((await found).iceServers).toEqual([]);
  });
});
