import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FULL } from "../src/budget";
import type { Piece } from "../src/capture";
import { concat, sameBytes, utf8 } from "../src/evidence/text";
import { MOST, Slices, headEnd } from "../src/slices";

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

/** A recorder whose slices a test gives. */
class GivenRecorder extends EventTarget {
  static isTypeSupported = (type: string): boolean => type.endsWith("webm");
  static made: GivenRecorder | undefined;
  readonly mimeType = "video/webm; codecs=vp8,opus";
  state = "inactive";
  ondataavailable: (event: { data: Blob }) => void = () => undefined;
  constructor() {
    super();
    GivenRecorder.made = this;
  }
  start(): void {
    this.state = "recording";
  }
  stop(): void {
    this.state = "inactive";
    this.dispatchEvent(new Event("stop"));
  }
}

const TRACK = { kind: "video", readyState: "live", muted: false };
const STREAM = { getTracks: () => [TRACK], getVideoTracks: () => [TRACK] } as unknown as MediaStream;

describe("a recorder's slices", () => {
  let pieces: Piece[] = [];
  let slices: Slices | null = null;
  let now = 0;

  beforeEach(async () => {
    pieces = [];
    now = 0;
    vi.stubGlobal("MediaRecorder", GivenRecorder);
    vi.spyOn(performance, "now").mockImplementation(() => now);
    slices = new Slices(STREAM, 0, { plan: FULL }, {
      begun: () => undefined,
      piece: (piece) => void pieces.push(piece),
      hole: () => undefined,
      flowing: () => undefined,
      failed: () => undefined,
    });
    await slices.start();
  });

  afterEach(async () => {
    await slices?.stop();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  /** Gives each slice at its instant, and returns when and how large the pieces were. */
  async function given(...all: (readonly [at: number, data: Uint8Array<ArrayBuffer>])[]) {
    for (const [at, data] of all) {
      now = at;
      GivenRecorder.made?.ondataavailable({ data: new Blob([data]) });
    }
    await slices?.stop();
    return pieces.map(({ data, offset, duration }) => [offset, duration, data.length]);
  }

  const first = [500, concat(WEBM, CLUSTER)] as const;
  const whole = [
    [0, 0, 7],
    [0, 500, 5],
  ];

  test("that are empty are no pieces, and what comes after them begins where the last piece ended", async () => {
    const nothing = new Uint8Array();
    expect(await given([100, nothing], first, [1000, nothing], [1500, CLUSTER])).toEqual([...whole, [500, 1000, 5]]);
  });

  test("that hold half an initialization wait for the other half", async () => {
    expect(await given([500, WEBM.slice(0, 5)], [1000, concat(WEBM.slice(5), CLUSTER)])).toEqual([
      [0, 0, 7],
      [0, 1000, 5],
    ]);
  });

  test("that are larger than the server takes become several pieces, which together are the slice", async () => {
    const large = new Uint8Array(2.5 * MOST).map((_, at) => at % 251);
    const found = await given(first, [1100, large]);
    expect(found.map((one) => one.slice(0, 2))).toEqual([[0, 0], [0, 500], [500, 200], [700, 200], [900, 200]]);
    expect(found.every(([, , size]) => Number(size) <= MOST)).toBe(true);
    expect(sameBytes(concat(...pieces.slice(2).map(({ data }) => data)), large)).toBe(true);
  });

  test("that come late lie after a hole, which nothing covers", async () => {
    expect(await given(first, [9000, CLUSTER])).toEqual([...whole, [8500, 500, 5]]);
  });

  test("that come all at once never overlap", async () => {
    expect(await given(first, [1400, CLUSTER], [1400, CLUSTER], [1401, CLUSTER])).toEqual([
      ...whole,
      [500, 900, 5],
      [1400, 0, 5],
      [1400, 1, 5],
    ]);
  });
});
