import { afterEach, expect, test, vi } from "vitest";
import { hearTime, now } from "../src/clock";

afterEach(() => {
  vi.useRealTimers();
});

const THEN = Date.UTC(2026, 10, 22, 12);

test("before anything was heard it is the phone's own clock", () => {
  vi.useFakeTimers({ now: THEN });
  expect(now()).toBe(THEN);
});

test.each([3_600_000, -40_000, 0, 365 * 86_400_000])("a phone that is %d ms off goes by the service", (off) => {
  vi.useFakeTimers({ now: THEN + off });
  const asked = Date.now();
  vi.advanceTimersByTime(400);
  // The answer was written half way.
  hearTime(new Date(THEN + 200).toISOString(), asked);
  expect(now()).toBe(THEN + 400);
  vi.advanceTimersByTime(60_000);
  expect(now()).toBe(THEN + 60_400);
});

test("what is no time changes nothing", () => {
  vi.useFakeTimers({ now: THEN });
  hearTime(new Date(THEN + 5_000).toISOString(), THEN);
  hearTime("soon", THEN);
  expect(now()).toBe(THEN + 5_000);
});
