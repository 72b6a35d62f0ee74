import fc from "fast-check";
import { expect, test } from "vitest";
import { Promptest } from "../src/promptest";

/** By own time: how long a sample took to come, and whether it is asked when it was. */
const samples = fc.array(
  fc.record({ late: fc.integer({ min: 0, max: 2_000 }), asked: fc.boolean() }),
  { minLength: 1, maxLength: 60 },
);
const STEP = 50;

test("the promptest of all says when each was", () => {
  const promptest = new Promptest();
  promptest.hear(0, 800);
  promptest.hear(40, 45);
  promptest.hear(80, 900);
  expect([0, 40, 1000].map((own) => promptest.say(own))).toEqual([5, 45, 1005]);
});

test("a prompter one moves nothing that was said, and what follows catches up", () => {
  const promptest = new Promptest();
  promptest.hear(0, 500);
  expect(promptest.say(1000)).toBe(1500);
  promptest.hear(1000, 1200);
  expect([0, 1000, 2000, 4000, 9000].map((own) => promptest.say(own))).toEqual([500, 1500, 2400, 4200, 9200]);
});

test("a law: what was said stays; in between everything keeps nine tenths of its length; none is before it was", () => {
  fc.assert(
    fc.property(samples, (all) => {
      const promptest = new Promptest();
      const said: [number, number][] = [];
      all.forEach(({ late, asked }, at) => {
        promptest.hear(at * STEP, at * STEP + late);
        if (asked) said.push([at * STEP, promptest.say(at * STEP)]);
      });
      const least = Math.min(...all.map(({ late }) => late));
      for (const [own, when] of said) {
        expect(promptest.say(own)).toBe(when);
        expect(when - own).toBeGreaterThanOrEqual(least);
      }
      for (let at = 1; at < all.length; at += 1) {
        const length = promptest.say(at * STEP) - promptest.say((at - 1) * STEP);
        expect(length).toBeGreaterThanOrEqual(0.9 * STEP - 1e-6);
      }
      const end = all.length * STEP + 20_000;
      expect(promptest.say(end)).toBeCloseTo(end + least, 6);
    }),
  );
});
