import { expect, test } from "vitest";
import { partAt, playingOf, secondsAt } from "../../src/attorney/case-moments";
import type { Moment } from "../../src/verify/report";

const BEGAN = Date.UTC(2026, 10, 22);

function moment(number: number, offset: number, duration: number, more: Partial<Moment> = {}): Moment {
  const ended = BEGAN + offset + duration;
  return { number, form: "segment", offset, duration, reason: "", ended, received: ended + 300, bytes: "kept", withheld: "", ...more };
}

/** Two seconds of film, a hole of ten, two seconds; the last part never arrived. */
const MOMENTS: Moment[] = [
  { ...moment(0, 0, 0), form: "opening" },
  moment(1, 0, 0),
  moment(2, 0, 1000),
  moment(3, 1000, 1000),
  { ...moment(4, 2000, 10_000), form: "gap", reason: "hidden" },
  moment(5, 12_000, 2000, { received: null }),
  moment(6, 14_000, 1000, { bytes: "awaited" }),
];
const FAILS = {
  code: "segment-hash", verdict: "fails", text: "", file: "data/segments/000003.age", expected: "", found: "",
  accepted: false,
} as const;

test("the player leaves holes out, and knows which part it plays", () => {
  const parts = playingOf(MOMENTS, []);
  expect(parts.map(({ number, from, to }) => [number, from, to])).toEqual([
    [2, 0, 1],
    [3, 1, 2],
    [5, 2, 4],
  ]);
  expect([0, 0.99, 1, 2.5, 99].map((seconds) => partAt(parts, seconds)?.number)).toEqual([2, 2, 3, 5, 5]);
  expect(parts.map(({ delay }) => delay)).toEqual([300, 300, null]);
  expect(partAt([], 1)).toBeNull();
});

test("what fails is said of its part alone", () => {
  const about = (file: string) => playingOf(MOMENTS, [{ ...FAILS, file }]).map(({ fails }) => fails);
  expect(about("data/segments/000003.age")).toEqual([false, true, false]);
  expect(about("data/receipts/000002.note")).toEqual([true, false, false]);
  expect(about("data/grants/000003.age")).toEqual([false, false, false]);
  const told = playingOf(MOMENTS, [{ ...FAILS, verdict: "unchecked" }]);
  expect(told.some(({ fails }) => fails)).toBe(false);
});

test("a gap is gone to where it begins", () => {
  const parts = playingOf(MOMENTS, []);
  expect(secondsAt(parts, 0)).toBe(0);
  expect(secondsAt(parts, 500)).toBe(0.5);
  expect(secondsAt(parts, 2000)).toBe(2);
  expect(secondsAt(parts, 8000)).toBe(2);
  expect(secondsAt(parts, 13_000)).toBe(3);
  expect(secondsAt([], 10)).toBe(0);
});
