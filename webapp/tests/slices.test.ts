import { describe, expect, test } from "vitest";
import { concat, utf8 } from "../src/evidence/text";
import { headEnd } from "../src/slices";

const box = (type: string, size: number) => {
  const data = new Uint8Array(size);
  new DataView(data.buffer).setUint32(0, size);
  data.set(utf8(type), 4);
  return data;
};
const WEBM = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3);
const CLUSTER = Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, 9);

describe("an initialization", () => {
  test("of an MP4 ends after moov, wherever the slice is cut", () => {
    const film = concat(box("ftyp", 24), box("moov", 100), box("moof", 40), box("mdat", 60));
    expect(headEnd(film)).toBe(124);
    for (let at = 0; at < 124; at++) expect(headEnd(film.slice(0, at)), String(at)).toBeNull();
    expect(headEnd(film.slice(0, 124))).toBe(124);
  });

  test("of an MP4 that begins with its film is what stands before it", () => {
    expect(headEnd(concat(box("ftyp", 24), box("mdat", 60), box("moov", 100)))).toBe(24);
  });

  test("of a WebM ends before the first cluster", () => {
    expect(headEnd(WEBM)).toBeNull();
    expect(headEnd(concat(WEBM, CLUSTER))).toBe(7);
    expect(headEnd(concat(WEBM, CLUSTER, CLUSTER))).toBe(7);
  });

  test("of something else is its first kilobyte, once there is much of it", () => {
    expect(headEnd(new Uint8Array(100))).toBeNull();
    expect(headEnd(new Uint8Array(300_000).fill(5))).toBe(1024);
  });
});
