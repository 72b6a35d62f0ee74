/**
 * What is covered in a public copy, where and when; times in seconds of the film. Pure but for `paint`.
 *
 * Covered means painted over in one colour: nothing of what was there is in the copy. A blur, or
 * coarse squares, leave averages of the face, another set with each frame; out of many frames a face
 * can be computed back, and programs that compare faces match blurred ones.
 */

import type { Box } from "./faces";

export interface Cover extends Box {
  readonly from: number;
  readonly to: number;
}

/** How often the film is looked at, in seconds. */
export const STEP = 0.2;
/** How much is covered around a face, as a share of its size, on each side: hair, ears, movement. */
const AROUND = 0.3;
/** How long before and after it was seen; twice the step, so that one look that misses it is bridged. */
const BEFORE_AND_AFTER = 2 * STEP;

/** Covers for faces found at *time*. */
export function coversFor(boxes: readonly Box[], time: number): Cover[] {
  return boxes.map(({ x, y, width, height }) => ({
    x: x - AROUND * width,
    y: y - AROUND * height,
    width: width * (1 + 2 * AROUND),
    height: height * (1 + 2 * AROUND),
    from: time - BEFORE_AND_AFTER,
    to: time + BEFORE_AND_AFTER,
  }));
}

export function coversAt(covers: readonly Cover[], time: number): Cover[] {
  return covers.filter(({ from, to }) => from <= time && time <= to);
}

/** The whole pixels that a box touches. */
export function pixelsOf({ x, y, width, height }: Box, wide: number, high: number): [number, number, number, number] {
  const left = Math.min(wide, Math.max(0, Math.floor(x * wide)));
  const top = Math.min(high, Math.max(0, Math.floor(y * high)));
  const right = Math.min(wide, Math.ceil((x + width) * wide));
  const bottom = Math.min(high, Math.ceil((y + height) * high));
  return [left, top, Math.max(0, right - left), Math.max(0, bottom - top)];
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export function paint(context: Context, boxes: readonly Box[]): void {
  context.fillStyle = "#000";
  for (const box of boxes) context.fillRect(...pixelsOf(box, context.canvas.width, context.canvas.height));
}
