import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hearTime, now, wayOf } from "../src/clock";

beforeEach(() => {
  vi.stubGlobal("location", { href: "https://aid.example/" });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const THEN = Date.UTC(2026, 10, 22, 12);

test("before anything was heard it is the phone's own clock", () => {
  vi.useFakeTimers({ now: THEN });
  expect(now()).toBe(THEN);
});

test.each([3_600_000, -40_000, 0, 365 * 86_400_000])("a phone that is %d ms off goes by the service", (off) => {
  vi.useFakeTimers({ now: THEN + off });
  const asked = performance.now();
  vi.advanceTimersByTime(400);
  // The answer was written half way.
  hearTime(new Date(THEN + 200).toISOString(), wayOf("/api/service", asked));
  expect(now()).toBe(THEN + 400);
  vi.advanceTimersByTime(60_000);
  expect(now()).toBe(THEN + 60_400);
});

test("what is no time changes nothing", () => {
  vi.useFakeTimers({ now: THEN });
  const way = { asked: performance.now(), came: performance.now() };
  hearTime(new Date(THEN + 5_000).toISOString(), way);
  hearTime("soon", way);
  expect(now()).toBe(THEN + 5_000);
});

describe("the way of a request", () => {
  /** what the browser notes of a request that began so long after *from* */
  const noted = (from: number, startTime: number, requestStart: number, responseStart: number) => {
    const entry = { startTime: from + startTime, requestStart: from + requestStart, responseStart: from + responseStart };
    vi.spyOn(performance, "getEntriesByName").mockReturnValue([entry as unknown as PerformanceEntry]);
  };
  let from = 0;

  beforeEach(() => {
    // Later than the test before: a page's requests are told of in their order.
    vi.useFakeTimers({ now: THEN });
    from += 10_000;
    vi.advanceTimersByTime(from);
  });

  test("is as the browser noted it: what was preloaded came long before the page asked for it", () => {
    noted(performance.now(), 10, 30, 40);
    vi.advanceTimersByTime(200);
    const asked = performance.now();
    vi.advanceTimersByTime(20);
    hearTime(new Date(THEN + from + 35).toISOString(), wayOf("/api/service", asked));
    expect(now()).toBe(THEN + from + 220);
  });

  test("is as the page saw it where the newest that was noted is told already", () => {
    noted(performance.now(), 0, 5, 10);
    vi.advanceTimersByTime(20);
    expect(wayOf("/api/service", performance.now()).came).toBe(performance.now() - 10);
    const asked = performance.now();
    vi.advanceTimersByTime(50);
    expect(wayOf("/api/service", asked)).toEqual({ asked, came: asked + 50 });
  });

  test("is as the page saw it where the browser tells only that there was one", () => {
    const asked = performance.now();
    vi.spyOn(performance, "getEntriesByName").mockReturnValue([
      { startTime: asked, requestStart: 0, responseStart: 0 } as unknown as PerformanceEntry,
    ]);
    vi.advanceTimersByTime(50);
    expect(wayOf("/api/service", asked)).toEqual({ asked, came: asked + 50 });
  });

  test("is as the page saw it where nothing was noted", () => {
    const asked = performance.now();
    vi.advanceTimersByTime(50);
    expect(wayOf("/api/service", asked)).toEqual({ asked, came: asked + 50 });
  });
});
