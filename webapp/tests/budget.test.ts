import { describe, expect, test } from "vitest";
import { CallWatch, FULL, Goodput, type Plan, Planner, limitOf, planFor, roomForFilm } from "../src/budget";

const kilobits = (bits: number) => bits * 1000;
const named = (name: Plan["name"]) => {
  let plan = FULL;
  while (plan.name !== name) plan = stepDown(plan);
  return plan;
};
const stepDown = (plan: Plan) => planFor({ bits: kilobits(10_000), busy: 1 }, plan);

describe("the plan of a film", () => {
  test.each([
    [3_000, "full"],
    [1_500, "half"],
    [700, "small"],
    [300, "slow"],
  ] as const)("on a line that gives no more than %i kbit/s is %s", (bits, name) => {
    expect(planFor({ bits: kilobits(bits), busy: 0.7 }, FULL).name).toBe(name);
  });

  test("stays on a line that is not the limit, however little the requests seem to reach", () => {
    expect(planFor({ bits: kilobits(100), busy: 0.5 }, FULL)).toBe(FULL);
    expect(planFor({ bits: null, busy: 1 }, FULL)).toBe(FULL);
  });

  test("is one step smaller where nothing more goes through, whatever was reckoned", () => {
    expect(planFor({ bits: kilobits(9_000), busy: 1 }, FULL).name).toBe("half");
  });

  test("grows by one step while the line has time", () => {
    expect(planFor({ bits: kilobits(9_000), busy: 0.1 }, named("slow")).name).toBe("small");
    expect(planFor({ bits: kilobits(9_000), busy: 0.1 }, FULL)).toBe(FULL);
  });

  test("has pieces of two seconds below half a megabit, and of half a second above", () => {
    expect(named("slow").piece).toBe(2);
    expect(named("small").piece).toBe(0.5);
  });
});

describe("the planner", () => {
  const poor = { bits: kilobits(300), busy: 0.9 };
  const idle = { bits: kilobits(9_000), busy: 0.1 };
  const neither = { bits: kilobits(9_000), busy: 0.5 };

  test("makes a film smaller after three seconds of a poor line, not at its first second", () => {
    const planner = new Planner();
    expect([0, 1000, 2000].map((now) => planner.consider(poor, now))).toEqual([null, null, null]);
    expect(planner.consider(poor, 3000)?.name).toBe("slow");
    expect(planner.consider(poor, 3500)).toBeNull();
  });

  test("a line that recovers in between begins the wait anew", () => {
    const planner = new Planner();
    planner.consider(poor, 0);
    planner.consider(neither, 2000);
    expect(planner.consider(poor, 2500)).toBeNull();
    expect(planner.consider(poor, 5000)).toBeNull();
    expect(planner.consider(poor, 5600)?.name).toBe("slow");
  });

  test("makes it larger only after twenty good seconds, one step", () => {
    const planner = new Planner(named("slow"));
    planner.consider(idle, 0);
    expect(planner.consider(idle, 19_000)).toBeNull();
    expect(planner.consider(idle, 20_000)?.name).toBe("small");
    expect(planner.consider(idle, 20_500)).toBeNull();
  });
});

describe("what requests reach", () => {
  function measure(requests: readonly (readonly [took: number, bytes: number])[], apart: number) {
    const goodput = new Goodput();
    let now = 0;
    for (const [took, bytes] of requests) {
      goodput.begin(now);
      now += took;
      goodput.end(bytes, now);
      now += apart;
    }
    return goodput.measured(now);
  }

  test("the way there and back is no transfer", () => {
    const { bits } = measure([[300, 500], [300, 500], [460, 20_000], [460, 20_000]], 100);
    expect(bits).toBeGreaterThan(kilobits(600));
    expect(bits).toBeLessThan(kilobits(1_000));
  });

  test("a line that is busy for a part of the time is no limit", () => {
    const measured = measure(Array.from({ length: 10 }, () => [50, 60_000] as const), 450);
    expect(measured.busy).toBeLessThan(0.2);
    expect(limitOf(measured)).toBeNull();
  });

  test("a request that hangs is busy, and what was in vain counts against the line", () => {
    const goodput = new Goodput();
    goodput.begin(0);
    expect(goodput.measured(5000).busy).toBe(1);
    goodput.end(0, 5000);
    for (const at of [5000, 5100]) {
      goodput.begin(at);
      goodput.end(1000, at + 100);
    }
    expect(goodput.measured(5200).bits).toBeLessThan(kilobits(10));
  });
});

describe("the call's round trip", () => {
  test("holds the film when it rises by more than 150 ms over its floor, and lets go near the floor", () => {
    const call = new CallWatch();
    const heard = [60, 50, 190, 210, 190, 120, 90].map((roundTrip, second) => call.hear(roundTrip, 1000 * second));
    expect(heard).toEqual([false, false, false, true, true, false, false]);
  });

  test("a floor is forgotten after a minute: another way may simply be longer", () => {
    const call = new CallWatch();
    call.hear(50, 0);
    expect(call.hear(300, 1000)).toBe(true);
    expect(call.hear(300, 62_000)).toBe(false);
  });

  test("without a call nothing waits", () => {
    const call = new CallWatch();
    call.hear(50, 0);
    call.hear(900, 1000);
    expect(call.hear(null, 2000)).toBe(false);
  });
});

describe("the phone's storage", () => {
  const megabytes = 1024 * 1024;
  test("film is spooled up to the quota less a reserve", () => {
    expect(roomForFilm(0, 1000 * megabytes)).toBe(true);
    expect(roomForFilm(935 * megabytes, 1000 * megabytes)).toBe(true);
    expect(roomForFilm(937 * megabytes, 1000 * megabytes)).toBe(false);
  });

  test("of a small quota a quarter stays free", () => {
    expect(roomForFilm(14 * megabytes, 20 * megabytes)).toBe(true);
    expect(roomForFilm(15 * megabytes, 20 * megabytes)).toBe(false);
  });
});
