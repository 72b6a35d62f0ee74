import { describe, expect, test } from "vitest";
import {
  CallWatch,
  FULL,
  Goodput,
  type Plan,
  Planner,
  callPicture,
  callVoice,
  limitOf,
  planFor,
  roomForFilm,
} from "../src/budget";

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

  test("grows where requests mostly wait for their answers, if they reach far more than it asks for", () => {
    const half = named("half");
    expect(planFor({ bits: kilobits(3_100), busy: 0.5 }, half)).toBe(FULL);
    expect(planFor({ bits: kilobits(2_900), busy: 0.5 }, half)).toBe(half);
    expect(planFor({ bits: null, busy: 0.5 }, half)).toBe(half);
    expect(planFor({ bits: kilobits(1_900), busy: 0.7 }, half)).toBe(half);
  });

  test("has pieces of two seconds below half a megabit, and of half a second above", () => {
    expect(named("slow").piece).toBe(2);
    expect(named("small").piece).toBe(0.5);
  });
});

describe("the planner", () => {
  const little = { bits: kilobits(700), busy: 0.9 };
  const poor = { bits: kilobits(300), busy: 0.9, far: true };
  const idle = { bits: kilobits(9_000), busy: 0.1 };
  const neither = { bits: kilobits(9_000), busy: 0.5 };

  test("makes a film smaller after three seconds of too little line, not at the first one", () => {
    const planner = new Planner();
    expect([0, 1000, 2000].map((now) => planner.consider(little, now))).toEqual([null, null, null]);
    expect(planner.consider(little, 3000)?.name).toBe("small");
    expect(planner.consider(little, 3500)).toBeNull();
  });

  test("does so after one second of a poor line that is far, not where the phone may be slow", () => {
    const [planner, near] = [new Planner(), new Planner()];
    expect(planner.consider(poor, 0)).toBeNull();
    expect(planner.consider(poor, 1000)?.name).toBe("slow");
    near.consider({ ...poor, far: false }, 0);
    expect(near.consider({ ...poor, far: false }, 1000)).toBeNull();
  });

  test("a line that recovers in between begins the wait anew", () => {
    const planner = new Planner();
    planner.consider(little, 0);
    planner.consider(neither, 2000);
    expect(planner.consider(little, 2500)).toBeNull();
    expect(planner.consider(little, 5000)).toBeNull();
    expect(planner.consider(little, 5600)?.name).toBe("small");
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

  test("far away two seconds say something, nearby five", () => {
    for (const [took, busy] of [[300, 1], [20, 0.4]] as const) {
      const goodput = new Goodput();
      goodput.begin(0);
      goodput.end(500, took);
      goodput.begin(took);
      expect(goodput.measured(2000).busy).toBe(busy);
    }
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

describe("the call's picture", () => {
  test.each([
    [null, "full", 300_000],
    [1_500, "full", 150_000],
    [300, "full", 0],
    [null, "half", 150_000],
    [null, "small", 0],
  ] as const)("on a line of %s kbit/s beside a film that is %s", (bits, name, wanted) => {
    const measured = { bits: bits && kilobits(bits), busy: bits === null ? 0 : 0.9 };
    expect(callPicture(named(name), { ...measured, far: true })).toBe(wanted);
    // A slow phone beside its server is no poor line.
    expect(callPicture(FULL, { ...measured, far: false })).toBe(300_000);
  });
});

describe("the call's voice", () => {
  test.each([
    [100, 24_000],
    [290, 24_000],
    [300, 32_000],
    [5000, 32_000],
    [null, 32_000],
  ] as const)("on a line of %s kbit/s has %s bits a second", (bits, wanted) => {
    const measured = { bits: bits && kilobits(bits), busy: 0.9 };
    expect(callVoice({ ...measured, far: true })).toBe(wanted);
    expect(callVoice({ ...measured, busy: 0.1, far: true })).toBe(32_000);
    expect(callVoice(measured)).toBe(32_000);
  });
});

describe("the call's round trip", () => {
  test("a line with room for call and sound alone lets no film go until it gives more", () => {
    const call = new CallWatch();
    const limits = [280, null, 310, 390, 410, 310].map((limit) => limit && kilobits(limit));
    const heard = limits.map((limit, second) => call.hear(300, 1000 * second, limit));
    expect(heard).toEqual([true, true, true, true, false, false]);
    expect(call.hear(null, 7000, kilobits(100))).toBe(false);
  });

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
