import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetAt, playingParts, secondsAt } from "../../src/attorney/case-moments";
import { type Mark, NOTHING, changed, leftOut, marked, marksOf, removed, undone, withheldBy } from "../../src/disclosure/marks";

const BEGAN = Date.UTC(2026, 10, 22, 20, 14);
const part = (number: number, offset: number, duration: number, here = true) => ({ number, offset, duration, here });
/** Half a second each; a hole of three seconds between the second and the third. */
const PARTS = [part(1, 0, 0), part(2, 0, 500), part(3, 500, 500), part(5, 4000, 500), part(6, 4500, 500)];
const mark = (from: number, to: number, reason = "privileged"): Mark => ({ from: BEGAN + from, to: BEGAN + to, reason });

test("what a stretch touches is withheld whole, and the beginning, which shows nothing, never", () => {
  const touched = (...marks: Mark[]) => [...withheldBy(marks, PARTS, BEGAN).keys()];
  expect(touched()).toEqual([]);
  expect(touched(mark(0, 10_000))).toEqual([2, 3, 5, 6]);
  expect(touched(mark(499, 501))).toEqual([2, 3]);
  expect(touched(mark(500, 1000))).toEqual([3]);
  expect(touched(mark(1000, 4000))).toEqual([]);
  expect(touched(mark(100, 100), mark(4600, 4700))).toEqual([2, 6]);
});

test("the first mark that touches a part says why", () => {
  expect([...withheldBy([mark(0, 100, "a"), mark(50, 600, "b")], PARTS, BEGAN).values()]).toEqual(["a", "b"]);
});

test("sound that began another moment leaves out the same time", () => {
  const sound = [part(1, 0, 0), part(2, 0, 2000), part(3, 2000, 2000)];
  expect([...withheldBy([mark(4000, 4500)], sound, BEGAN + 3000).keys()]).toEqual([2]);
});

test("stretches left out are as wide as their parts, and a part shown between them parts them", () => {
  expect(leftOut(withheldBy([mark(100, 600), mark(4600, 4700)], PARTS, BEGAN), PARTS)).toEqual([
    { from: 0, to: 1000, parts: 2 },
    { from: 4500, to: 5000, parts: 1 },
  ]);
});

test("each act can be taken back, and nothing before the first", () => {
  const first = marked(NOTHING, mark(900, 100));
  expect(marksOf(first)).toEqual([mark(100, 900)]);
  const second = marked(first, mark(0, 50));
  expect(marksOf(second)).toEqual([mark(0, 50), mark(100, 900)]);
  const third = changed(second, 1, mark(100, 300));
  expect(marksOf(third)).toEqual([mark(0, 50), mark(100, 300)]);
  const fourth = removed(third, 0);
  expect(marksOf(fourth)).toEqual([mark(100, 300)]);
  expect([undone(fourth), undone(third), undone(second), undone(first), undone(NOTHING)]).toEqual([third, second, first, NOTHING, null]);
});

test("a moment of the player is where the recording was, and back", () => {
  const playing = playingParts(PARTS);
  expect([0, 0.7, 1.2, 1.9, 99].map((seconds) => offsetAt(playing, seconds))).toEqual([0, 700, 4200, 4900, 5000]);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2, noNaN: true }), (seconds) => {
      expect(secondsAt(playing, offsetAt(playing, seconds))).toBeCloseTo(seconds, 6);
    }),
  );
  expect(offsetAt([], 3)).toBe(0);
});
