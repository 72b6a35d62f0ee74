import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HandingOver } from "../../src/attorney/handing";
import type { Handover } from "../../src/live-contracts";

/** Sealing is held back until it is let go: what is asked here is when the case goes. */
const sealing: { recording: string; done(result: boolean): void }[] = [];
vi.mock("../../src/attorney/resealing", () => ({
  recipientOn: (card: string) => {
    if (card === "bad") throw new Error("not this organization's");
    return `recipient of ${card}`;
  },
  reseal: (recording: string) => new Promise<boolean>((done) => sealing.push({ recording, done })),
}));

const one: Handover = {
  encounter: "e".repeat(32),
  state: "TX",
  language: "en",
  name: "Ben",
  card: "card",
  stage: "rung",
  recordings: ["film", "sound"],
  over: false,
};

function handing() {
  const handed: string[] = [];
  const troubles: (string | null)[] = [];
  const given: string[] = [];
  const handing = new HandingOver({
    attorney: { identity: "mine" } as never,
    organizationKey: "key",
    now: () => Date.now(),
    notes: ({ encounter }, recipient) => {
      given.push(`${encounter} to ${recipient}`);
      return Promise.resolve();
    },
    handed: ({ encounter }) => handed.push(encounter) > 0,
    trouble: (what) => troubles.push(what),
  });
  return { handing, handed, troubles, given };
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const seal = async (result = true): Promise<void> => {
  for (const { done } of sealing.splice(0)) done(result);
  await settled();
};

describe("handing a case over", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    sealing.splice(0);
    vi.useRealTimers();
  });

  test("nothing is sealed to whoever has not accepted", async () => {
    const { handing: hand } = handing();
    hand.told([one]);
    await settled();
    expect(sealing).toEqual([]);
  });

  test("the case goes when all is sealed and the colleague is there, in either order", async () => {
    for (const order of ["sealed first", "there first"]) {
      const { handing: hand, handed, given } = handing();
      hand.told([{ ...one, stage: "beside" }]);
      await settled();
      expect(sealing.map(({ recording }) => recording)).toEqual(["film", "sound"]);
      if (order === "sealed first") await seal();
      expect([handed, given]).toEqual([[], []]);
      hand.told([{ ...one, stage: "arrived" }]);
      await settled();
      if (order === "there first") await seal();
      expect(handed, order).toEqual([one.encounter]);
      // What was noted goes last of all: it is typed until then.
      expect(given, order).toEqual([`${one.encounter} to recipient of card`]);
    }
  });

  test("called off while keys are sealed, the case does not go, nor what was noted", async () => {
    const { handing: hand, handed, given, troubles } = handing();
    hand.told([{ ...one, stage: "arrived" }]);
    await settled();
    hand.told([]);
    await seal();
    expect([handed, given, troubles.at(-1)]).toEqual([[], [], null]);
    // Wanted again after it, it goes.
    hand.told([{ ...one, stage: "arrived" }]);
    await settled();
    expect([handed, given.length]).toEqual([[one.encounter], 1]);
  });

  test("told again before the server heard that it went: that is said again, and nothing is given twice", async () => {
    const { handing: hand, handed, given } = handing();
    const arrived: Handover = { ...one, stage: "arrived" };
    hand.told([arrived]);
    await settled();
    await seal();
    hand.told([{ ...arrived }]);
    await settled();
    expect([handed, given.length]).toEqual([[one.encounter, one.encounter], 1]);
    // Gone, and back, and to the same colleague once more.
    hand.told([]);
    hand.told([arrived]);
    await settled();
    expect([handed.length, given.length]).toEqual([3, 2]);
  });

  test("keys that are owed are sealed, and notes, whether the call goes on or not", async () => {
    for (const over of [false, true]) {
      const { handing: hand, handed, given } = handing();
      hand.told([{ ...one, stage: "owed", over }]);
      await settled();
      expect([handed, given]).toEqual([[], []]);
      await seal();
      expect([handed, given.length]).toEqual([[one.encounter], 1]);
    }
  });

  test("after a call nobody has to be there", async () => {
    const { handing: hand, handed } = handing();
    hand.told([{ ...one, stage: "beside", over: true }]);
    await settled();
    await seal();
    expect(handed).toEqual([one.encounter]);
  });

  test("a recording without a grant yet is asked for again, and not for ever", async () => {
    const { handing: hand, handed } = handing();
    hand.told([{ ...one, recordings: ["film"], stage: "arrived" }]);
    await settled();
    for (let waited = 0; waited < 10; waited++) {
      await seal(false);
      expect(handed).toEqual([]);
      await vi.advanceTimersByTimeAsync(1000);
    }
    await seal(false);
    await vi.advanceTimersByTimeAsync(1000);
    await seal(false);
    expect(handed).toEqual([one.encounter]);
  });

  test("nothing goes to a card that is not valid", async () => {
    const { handing: hand, handed, troubles } = handing();
    hand.told([{ ...one, card: "bad", stage: "arrived" }]);
    await settled();
    expect([handed, sealing, troubles]).toEqual([[], [], ["card"]]);
  });
});
