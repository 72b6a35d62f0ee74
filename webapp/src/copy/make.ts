/** Looking through a film for faces, and making its public copy: in a worker of this browser. */

import {
  BlobSource,
  BufferTarget,
  CanvasSink,
  Conversion,
  Input,
  MATROSKA,
  MP4,
  Mp4OutputFormat,
  Output,
  QTFF,
  WEBM,
  WebMOutputFormat,
  getFirstEncodableVideoCodec,
  type InputVideoTrack,
} from "mediabunny";
import { STEP, coversAt, coversFor, paint, type Cover } from "./covers";
import type { Box, Pixels } from "./faces";
import { withoutTimes } from "./times";

/** The side that the detector looks at, in pixels. */
const LOOKED_AT = 416;

export type Find = (pixels: Pixels) => Box[];
export type Progress = (share: number) => void;

export interface Copy {
  readonly film: Blob;
  readonly ending: "mp4" | "webm";
}

/** A film has no picture, or this browser cannot write one. */
export class CannotCopy extends Error {}

function open(film: Blob): Input {
  return new Input({ formats: [MP4, QTFF, WEBM, MATROSKA], source: new BlobSource(film) });
}

async function trackOf(input: Input): Promise<InputVideoTrack> {
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new CannotCopy("no picture");
  return track;
}

export async function lookForFaces(film: Blob, find: Find, progress: Progress): Promise<Cover[]> {
  const track = await trackOf(open(film));
  const end = await track.computeDuration();
  const [wide, high] = [await track.getDisplayWidth(), await track.getDisplayHeight()];
  const scale = LOOKED_AT / Math.max(wide, high);
  const sink = new CanvasSink(track, {
    width: Math.round(wide * scale),
    height: Math.round(high * scale),
    fit: "fill",
    poolSize: 1,
  });
  const times = Array.from({ length: Math.ceil(end / STEP) + 1 }, (_, number) => number * STEP);
  const found: Cover[] = [];
  for await (const shown of sink.canvasesAtTimestamps(times)) {
    if (shown === null) continue;
    const context = shown.canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    const pixels = context.getImageData(0, 0, shown.canvas.width, shown.canvas.height);
    found.push(...coversFor(find(pixels), shown.timestamp));
    progress(Math.min(1, shown.timestamp / end));
  }
  return found;
}

export interface Wishes {
  readonly covers: readonly Cover[];
  readonly voices: boolean;
  /** what stands in the picture's corner */
  readonly mark: string;
}

export async function makeCopy(film: Blob, wishes: Wishes, progress: Progress): Promise<Copy> {
  const input = open(film);
  const track = await trackOf(input);
  const size = { width: await track.getDisplayWidth(), height: await track.getDisplayHeight() };
  const codec = await getFirstEncodableVideoCodec(["avc", "vp9", "vp8"], size);
  if (codec === null) throw new CannotCopy("no encoder");
  const ending = codec === "avc" ? "mp4" : "webm";
  const target = new BufferTarget();
  const format = ending === "mp4" ? new Mp4OutputFormat({ fastStart: "in-memory" }) : new WebMOutputFormat();
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext("2d");
  if (context === null) throw new CannotCopy("no canvas");
  const conversion = await Conversion.init({
    input,
    output: new Output({ format, target }),
    // Nothing of what a file says about itself goes along.
    tags: {},
    // Without it times are counted from the first frame, and covers would lie beside what they cover.
    trim: { start: 0 },
    showWarnings: false,
    video: {
      codec,
      forceTranscode: true,
      // Turned in the picture itself, so that boxes lie where they were drawn.
      allowTransformationMetadata: false,
      process: (sample) => {
        sample.draw(context, 0, 0, canvas.width, canvas.height);
        paint(context, coversAt(wishes.covers, sample.timestamp));
        writeMark(context, wishes.mark);
        return canvas;
      },
    },
    audio: wishes.voices ? {} : { discard: true },
  });
  if (!conversion.isValid) throw new CannotCopy("not valid");
  conversion.onProgress = progress;
  await conversion.execute();
  if (target.buffer === null) throw new CannotCopy("nothing was written");
  const data = ending === "mp4" ? withoutTimes(new Uint8Array(target.buffer)) : new Uint8Array(target.buffer);
  return { film: new Blob([data as BlobPart], { type: `video/${ending}` }), ending };
}

function writeMark(context: OffscreenCanvasRenderingContext2D, mark: string): void {
  const { width, height } = context.canvas;
  const size = Math.max(12, Math.round(Math.min(width, height) / 26));
  context.font = `600 ${size}px sans-serif`;
  context.textBaseline = "middle";
  const wide = Math.min(width, context.measureText(mark).width + size);
  context.fillStyle = "#000";
  context.fillRect(0, height - 1.8 * size, wide, 1.8 * size);
  context.fillStyle = "#fff";
  context.fillText(mark, size / 2, height - 0.9 * size, width - size);
}
