import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHeader, generateAgeKeys, opener, readySealer } from "../../src/seal/age";

describe("sealing that was prepared", () => {
  test("opens as any other, whatever the size, prepared or not", async () => {
    const { recipient, identity } = await generateAgeKeys();
    const [sealing, open] = [readySealer(recipient), opener(identity)];
    const sizes = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 65_530, max: 65_540 }));
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), async (size, ahead) => {
        const data = new Uint8Array(size).fill(size);
        if (ahead) sealing.prepare();
        const file = await sealing.seal(data);
        checkHeader(file);
        expect(await open(file)).toEqual(data);
      }),
      { numRuns: 20 },
    );
  });

  test("gives each file a key of its own, however often it was prepared", async () => {
    const { recipient } = await generateAgeKeys();
    const sealing = readySealer(recipient);
    const stanzas = new Set<string>();
    for (let number = 0; number < 4; number++) {
      sealing.prepare();
      if (number % 2 === 0) sealing.prepare();
      const file = await sealing.seal(new Uint8Array(10));
      stanzas.add(new TextDecoder("latin1").decode(file.subarray(22, 1500)));
    }
    expect(stanzas.size).toBe(4);
  });

  test("two at once, of which one was prepared, are two files", async () => {
    const { recipient, identity } = await generateAgeKeys();
    const [sealing, open] = [readySealer(recipient), opener(identity)];
    sealing.prepare();
    const files = await Promise.all([1, 2].map((value) => sealing.seal(new Uint8Array(3).fill(value))));
    expect(await Promise.all(files.map(open))).toEqual([1, 2].map((value) => new Uint8Array(3).fill(value)));
  });
});
