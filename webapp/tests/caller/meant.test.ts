import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CANCEL_WITHIN, Meant } from "../../src/caller/meant";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a press that is taken back in time never counts", async () => {
  const press = new Meant();
  vi.advanceTimersByTime(CANCEL_WITHIN - 1);
  expect(press.takeBack()).toBe(true);
  vi.advanceTimersByTime(CANCEL_WITHIN);
  expect(await press.settled).toBe(false);
  expect(press.takeBack()).toBe(true);
});

test("a press that counts is not said to be taken back, however late the button is pressed", async () => {
  const press = new Meant();
  vi.advanceTimersByTime(CANCEL_WITHIN);
  expect(press.takeBack()).toBe(false);
  expect(await press.settled).toBe(true);
  expect(press.takeBack()).toBe(false);
});
