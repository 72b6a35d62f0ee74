/** A face, drawn of ellipses: of nobody, and the detector finds it. */

import type { Pixels } from "../../src/copy/faces";

type Ellipse = readonly [x: number, y: number, wide: number, high: number, colour: readonly [number, number, number]];

const PARTS: readonly Ellipse[] = [
  [0, -25, 88, 105, [50, 35, 28]],
  [0, 110, 32, 60, [190, 140, 115]],
  [0, 200, 150, 80, [60, 70, 110]],
  [0, 0, 72, 95, [214, 165, 138]],
  [0, -80, 66, 30, [50, 35, 28]],
  ...[-1, 1].flatMap((side): Ellipse[] => [
    [side * 30, -12, 15, 8, [240, 238, 235]],
    [side * 30, -12, 7, 7, [70, 45, 30]],
    [side * 30, -30, 19, 4, [60, 40, 30]],
    [side * 74, 9, 9, 20, [200, 150, 122]],
    [side * 9, 28, 5, 3, [140, 95, 80]],
  ]),
  [0, 26, 11, 8, [204, 152, 126]],
  [0, 54, 26, 8, [165, 85, 80]],
  [0, 51, 26, 3, [120, 60, 58]],
];

/** A picture, with the face's middle at `x`, `y` where these are given. */
export function drawn(width: number, height: number, at: readonly [number, number] | null): Pixels {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const within = ([dx, dy, wide, high]: Ellipse): boolean =>
        at !== null && ((x - at[0] - dx) / wide) ** 2 + ((y - at[1] - dy) / high) ** 2 <= 1;
      data.set([...(PARTS.findLast(within)?.[4] ?? [120, 140, 150]), 255], 4 * (y * width + x));
    }
  }
  return { width, height, data };
}
