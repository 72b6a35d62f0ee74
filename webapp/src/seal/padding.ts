/**
 * Padding, so that sizes do not leak speech or movement: a `free` box at the end of a fragment of
 * the film. Players skip it, and the film stays the concatenation of its segments. Pure.
 */

import { concat } from "../evidence/text";

/** A `free` box has at least its own header. */
export const FREE_HEADER = 8;

/** Returns the size Padmé allows for `size` bytes: it leaks O(log log size) bits, costs at most 12 %. */
export function padme(size: number): number {
  if (size < 2) return size;
  const exponent = Math.floor(Math.log2(size));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const unit = 2 ** Math.max(exponent - kept, 0);
  return Math.ceil(size / unit) * unit;
}

/** Returns `fragment` with a `free` box behind it, `size` bytes in all. */
export function padTo(fragment: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const room = size - fragment.length;
  if (room < FREE_HEADER) throw new RangeError(`no room for a free box: ${fragment.length} of ${size} bytes`);
  const box = new Uint8Array(room);
  new DataView(box.buffer).setUint32(0, room);
  box.set([0x66, 0x72, 0x65, 0x65], 4); // "free"
  return concat(fragment, box);
}

/** Pads a fragment of film to the next Padmé size. */
export function padFilm(fragment: Uint8Array): Uint8Array<ArrayBuffer> {
  return padTo(fragment, padme(fragment.length + FREE_HEADER));
}

const SOUND_STEP = 4096;

/** Returns a function that pads all fragments of one sound recording to one size. */
export function soundPadder(): (fragment: Uint8Array) => Uint8Array<ArrayBuffer> {
  let size = 0;
  return (fragment) => {
    // A quarter of reserve: a fragment that outgrows the size would stand out from then on.
    if (size === 0) size = steps(fragment.length * 1.25 + FREE_HEADER);
    if (fragment.length + FREE_HEADER > size) return padTo(fragment, steps(fragment.length + FREE_HEADER));
    return padTo(fragment, size);
  };
}

function steps(size: number): number {
  return Math.ceil(size / SOUND_STEP) * SOUND_STEP;
}
