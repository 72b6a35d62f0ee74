import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { padFilm, padTo, padme, soundPadder } from "../../src/seal/padding";

describe("padding", () => {
  test("Padmé never shrinks, costs less than an eighth, and takes its own sizes as they are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * 1024 * 1024 }), (size) => {
        const padded = padme(size);
        expect(padded).toBeGreaterThanOrEqual(size);
        expect(padded - size).toBeLessThanOrEqual(size * 0.12);
        expect(padme(padded)).toBe(padded);
      }),
    );
  });

  test("few sizes are left: of a hundred thousand, under a hundred", () => {
    const sizes = new Set<number>();
    for (let size = 1000; size < 101_000; size++) sizes.add(padme(size));
    expect(sizes.size).toBeLessThan(230);
  });

  test("a padded fragment begins with the fragment and ends with one free box", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4096 }), (fragment) => {
        const padded = padFilm(fragment);
        const view = new DataView(padded.buffer);
        const size = view.getUint32(fragment.length);
        expect(padded.slice(0, fragment.length)).toEqual(new Uint8Array(fragment));
        expect(String.fromCharCode(...padded.slice(fragment.length + 4, fragment.length + 8))).toBe("free");
        expect(fragment.length + size).toBe(padded.length);
        expect(padme(padded.length)).toBe(padded.length);
      }),
    );
  });

  test("there is no free box of less than its own header", () => {
    expect(() => padTo(new Uint8Array(10), 17)).toThrow(RangeError);
    expect(padTo(new Uint8Array(10), 18).length).toBe(18);
  });

  test("all pieces of a sound recording have one size, unless one outgrows it", () => {
    const pad = soundPadder();
    const sizes = [8000, 7200, 8800, 9100, 12].map((size) => pad(new Uint8Array(size)).length);
    expect(new Set(sizes)).toEqual(new Set([12_288]));
    expect(pad(new Uint8Array(12_288)).length).toBe(16_384);
    expect(pad(new Uint8Array(8000)).length).toBe(12_288);
  });
});
