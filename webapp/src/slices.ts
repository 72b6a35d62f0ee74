/**
 * The way out where a browser cannot make pieces of an MP4 itself (no WebCodecs, or no frames of a
 * track on the page's thread: Safari, Firefox): MediaRecorder, cut into slices. The film is all
 * slices in their order, byte for byte, the container's initialization split off as the first piece.
 *
 * What it cannot do: slices are not padded, do not decode alone, and when they were is told by when
 * they came. Empty, odd, oversized and late slices are normal input. Main thread only.
 */

import { SOUND_BESIDE } from "./budget";
import type { CaptureReport, Making, Piece } from "./capture";
import { concat } from "./evidence/text";
import type { Track } from "./fragments";
import { Mutes } from "./placing";

const WATCH = 250;
/** Milliseconds without any data that count as a hole. */
const HOLE = 1_500;
/** Bytes within which an initialization ends, or is no longer looked for. */
const HEAD_LIMIT = 256 * 1024;
/** Bytes of one piece at most: the server takes segments of 8 MiB, sealed (docs/format.md). */
export const MOST = 7 * 1024 * 1024;

/** MP4 first: who has both here is Safari, whose WebM is young. Its slices are fragments of two seconds. */
const CONTAINERS = [
  { type: "mp4", slice: 2_000 },
  { type: "webm", slice: 500 },
] as const;

export function canSlice(): boolean {
  return typeof MediaRecorder !== "undefined";
}

export class Slices {
  private readonly recorder: MediaRecorder;
  private readonly slice: number;
  private readonly lost = new Set<Track["kind"]>();
  private readonly mutes: Mutes;
  private head: Uint8Array | null = new Uint8Array();
  private begun = false;
  /** where the next piece begins; milliseconds since the opening */
  private from = 0;
  private dataAt: number;
  private order: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly stream: MediaStream,
    private readonly opened: number,
    { plan }: Making,
    private readonly report: CaptureReport,
  ) {
    this.dataAt = opened;
    this.mutes = new Mutes(opened);
    const kind = this.film ? "video" : "audio";
    const found = CONTAINERS.find(({ type }) => MediaRecorder.isTypeSupported(`${kind}/${type}`));
    const piece = (plan?.piece ?? SOUND_BESIDE.piece) * 1000;
    this.slice = Math.max(found?.slice ?? 1_000, piece);
    this.recorder = new MediaRecorder(stream, {
      ...(found ? { mimeType: `${kind}/${found.type}` } : {}),
      ...(plan ? { videoBitsPerSecond: plan.picture } : {}),
      audioBitsPerSecond: plan?.sound ?? SOUND_BESIDE.bitrate,
    });
  }

  async start(): Promise<void> {
    this.recorder.ondataavailable = ({ data }) => {
      const now = performance.now();
      this.order = this.order.then(() => this.take(data, now)).catch(() => undefined);
    };
    // Known before the first slice: the opening need not wait for two seconds of film.
    this.recorder.onstart = () => this.recorder.mimeType && this.begin();
    this.recorder.onerror = () => this.report.failed("encoder");
    this.recorder.start(this.slice);
    this.timer = setInterval(() => this.watch(), WATCH);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.recorder.state !== "inactive") {
      const stopped = new Promise((resolve) => this.recorder.addEventListener("stop", resolve, { once: true }));
      this.recorder.stop();
      await stopped;
    }
    await this.order;
  }

  /** Reports what goes on now. */
  tell(): void {
    for (const span of this.mutes.open(performance.now())) this.report.hole(span, true);
  }

  private get film(): boolean {
    return this.stream.getVideoTracks().length > 0;
  }

  private async take(slice: Blob, now: number): Promise<void> {
    if (slice.size === 0) return;
    if (now - this.dataAt > Math.max(HOLE, 2.5 * this.slice)) this.from = this.offset(now) - this.slice;
    this.dataAt = now;
    this.begin();
    const data = this.headless(new Uint8Array(await slice.arrayBuffer()));
    if (data.length === 0) return;
    const end = Math.max(this.offset(now), this.from);
    for (const piece of parted(data, this.from, end)) this.report.piece(piece);
    this.from = end;
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    const media = this.recorder.mimeType.replace(/[\s"]/g, "") || (this.film ? "video/webm" : "audio/webm");
    this.report.begun(media, this.film ? "film" : "sound");
  }

  /** Returns what of the data lies behind the initialization, which is reported once it is whole. */
  private headless(data: Uint8Array): Uint8Array {
    if (this.head === null) return data;
    const all = concat(this.head, data);
    const end = headEnd(all);
    if (end === null) {
      this.head = all;
      return new Uint8Array();
    }
    this.head = null;
    this.report.piece({ data: all.slice(0, end), offset: 0, duration: 0 });
    return all.slice(end);
  }

  private watch(): void {
    for (const track of this.stream.getTracks()) {
      const kind = track.kind === "video" ? "video" : "sound";
      const flows = track.readyState === "live" && !track.muted;
      const silenced = this.mutes.look(kind, !flows, performance.now());
      if (silenced) this.report.hole(silenced, true);
      if (flows === !this.lost.has(kind)) continue;
      if (flows) this.lost.delete(kind);
      else this.lost.add(kind);
      this.report.flowing(kind, flows);
    }
  }

  private offset(now: number): number {
    return Math.max(0, Math.round(now - this.opened));
  }
}

/** A slice as pieces that the server takes; each has its share of the time. */
function parted(data: Uint8Array, from: number, to: number): Piece[] {
  const parts = Math.ceil(data.length / MOST);
  const size = Math.ceil(data.length / parts);
  const at = (part: number) => from + Math.round(((to - from) * part) / parts);
  return Array.from({ length: parts }, (_, part) => ({
    data: data.slice(part * size, (part + 1) * size),
    offset: at(part),
    duration: at(part + 1) - at(part),
  }));
}

/** Returns where the initialization ends: after `moov`, or before the first WebM cluster; null: not yet. */
export function headEnd(data: Uint8Array): number | null {
  const found = isWebm(data) ? firstCluster(data) : afterMoov(data);
  if (found !== null) return found;
  // Something else: its first kilobytes stand in for an initialization, so that nothing waits.
  return data.length > HEAD_LIMIT ? 1024 : null;
}

const isWebm = (data: Uint8Array) => data[0] === 0x1a && data[1] === 0x45 && data[2] === 0xdf && data[3] === 0xa3;

function firstCluster(data: Uint8Array): number | null {
  const at = data.findIndex(
    (byte, place) =>
      byte === 0x1f && data[place + 1] === 0x43 && data[place + 2] === 0xb6 && data[place + 3] === 0x75,
  );
  return at < 0 ? null : at;
}

/** Walks the boxes. Where film comes before `moov`, the initialization is what stands before the film. */
function afterMoov(data: Uint8Array): number | null {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + 8 <= data.length; ) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...data.subarray(at + 4, at + 8));
    if (type === "mdat" && at > 0) return at;
    if (size < 8 || at + size > data.length) return null;
    at += size;
    if (type === "moov") return at;
  }
  return null;
}
