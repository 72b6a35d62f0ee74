/**
 * Finds faces in a picture: the Tiny Face Detector (a Tiny YOLO v2 of separable convolutions), whose
 * 193 kB of weights ship in `@vladmandic/face-api`. Only its arithmetic is here, in plain loops: no
 * WebAssembly, no `eval`, nothing fetched, and nothing that could tell one face from another.
 *
 * Pure: pixels in, boxes out. Misses faces that are small, turned away or half hidden.
 */

/** A part of a picture; all four are shares of its width or height, from 0 to 1. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, a byte each */
  readonly data: Uint8ClampedArray;
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization: { readonly scale: number; readonly min: number };
}
export type Manifest = readonly { readonly weights: readonly Weight[] }[];

/** Side of the square that is looked at, in pixels; more finds smaller faces, and takes longer. */
const SIDE = 416;
const MEAN = [117.001, 114.697, 97.404] as const;
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;
const VALUES = 5;
/** Lower than the package's 0.5: a box too many is harmless, a face too few is not. */
const SCORE = 0.3;
const OVERLAP = 0.4;
const LEAK = 0.1;

/** Channels one after the other, each `side` rows of `side`. */
interface Plane {
  readonly side: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export class FaceFinder {
  readonly #weights = new Map<string, Float32Array>();

  constructor(manifest: Manifest, data: Uint8Array) {
    let at = 0;
    for (const { name, shape, quantization } of manifest.flatMap(({ weights }) => weights)) {
      const length = shape.reduce((product, one) => product * one, 1);
      const { scale, min } = quantization;
      this.#weights.set(name, Float32Array.from(data.subarray(at, at + length), (byte) => byte * scale + min));
      at += length;
    }
    if (at !== data.length) throw new Error(`expected ${at} weights, found ${data.length}`);
  }

  find(picture: Pixels): Box[] {
    let plane = halved(leaky(this.#first(squared(picture))));
    for (const layer of ["conv1", "conv2", "conv3", "conv4"]) plane = halved(this.#separable(plane, layer));
    plane = this.#pointwise(widest(this.#separable(plane, "conv5")), "conv8/filters", "conv8/bias", VALUES * ANCHORS.length);
    return boxesOf(plane, picture);
  }

  #weight(name: string): Float32Array {
    const found = this.#weights.get(name);
    if (found === undefined) throw new Error(`no weights ${name}`);
    return found;
  }

  /** A full 3 x 3 convolution without a margin: filters are `[row][column][in][out]`. */
  #first({ side, channels, data }: Plane): Plane {
    const filters = this.#weight("conv0/filters");
    const bias = this.#weight("conv0/bias");
    const inner = side - 2;
    const out = new Float32Array(bias.length * inner * inner);
    for (let to = 0; to < bias.length; to++) {
      const plane = out.subarray(to * inner * inner, (to + 1) * inner * inner).fill(bias[to] ?? 0);
      for (let tap = 0; tap < 9 * channels; tap++) {
        const weight = filters[tap * bias.length + to] ?? 0;
        const from = tap % channels;
        const start = from * side * side + Math.floor(tap / channels / 3) * side + (Math.floor(tap / channels) % 3);
        for (let row = 0; row < inner; row++) {
          const source = start + row * side;
          const target = row * inner;
          for (let x = 0; x < inner; x++) plane[target + x]! += weight * data[source + x]!;
        }
      }
    }
    return { side: inner, channels: bias.length, data: out };
  }

  #separable(plane: Plane, layer: string): Plane {
    const deep = depthwise(plane, this.#weight(`${layer}/depthwise_filter`));
    const bias = this.#weight(`${layer}/bias`);
    return leaky(this.#pointwise(deep, `${layer}/pointwise_filter`, `${layer}/bias`, bias.length));
  }

  #pointwise({ side, channels, data }: Plane, filter: string, biases: string, outputs: number): Plane {
    const filters = this.#weight(filter);
    const bias = this.#weight(biases);
    const size = side * side;
    const out = new Float32Array(outputs * size);
    for (let to = 0; to < outputs; to++) {
      const plane = out.subarray(to * size, (to + 1) * size).fill(bias[to] ?? 0);
      for (let from = 0; from < channels; from++) {
        const weight = filters[from * outputs + to] ?? 0;
        const source = from * size;
        for (let at = 0; at < size; at++) plane[at]! += weight * data[source + at]!;
      }
    }
    return { side, channels: outputs, data: out };
  }
}

/** Fits a picture into the square's upper left, as the detector was taught; the rest is black. */
function squared({ width, height, data }: Pixels): Plane {
  const out = new Float32Array(3 * SIDE * SIDE);
  const scale = Math.max(width, height) / SIDE;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const fromX = (x + 0.5) * scale - 0.5;
      const fromY = (y + 0.5) * scale - 0.5;
      const inside = fromX < width && fromY < height;
      for (let channel = 0; channel < 3; channel++) {
        const value = inside ? between(data, width, height, fromX, fromY, channel) : 0;
        out[channel * SIDE * SIDE + y * SIDE + x] = (value - MEAN[channel]!) / 255;
      }
    }
  }
  return { side: SIDE, channels: 3, data: out };
}

