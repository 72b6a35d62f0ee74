import { describe, expect, test } from "vitest";
import { Silence } from "../src/silence";

/** Sound that comes every 100 ms until `until`, looked at as often; what is said, and when. */
function said(until: number, end: number, from = 0): [number, string][] {
  const silence = new Silence();
  const found: [number, string][] = [];
  for (let now = from; now <= end; now += 100) {
    const what = silence.hear(Math.min(now, until), now);
    if (what !== null) found.push([now, what]);
  }
  return found;
}

describe("sound that stops", () => {
  test("is doubted after half a second and lost after one, tried six times and not for ever", () => {
    const lost = [6000, 7500, 9000, 10_500, 12_000, 13_500].map((at) => [at, "lost"]);
    expect(said(5000, 60_000)).toEqual([[5500, "doubt"], ...lost]);
  });

  test("means nothing yet before it has flowed for a second; three seconds without it do", () => {
    expect(said(500, 3400)).toEqual([]);
    expect(said(500, 5000).slice(0, 3)).toEqual([[3500, "lost"], [3600, "doubt"], [5000, "lost"]]);
  });

  test("is not missed where it never came", () => {
    const silence = new Silence();
    expect([0, 1000, 5000].map((now) => silence.hear(null, now))).toEqual([null, null, null]);
  });

  test("is well again once it comes, and can be lost again", () => {
    const silence = new Silence();
    for (let now = 0; now <= 2000; now += 100) silence.hear(now, now);
    expect(silence.hear(2000, 3000)).toBe("lost");
    expect(silence.lasts).toBe(true);
    silence.hear(3100, 3100);
    expect(silence.lasts).toBe(false);
    // A second of it makes it a flow again.
    expect(silence.hear(3100, 4300)).toBe(null);
    for (let now = 4400; now <= 6000; now += 100) silence.hear(now, now);
    expect(silence.hear(6000, 7000)).toBe("lost");
  });

  test("of a page whose timers rest for a while says nothing where packets came meanwhile", () => {
    const silence = new Silence();
    for (let now = 0; now <= 20_000; now += 1000) expect(silence.hear(now, now)).toBe(null);
  });
});
