import { expect, test } from "vitest";
import { withoutTimes } from "../../src/copy/times";

const box = (name: string, ...content: (number[] | Uint8Array)[]): Uint8Array => {
  const inner = content.flatMap((one) => [...one]);
  const bytes = new Uint8Array(8 + inner.length);
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(inner, 8);
  return bytes;
};

test("times of making go, in boxes of either length, and nothing else changes", () => {
  const made = (times: number[], long: number): Uint8Array =>
    box("moov", box("mvhd", [long, 0, 0, 0], times, [7, 7]), box("trak", box("tkhd", [long, 0, 0, 3], times, [8]), box("mdia", box("mdhd", [long, 0, 0, 0], times, [9]))), box("udta", [1, 2]));
  for (const [long, size] of [[0, 8], [1, 16]] as const) {
    const times = Array.from({ length: size }, (_, at) => at + 1);
    const file = new Uint8Array([...box("ftyp", [1]), ...made(times, long), ...box("mdat", times)]);
    const wanted = new Uint8Array([...box("ftyp", [1]), ...made(times.map(() => 0), long), ...box("mdat", times)]);
    expect(withoutTimes(file)).toEqual(wanted);
  }
});