function between(data: Uint8ClampedArray, width: number, height: number, x: number, y: number, channel: number): number {
  const left = Math.min(Math.max(Math.floor(x), 0), width - 1);
  const top = Math.min(Math.max(Math.floor(y), 0), height - 1);
  const right = Math.min(left + 1, width - 1);
  const bottom = Math.min(top + 1, height - 1);
  const [across, down] = [Math.min(Math.max(x - left, 0), 1), Math.min(Math.max(y - top, 0), 1)];
  const at = (column: number, row: number): number => data[4 * (row * width + column) + channel]!;
  const above = at(left, top) * (1 - across) + at(right, top) * across;
  return above * (1 - down) + (at(left, bottom) * (1 - across) + at(right, bottom) * across) * down;
}

/** Each channel by a 3 x 3 of its own, with a margin of zeros. */
function depthwise({ side, channels, data }: Plane, filters: Float32Array): Plane {
  const out = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const base = channel * side * side;
    for (let tap = 0; tap < 9; tap++) {
      const weight = filters[tap * channels + channel] ?? 0;
      const [down, across] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
      for (let y = Math.max(0, -down); y < Math.min(side, side - down); y++) {
        const target = base + y * side;
        const source = base + (y + down) * side + across;
        for (let x = Math.max(0, -across); x < Math.min(side, side - across); x++) out[target + x]! += weight * data[source + x]!;
      }
    }
  }
  return { side, channels, data: out };
}

function leaky(plane: Plane): Plane {
  const { data } = plane;
  for (let at = 0; at < data.length; at++) if (data[at]! < 0) data[at]! *= LEAK;
  return plane;
}

function halved(plane: Plane): Plane {
  return largest(plane, Math.ceil(plane.side / 2), 2);
}

function widest(plane: Plane): Plane {
  return largest(plane, plane.side, 1);
}

/** The largest of each 2 x 2, `step` apart. */
function largest({ side, channels, data }: Plane, to: number, step: number): Plane {
  const out = new Float32Array(channels * to * to);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < to; y++) {
      for (let x = 0; x < to; x++) {
        let most = -Infinity;
        for (let row = y * step; row < Math.min(y * step + 2, side); row++) {
          for (let column = x * step; column < Math.min(x * step + 2, side); column++) {
            most = Math.max(most, data[channel * side * side + row * side + column]!);
          }
        }
        out[channel * to * to + y * to + x] = most;
      }
    }
  }
  return { side: to, channels, data: out };
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

function boxesOf({ side, data }: Plane, { width, height }: Pixels): Box[] {
  const found: { score: number; box: Box }[] = [];
  const most = Math.max(width, height);
  for (let cell = 0; cell < side * side; cell++) {
    for (const [number, anchor] of ANCHORS.entries()) {
      const value = (which: number): number => data[(number * VALUES + which) * side * side + cell]!;
      const score = sigmoid(value(4));
      if (score <= SCORE) continue;
      const wide = ((Math.exp(value(2)) * anchor[0]) / side) * (most / width);
      const high = ((Math.exp(value(3)) * anchor[1]) / side) * (most / height);
      const x = (((cell % side) + sigmoid(value(0))) / side) * (most / width) - wide / 2;
      const y = ((Math.floor(cell / side) + sigmoid(value(1))) / side) * (most / height) - high / 2;
      found.push({ score, box: { x, y, width: wide, height: high } });
    }
  }
  const kept: Box[] = [];
  for (const { box } of found.sort((one, other) => other.score - one.score)) {
    if (kept.every((other) => overlap(box, other) < OVERLAP)) kept.push(box);
  }
  return kept;
}

/** What two boxes share, of what they cover together. */
function overlap(one: Box, other: Box): number {
  const wide = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const high = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  const both = Math.max(0, wide) * Math.max(0, high);
  return both / (one.width * one.height + other.width * other.height - both);
}
