import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { ServerClock, pause } from "../src/live";

describe("connecting again", () => {
  test("waits at least half a second and at most five, longer each time", () => {
    const chance = fc.double({ min: 0, max: 0.999999, noNaN: true });
    fc.assert(
      fc.property(fc.nat(1000), chance, (tries, luck) => {
        const wait = pause(tries, luck);
        expect(wait).toBeGreaterThanOrEqual(500);
        expect(wait).toBeLessThanOrEqual(5000);
        expect(pause(tries + 1, luck)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });

  test("two phones that were cut off together do not come back together", () => {
    expect(pause(4, 0)).not.toBe(pause(4, 0.9));
  });
});

test("a phone whose clock is an hour wrong still knows the server's time", () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-21T19:00:00.000Z") });
  const clock = new ServerClock();
  clock.hear("2026-11-21T20:00:00.000Z");
  vi.advanceTimersByTime(5000);
  expect(new Date(clock.now()).toISOString()).toBe("2026-11-21T20:00:05.000Z");
  clock.hear("nonsense");
  expect(new Date(clock.now()).toISOString()).toBe("2026-11-21T20:00:05.000Z");
  vi.useRealTimers();
});
