import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import manifest from "@vladmandic/face-api/model/tiny_face_detector_model-weights_manifest.json";
import { STEP, coversAt, coversFor, pixelsOf } from "../../src/copy/covers";
import { FaceFinder } from "../../src/copy/faces";
import { drawn } from "./face";

const MODEL = new URL("../../node_modules/@vladmandic/face-api/model/tiny_face_detector_model.bin", import.meta.url);
const weights = new Uint8Array(readFileSync(fileURLToPath(MODEL)));
const finder = new FaceFinder(manifest, weights);

test.each([
  [640, 480, 320, 220],
  [480, 640, 200, 420],
])("a face in a picture of %i by %i is found where it is, and not once it is covered", (wide, high, x, y) => {
  const picture = drawn(wide, high, [x, y]);
  const found = finder.find(picture);
  expect(found.length).toBeGreaterThan(0);
  const [face] = found;
  expect(Math.abs(face!.x + face!.width / 2 - x / wide)).toBeLessThan(0.08);
  expect(Math.abs(face!.y + face!.height / 2 - y / high)).toBeLessThan(0.12);
  for (const cover of coversFor(found, 0)) {
    const [left, top, width, height] = pixelsOf(cover, wide, high);
    for (let row = top; row < top + height; row++) {
      for (let column = left; column < left + width; column++) picture.data.set([0, 0, 0, 255], 4 * (row * wide + column));
    }
  }
  expect(finder.find(picture)).toEqual([]);
});

test("where there is nobody, nobody is found", () => {
  expect(finder.find(drawn(640, 480, null))).toEqual([]);
});

test("weights that are not all there are refused", () => {
  expect(() => new FaceFinder(manifest, weights.subarray(1))).toThrow("expected");
});

test("a face that one look misses stays covered", () => {
  const covers = [0, 2, 3].flatMap((look) => coversFor([{ x: 0.4, y: 0.4, width: 0.2, height: 0.2 }], look * STEP));
  for (let time = 0; time <= 3 * STEP; time += STEP / 10) expect(coversAt(covers, time), `${time}`).not.toEqual([]);
});

test("each pixel that a box touches is covered, and none outside the picture", () => {
  expect(pixelsOf({ x: 0.101, y: 0.199, width: 0.2, height: 0.2 }, 100, 100)).toEqual([10, 19, 21, 21]);
  expect(pixelsOf({ x: -1, y: -1, width: 5, height: 5 }, 100, 50)).toEqual([0, 0, 100, 50]);
  expect(pixelsOf({ x: 2, y: 2, width: 1, height: 1 }, 100, 50)).toEqual([100, 50, 0, 0]);
});
