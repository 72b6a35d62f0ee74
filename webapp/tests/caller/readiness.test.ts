/** Nothing is called good that was not seen, and the next step is the one that matters most. */

import { expect, test } from "vitest";
import { DRILL_DAYS, isOld, readDrill } from "../../src/caller/drill-kept";
import { ASPECTS, marksOf, nextOf, type Facts, type Mark } from "../../src/caller/readiness";

const NOW = 1_795_000_000_000;
const DAY = 24 * 3600 * 1000;
const READY: Facts = {
  state: true,
  language: true,
  organization: true,
  camera: "granted",
  microphone: "granted",
  persisted: true,
  offline: true,
  hotline: true,
  drill: { at: NOW - DAY, arrived: "film" },
  own: true,
  now: NOW,
};

const markOf = (facts: Facts, aspect: string): Mark | undefined =>
  marksOf(facts).find((each) => each.aspect === aspect)?.mark;
const nextAt = (facts: Partial<Facts>): string | null => nextOf(marksOf({ ...READY, ...facts }))?.at ?? null;

test("each thing has exactly one mark, in one order", () => {
  expect(marksOf(READY).map(({ aspect }) => aspect)).toEqual(ASPECTS);
});

test("a phone on which all was seen has nothing left to do", () => {
  expect(nextOf(marksOf(READY))).toBeNull();
});

test("a key of one's own is never what is to be done next", () => {
  expect(markOf({ ...READY, own: false }, "own")).toBe("unseen");
  expect(nextAt({ own: false })).toBe(nextAt({}));
});

test("a battery saver is never called good: no page sees it", () => {
  expect(markOf(READY, "battery")).toBe("unseen");
});

test("a browser that does not say is not taken at its best", () => {
  const silent: Facts = { ...READY, camera: "unknown", microphone: "unknown", persisted: null };
  expect(["camera", "microphone", "storage"].map((aspect) => markOf(silent, aspect))).toEqual([
    "unseen",
    "unseen",
    "unseen",
  ]);
});

test("what is missing comes before what could be better", () => {
  expect(nextAt({ persisted: false, drill: null })).toBe("drill");
  expect(nextAt({ persisted: false })).toBe("persist");
  expect(nextAt({ camera: "denied", drill: null })).toBe("devices");
  expect(nextAt({ state: false, organization: false })).toBe("state");
  expect(nextAt({ language: false, state: false })).toBe("language");
  expect(nextAt({ organization: false, camera: "denied" })).toBe("organization");
});

test("what the person cannot change here is never the next step", () => {
  expect(nextAt({ hotline: false, offline: false })).toBeNull();
});

test("a drill is old after ninety days, and then asked for again", () => {
  const drill = { at: NOW - DRILL_DAYS * DAY, arrived: "film" } as const;
  expect(isOld(drill, NOW)).toBe(false);
  expect(isOld(drill, NOW + 1)).toBe(true);
  expect(nextAt({ drill: { ...drill, at: drill.at - 1 } })).toBe("drill");
});

test("a drill in which nothing arrived counts as none", () => {
  expect(markOf({ ...READY, drill: { at: NOW, arrived: "nothing" } }, "drill")).toBe("open");
});

test.each([null, "", "[]", "{}", '{"at":"1","arrived":"film"}', '{"at":1,"arrived":"x"}', '{"at":null}'])(
  "a drill kept as %s is none",
  (kept) => {
    expect(readDrill(kept)).toBeNull();
  },
);
