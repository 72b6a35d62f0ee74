/**
 * Reads when a fragment of an MP4 was: a few boxes of ISO/IEC 14496-12 (moov/trak/mdia, and
 * moof/traf with tfhd, tfdt, trun). Pure: bytes in, values out. It reads what our own muxer wrote;
 * it is no parser for strangers' files.
 */

import { Malformed } from "./errors";

export interface Track {
  readonly id: number;
  readonly kind: "video" | "sound";
  /** units a second */
  readonly timescale: number;
}

/** What one fragment holds of one track; seconds of the media's own time. */
export interface Run {
  readonly kind: Track["kind"];
  readonly samples: number;
  readonly start: number;
  /** where the last sample begins */
  readonly last: number;
  readonly end: number;
  /** stretches within it in which no sample came: one lasts longer than STILL, and another follows */
  readonly holes: readonly Stretch[];
}

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Seconds for which one picture may stand before it counts as a hole in the film. */
export const STILL = 0.2;

interface Box {
  readonly type: string;
  readonly body: DataView;
}

/** Returns the tracks that a `moov` box describes. */
export function readTracks(moov: Uint8Array): Track[] {
  const tracks: Track[] = [];
  for (const trak of boxes(find(view(moov), "moov"))) {
    if (trak.type !== "trak") continue;
    const header = find(trak.body, "tkhd");
    const media = find(trak.body, "mdia");
    const mediaHeader = find(media, "mdhd");
    const id = header.getUint32(header.getUint8(0) === 1 ? 20 : 12);
    const timescale = mediaHeader.getUint32(mediaHeader.getUint8(0) === 1 ? 20 : 12);
    const kind = text(find(media, "hdlr"), 8) === "vide" ? "video" : "sound";
    tracks.push({ id, kind, timescale });
  }
  return tracks;
}

/** Returns what the fragment with this `moof` box holds of each track. */
export function readRuns(moof: Uint8Array, tracks: readonly Track[]): Run[] {
  const runs: Run[] = [];
  for (const traf of boxes(find(view(moof), "moof"))) {
    if (traf.type === "traf") runs.push(readRun(traf.body, tracks));
  }
  return runs;
}

function readRun(traf: DataView, tracks: readonly Track[]): Run {
  const header = find(traf, "tfhd");
  const track = tracks.find(({ id }) => id === header.getUint32(4));
  if (!track) throw new Malformed("fragment", "expected a track of the initialization");
  const time = find(traf, "tfdt");
  const start = time.getUint8(0) === 1 ? Number(time.getBigUint64(4)) : time.getUint32(4);
  const durations = readDurations(find(traf, "trun"), defaultDuration(header));
  const length = durations.reduce((sum, one) => sum + one, 0);
  const last = start + length - (durations.at(-1) ?? 0);
  const seconds = (units: number) => units / track.timescale;
  return {
    kind: track.kind,
    samples: durations.length,
    start: seconds(start),
    last: seconds(last),
    end: seconds(start + length),
    holes: holesOf(durations.slice(0, -1).map(seconds), seconds(start)),
  };
}

function holesOf(durations: readonly number[], start: number): Stretch[] {
  const holes: Stretch[] = [];
  let at = start;
  for (const duration of durations) {
    if (duration > STILL) holes.push({ start: at, end: at + duration });
    at += duration;
  }
  return holes;
}

function defaultDuration(tfhd: DataView): number {
  const flags = tfhd.getUint32(0) & 0xffffff;
  const before = (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  return flags & 0x8 ? tfhd.getUint32(8 + before) : 0;
}

function readDurations(trun: DataView, usual: number): number[] {
  const flags = trun.getUint32(0) & 0xffffff;
  const count = trun.getUint32(4);
  const own = flags & 0x100;
  const step = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
  const first = 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  return Array.from({ length: count }, (_, at) => (own ? trun.getUint32(first + at * step) : usual));
}

function* boxes(data: DataView): Generator<Box> {
  for (let at = 0; at + 8 <= data.byteLength; ) {
    const size = data.getUint32(at);
    if (size < 8 || at + size > data.byteLength) throw new Malformed("MP4 box", `size ${size} at ${at}`);
    yield { type: text(data, at + 4), body: new DataView(data.buffer, data.byteOffset + at + 8, size - 8) };
    at += size;
  }
}

function find(data: DataView, type: string): DataView {
  for (const box of boxes(data)) if (box.type === type) return box.body;
  throw new Malformed("MP4 box", `expected ${type}`);
}

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function text(data: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((step) => data.getUint8(at + step)));
}
