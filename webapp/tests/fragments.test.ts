import { describe, expect, test } from "vitest";
import { Malformed } from "../src/errors";
import { concat, utf8 } from "../src/evidence/text";
import { readRuns, readTracks } from "../src/fragments";

const u32 = (...values: number[]) => {
  const data = new Uint8Array(4 * values.length);
  for (const [at, value] of values.entries()) new DataView(data.buffer).setUint32(4 * at, value);
  return data;
};
const box = (type: string, ...parts: Uint8Array[]) => {
  const body = concat(...parts);
  return concat(u32(body.length + 8), utf8(type), body);
};

/** Two tracks: pictures (1, at 57,600 units a second) and sound (2, at 48,000; long headers). */
function moov(): Uint8Array {
  const trak = (id: number, timescale: number, handler: string, long: boolean) => {
    const times = long ? u32(0, 0, 0, 0) : u32(0, 0);
    const version = u32(long ? 0x01000000 : 0);
    const tkhd = box("tkhd", version, times, u32(id, 0));
    const mdhd = box("mdhd", version, times, u32(timescale, 0));
    const hdlr = box("hdlr", u32(0, 0), utf8(handler), u32(0, 0, 0));
    return box("trak", tkhd, box("mdia", mdhd, hdlr));
  };
  return box("moov", box("mvhd", u32(0)), trak(1, 57_600, "vide", false), trak(2, 48_000, "soun", true));
}

const OWN_DURATIONS = 0x100 | 0x200 | 0x1 | 0x4;

function moof(): Uint8Array {
  const video = box(
    "traf",
    box("tfhd", u32(0x20038, 1, 1920, 100, 0)),
    box("tfdt", u32(0x01000000, 0, 57_600)),
    box("trun", u32(0x01000000 | OWN_DURATIONS, 3, 500, 0), u32(1920, 10), u32(24_960, 10), u32(1920, 10)),
  );
  const sound = box(
    "traf",
    box("tfhd", u32(0x20038, 2, 960, 80, 0)),
    box("tfdt", u32(0, 48_480)),
    box("trun", u32(0x01000001, 25, 900)),
  );
  return box("moof", box("mfhd", u32(0, 7)), video, sound);
}

describe("a fragment", () => {
  test("tells when its pictures and its sound were", () => {
    const tracks = readTracks(moov());
    expect(tracks).toEqual([
      { id: 1, kind: "video", timescale: 57_600 },
      { id: 2, kind: "sound", timescale: 48_000 },
    ]);
    const [video, sound] = readRuns(moof(), tracks);
    expect(video).toMatchObject({ kind: "video", samples: 3, start: 1 });
    expect(video?.last).toBeCloseTo(1.5 - 1 / 30, 6);
    expect(video?.end).toBeCloseTo(1.5, 6);
    expect(sound).toMatchObject({ kind: "sound", samples: 25, start: 1.01 });
    expect(sound?.end).toBeCloseTo(1.51, 6);
  });

  test("tells where one picture stood too long", () => {
    const [video, sound] = readRuns(moof(), readTracks(moov()));
    expect(video?.holes.map(({ start, end }) => [start.toFixed(3), end.toFixed(3)])).toEqual([["1.033", "1.467"]]);
    expect(sound?.holes).toEqual([]);
  });

  test("of a track that the initialization does not name is refused", () => {
    expect(() => readRuns(moof(), [])).toThrow(Malformed);
    expect(() => readTracks(box("free"))).toThrow(Malformed);
    expect(() => readTracks(moov().slice(0, 40))).toThrow(Malformed);
  });
});
