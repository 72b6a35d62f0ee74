import { describe, expect, test } from "vitest";
import { Timeline } from "../src/timeline";

/** Takes samples of `kind` every `step` seconds in [from, to), each delivered `late` ms after. */
function run(timeline: Timeline, kind: "video" | "sound", from: number, to: number, step: number, late = 5): number {
  let last = 0;
  for (let at = from; at < to - 1e-9; at += step) {
    last = timeline.take(kind, at, kind === "sound" ? step : 0, 1000 + at * 1000 + late);
  }
  return last;
}

describe("the timeline", () => {
  test("without a hole media time is the raw time, and offsets count from the opening", () => {
    const timeline = new Timeline(900);
    expect(run(timeline, "video", 0, 2, 0.04)).toBeCloseTo(1.96, 6);
    expect(timeline.offset(0)).toBe(105);
    expect(timeline.offset(1)).toBe(1105);
    expect(timeline.offsetOfEnd(1)).toBe(1105);
  });

  test("the earliest delivery says when a sample was: one that was held up moves nothing", () => {
    const timeline = new Timeline(1000);
    timeline.take("video", 0, 0, 1800);
    timeline.take("video", 0.04, 0, 1045);
    expect(timeline.offset(1)).toBe(1005);
  });

  test("a hole of both is left out of the film and shows in the offsets", () => {
    const timeline = new Timeline(1000);
    run(timeline, "sound", 0, 2, 0.01);
    const after = timeline.take("sound", 12, 0.01, 13_005);
    expect(after).toBeCloseTo(2, 6);
    expect(timeline.offsetOfEnd(2)).toBe(2005);
    expect(timeline.offset(2)).toBe(12_005);
    expect(timeline.offset(3)).toBe(13_005);
  });

  test("two holes add up", () => {
    const timeline = new Timeline(1000);
    run(timeline, "sound", 0, 1, 0.01, 0);
    run(timeline, "sound", 5, 6, 0.01, 0);
    expect(timeline.take("sound", 10, 0.01, 11_000)).toBeCloseTo(2, 6);
    expect([0.5, 1.5, 2.5].map((at) => timeline.offset(at))).toEqual([500, 5500, 10_500]);
  });

  test("a track that is silent alone leaves no hole: the other one goes on", () => {
    const timeline = new Timeline(1000);
    run(timeline, "video", 0, 1, 0.04, 0);
    run(timeline, "sound", 0, 6, 0.01, 0);
    expect(timeline.take("video", 6, 0, 7000)).toBeCloseTo(6, 6);
    expect(timeline.offset(6)).toBe(6000);
  });

  test("after a hole the slower track joins where the faster one began", () => {
    const timeline = new Timeline(1000);
    run(timeline, "video", 0, 1, 0.04, 0);
    run(timeline, "sound", 0, 1, 0.01, 0);
    expect(timeline.take("video", 9.02, 0, 10_020)).toBeCloseTo(1, 2);
    const sound = timeline.take("sound", 9, 0.01, 10_010);
    expect(sound).toBeGreaterThanOrEqual(0.99);
    expect(sound).toBeLessThan(1.01);
  });

  test("media time of a track never falls", () => {
    const timeline = new Timeline(0);
    const first = timeline.take("sound", 1, 0.02, 1020);
    expect(timeline.take("sound", 0.99, 0.02, 1030)).toBeGreaterThan(first);
  });

  test("nothing was before the opening", () => {
    const timeline = new Timeline(5000);
    timeline.take("video", 0, 0, 4990);
    expect(timeline.offset(0)).toBe(0);
  });
});
