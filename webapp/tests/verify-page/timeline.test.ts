/** The picture: an hour becomes few stretches, and nothing that is not there is drawn. */

import { expect, test } from "vitest";
import { timelineOf } from "../../src/verify-page/timeline";
import { type Moment, NO_FACTS } from "../../src/verify/report";

const BEGAN = 1_795_291_200_000;

const segment = (number: number, offset: number, changed: Partial<Moment> = {}): Moment => ({
  number,
  form: "segment",
  offset,
  duration: 500,
  reason: "",
  ended: BEGAN + offset + 500,
  received: BEGAN + offset + 800,
  bytes: "kept",
  withheld: "",
  ...changed,
});
const gap = (number: number, offset: number, duration: number, reason = "hidden"): Moment =>
  segment(number, offset, { form: "gap", duration, reason, bytes: "none" });
const facts = (moments: readonly Moment[], stamps: readonly number[] = []) => ({
  ...NO_FACTS,
  began: BEGAN,
  moments,
  stamps: stamps.map((time) => ({ name: "one-1", time })),
});

test("seven thousand segments one after the other are one stretch, and few arrivals", () => {
  const moments = Array.from({ length: 7200 }, (_, at) => segment(at + 1, at * 500));
  const timeline = timelineOf(facts(moments));
  expect(timeline?.stretches).toEqual([
    { kind: "film", start: 0, end: 3_600_000, segments: 7200, reason: "" },
  ]);
  expect(timeline?.arrivals.length).toBe(240);
  expect(timeline?.arrivals.reduce((sum, { count }) => sum + count, 0)).toBe(7200);
  expect(timeline?.longest).toBe(300);
});

test("gaps and parts that have not arrived break the film, a muted stretch does not", () => {
  const moments = [
    segment(1, 0),
    gap(2, 0, 900, "muted"),
    segment(3, 500),
    gap(4, 1000, 700),
    segment(5, 1700),
    segment(6, 2200, { bytes: "awaited", received: BEGAN + 9000 }),
  ];
  const kinds = timelineOf(facts(moments))?.stretches.map(({ kind, start, end }) => [kind, start, end]);
  expect(kinds).toEqual([
    ["film", 0, 1000],
    ["gap", 0, 900],
    ["gap", 1000, 1700],
    ["film", 1700, 2200],
    ["awaited", 2200, 2700],
  ]);
});

test("what is withheld is no film: each stretch with its reason, and what never arrived is not one of them", () => {
  const moments = [
    segment(1, 0),
    segment(2, 500, { withheld: "privileged" }),
    segment(3, 1000, { withheld: "privileged" }),
    segment(4, 1500, { withheld: "private" }),
    segment(5, 2000, { bytes: "awaited", withheld: "not arrived" }),
    segment(6, 2500),
  ];
  expect(timelineOf(facts(moments))?.stretches).toEqual([
    { kind: "film", start: 0, end: 500, segments: 1, reason: "" },
    { kind: "withheld", start: 500, end: 1500, segments: 2, reason: "privileged" },
    { kind: "withheld", start: 1500, end: 2000, segments: 1, reason: "private" },
    { kind: "awaited", start: 2000, end: 2500, segments: 1, reason: "" },
    { kind: "film", start: 2500, end: 3000, segments: 1, reason: "" },
  ]);
});

test("a silence that nobody states is a hole, not film", () => {
  const stretches = timelineOf(facts([segment(1, 0), segment(2, 2000)]))?.stretches;
  expect(stretches?.map(({ start, end }) => [start, end])).toEqual([
    [0, 500],
    [2000, 2500],
  ]);
});

test("the longest delay of a column is kept, and no delay is drawn below none", () => {
  const moments = [segment(1, 0, { received: BEGAN - 4000 }), segment(2, 500, { received: BEGAN + 61_000 })];
  expect(timelineOf(facts(moments))?.arrivals.map(({ delay }) => delay)).toEqual([0, 60_000]);
});

test("stamps outside the picture have no place in it", () => {
  const stamps = timelineOf(facts([segment(1, 0)], [BEGAN - 1, BEGAN + 200, BEGAN + 600_000]))?.stamps;
  expect(stamps?.map(({ at }) => at)).toEqual([null, 200, null]);
});

test("where nothing has a length there is no picture", () => {
  expect(timelineOf(NO_FACTS)).toBeNull();
  expect(timelineOf(facts([segment(1, 0, { duration: 0 })]))).toBeNull();
});
