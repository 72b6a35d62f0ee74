import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Granting } from "../../src/caller/granting";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<void>(() => undefined);

test("waits for the answer, and not for ever", async () => {
  const grant = vi.fn(() => Promise.resolve());
  new Granting().begin(Promise.resolve(), grant);
  await vi.advanceTimersByTimeAsync(0);
  expect(grant).toHaveBeenCalledTimes(1);
  new Granting().begin(never, grant);
  await vi.advanceTimersByTimeAsync(999);
  expect(grant).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(grant).toHaveBeenCalledTimes(2);
});

test("is done before a lock, which waits for no more than a moment", async () => {
  const granting = new Granting();
  const steps: string[] = [];
  granting.begin(never, async () => void steps.push("granted"));
  void granting.done().then(() => steps.push("locked"));
  await vi.advanceTimersByTimeAsync(0);
  expect(steps).toEqual(["granted", "locked"]);

  const stuck = new Granting();
  stuck.begin(never, () => never);
  void stuck.done().then(() => steps.push("locked all the same"));
  await vi.advanceTimersByTimeAsync(299);
  expect(steps).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(steps).toHaveLength(3);
});
