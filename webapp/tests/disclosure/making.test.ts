import { expect, test } from "vitest";
import { Making } from "../../src/disclosure/making";

/** One that is made by hand: it may not end by itself when it is stopped. */
function slow(): { make: (stop: AbortSignal, progress: (share: number) => void) => Promise<string>; stop?: AbortSignal; tell(share: number): void; end(made: string): void; fail(): void } {
  let [tell, end, fail] = [(_: number): void => undefined, (_: string): void => undefined, (): void => undefined];
  const hand: ReturnType<typeof slow> = {
    make: (stop, progress) => {
      hand.stop = stop;
      tell = progress;
      return new Promise((resolve, reject) => ([end, fail] = [resolve, reject]));
    },
    tell: (share) => tell(share),
    end: (made) => end(made),
    fail: () => fail(),
  };
  return hand;
}

test("it is shown how far it is, and what came of it", async () => {
  const making = new Making<string>();
  const one = slow();
  const became = making.make(one.make);
  expect(making.view.value).toEqual({ is: "making", share: 0 });
  one.tell(0.5);
  expect(making.view.value).toEqual({ is: "making", share: 0.5 });
  one.end("package");
  expect([await became, making.view.value]).toEqual(["made", { is: "made", made: "package" }]);
  const other = slow();
  const failed = making.make(other.make);
  other.fail();
  expect([await failed, making.view.value]).toEqual(["failed", { is: "failed" }]);
});

test("stopped, it asks again at once, whatever the step that runs does", async () => {
  const making = new Making<string>();
  const one = slow();
  const became = making.make(one.make);
  making.stop();
  expect([one.stop?.aborted, making.view.value]).toEqual([true, { is: "asking" }]);
  one.tell(0.9);
  one.end("package");
  expect([await became, making.view.value]).toEqual(["stopped", { is: "asking" }]);
});

test("nothing of one that was stopped is shown over the next one", async () => {
  const making = new Making<string>();
  const [first, next] = [slow(), slow()];
  const stopped = making.make(first.make);
  const made = making.make(next.make);
  expect(first.stop?.aborted).toBe(true);
  next.end("next");
  await made;
  first.tell(0.3);
  first.fail();
  expect([await stopped, making.view.value]).toEqual(["stopped", { is: "made", made: "next" }]);
});
