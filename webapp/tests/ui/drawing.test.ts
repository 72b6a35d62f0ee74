/** How often a page is drawn: while a call begins, once for all that happens within a frame. */

import { options } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { drawByFrames } from "../../src/ui/drawing";

let frames: (() => void)[] = [];
const drawn = vi.fn();
const change = (): void => options.debounceRendering?.(drawn);

beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  drawn.mockClear();
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  vi.stubGlobal("cancelAnimationFrame", (number: number) => (frames[number - 1] = () => undefined));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("while a call begins, a page is drawn with its next frame and no sooner", async () => {
  drawByFrames();
  change();
  await Promise.resolve();
  expect(drawn).not.toHaveBeenCalled();
  for (const frame of frames) frame();
  await vi.advanceTimersByTimeAsync(200);
  expect(drawn).toHaveBeenCalledTimes(1);
});

test("a page out of sight has no frames and is drawn all the same, once", async () => {
  drawByFrames();
  change();
  await vi.advanceTimersByTimeAsync(60);
  expect(drawn).toHaveBeenCalledTimes(1);
  for (const frame of frames) frame();
  expect(drawn).toHaveBeenCalledTimes(1);
});

test("a second later it is drawn at once, as ever", async () => {
  drawByFrames();
  await vi.advanceTimersByTimeAsync(1001);
  change();
  await Promise.resolve();
  expect(drawn).toHaveBeenCalledTimes(1);
  expect(frames).toEqual([]);
});
