/** One press accepts, whatever the socket does meanwhile. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Accepting } from "../../src/attorney/accepting";
import type { ConsoleCall } from "../../src/call-console";
import type { DutyMessage, Ring } from "../../src/live-contracts";

const [ONE, TWO] = ["1".repeat(32), "2".repeat(32)] as const;
const ringing = (...encounters: string[]): Ring[] => encounters.map((encounter) => ({ encounter }) as Ring);

/** A connection whose offer is made when the test says so. */
class Offering {
  released = 0;
  made: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  readonly #offer = new Promise<void>((resolve, reject) => ([this.made, this.fail] = [resolve, reject]));
  answer = (encounter: string): Promise<object> => this.#offer.then(() => ({ note: `offer for ${encounter}` }));
  sent = (): void => void this.released++;
}

interface Desk {
  accepting: Accepting;
  sent: DutyMessage[];
  offering(): Offering;
  /** offers that were made so far, dropped ones too */
  made: Offering[];
  doubts: () => number;
  is: { open: boolean };
}

function desk(): Desk {
  const is = { open: true };
  const sent: DutyMessage[] = [];
  const made: Offering[] = [];
  let current: Offering | null = null;
  let doubts = 0;
  const offering = (): Offering => {
    if (current === null) made.push((current = new Offering()));
    return current;
  };
  const accepting = new Accepting({
    ready: () => offering() as unknown as ConsoleCall,
    uses: (console) => (console as unknown) === current,
    open: () => undefined,
    send: (message) => is.open && sent.push(message) > 0,
    doubt: () => void doubts++,
    drop: () => void (current = null),
  });
  return { accepting, sent, offering, made, doubts: () => doubts, is };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test("an answer is said once, and a desk that still shows the ring is no reason to say it again", async () => {
  const { accepting, sent, offering, doubts } = desk();
  expect(accepting.told(ringing(ONE))).toBe("ring");
  void accepting.begin(ONE, "answer");
  expect(accepting.told(ringing(ONE))).toBe("wait");
  offering().made();
  await settle();
  expect(accepting.told(ringing(ONE, TWO))).toBe("wait");
  expect(sent).toEqual([{ type: "answer", encounter: ONE, note: `offer for ${ONE}` }]);
  expect(offering().released).toBe(1);
  // A network that is gone says nothing: the socket is doubted at once, and not after ten seconds.
  expect(doubts()).toBe(1);
});

test.each(["answer", "take", "join"] as const)("said into a socket that was gone, it is said again: %s", async (type) => {
  const { accepting, sent, offering, made } = desk();
  void accepting.begin(ONE, type);
  if (type !== "join") offering().made();
  await settle();
  accepting.lost();
  await vi.advanceTimersByTimeAsync(19_000);
  expect(accepting.told(ringing(TWO, ONE))).toBe("wait");
  if (type !== "join") offering().made();
  await settle();
  expect(sent.map((message) => [message.type, "encounter" in message && message.encounter])).toEqual([[type, ONE], [type, ONE]]);
  // Of an offer that may never have arrived nothing is used any more.
  expect(made).toHaveLength(type === "join" ? 0 : 2);
  expect(accepting.told(ringing(ONE))).toBe("wait");
  expect(sent).toHaveLength(2);
});

test("accepted while no socket is open, it is said as soon as there is one", async () => {
  const { accepting, sent, offering, is } = desk();
  is.open = false;
  void accepting.begin(ONE, "answer");
  offering().made();
  await settle();
  expect(offering().released).toBe(0);
  is.open = true;
  expect(accepting.told(ringing(ONE))).toBe("wait");
  offering().made();
  await settle();
  expect(sent).toHaveLength(1);
});

test("what was made for a connection that was dropped is not said; that it broke is no fault", async () => {
  const { accepting, sent, made, offering } = desk();
  const said = accepting.begin(ONE, "answer");
  const [before] = made;
  accepting.lost();
  expect(accepting.told(ringing(ONE))).toBe("wait");
  before?.fail(new DOMException("the connection was closed", "AbortError"));
  await said;
  offering().made();
  await settle();
  expect(sent).toHaveLength(1);
});

test("long after, it rings again: nobody may sit there any more", async () => {
  const { accepting, sent, offering } = desk();
  void accepting.begin(ONE, "answer");
  offering().made();
  await settle();
  accepting.lost();
  await vi.advanceTimersByTimeAsync(20_001);
  expect(accepting.told(ringing(ONE))).toBe("ring");
  expect(sent).toHaveLength(1);
});

test("a ring that is over is told; called off, nothing is said any more", async () => {
  const { accepting, sent } = desk();
  void accepting.begin(ONE, "join");
  accepting.lost();
  expect(accepting.told(ringing(TWO))).toBe("gone");
  expect(accepting.encounter).toBe(ONE);
  accepting.end();
  expect(accepting.encounter).toBeNull();
  expect(accepting.told(ringing(ONE))).toBe("ring");
  accepting.lost();
  expect(sent).toHaveLength(1);
});
