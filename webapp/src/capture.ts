/**
 * Camera and microphone to pieces of an MP4: one `getUserMedia`, H.264 with AAC or Opus, a keyframe
 * and a fragment every half second (sound alone: two seconds). The initialization comes first;
 * the film is all pieces in their order, byte for byte.
 *
 * Not here: sealing, statements, sending (recorder, recorder.worker). Main thread only.
 */

import {
  AudioSample,
  MediaStreamAudioTrackSource,
  MediaStreamVideoTrackSource,
  Mp4OutputFormat,
  NullTarget,
  Output,
  Quality,
  type VideoSample,
  canEncodeAudio,
  canEncodeVideo,
} from "mediabunny";
import { type Plan, SOUND_BESIDE } from "./budget";
import { concat } from "./evidence/text";
import { type Track, readRuns, readTracks } from "./fragments";
import { endFragment, forgetFragments } from "./muxer";
import { Mutes, Placing } from "./placing";
import { padFilm, soundPadder } from "./seal/padding";
import type { Span } from "./spans";
import { HOLE } from "./timeline";

/** Of a film's interval: a keyframe a little early must still end the fragment. */
const EARLY = 0.8;
/** Milliseconds a track may take to deliver anything before the others go on without it. */
const PATIENCE = 2_500;
const WATCH = 250;

export type DeviceState = "on" | "refused" | "lost" | "none";

/** What one `getUserMedia` after the other gave. */
export interface Devices {
  readonly stream: MediaStream | null;
  readonly camera: DeviceState;
  readonly microphone: DeviceState;
}

/** A part of the film as it is sealed; milliseconds since the opening. */
export interface Piece {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly duration: number;
}

/** How it is made: a film by its plan, or sound alone. */
export interface Making {
  readonly plan: Plan | null;
}

/** Seconds from one piece to the next. */
export function pieceOf({ plan }: Making): number {
  return plan?.piece ?? SOUND_BESIDE.piece;
}

export interface CaptureReport {
  /** all tracks that will be recorded are known: the mime type, and what is really recorded */
  begun(media: string, kind: "film" | "sound"): void;
  /** the first piece is the initialization (duration 0) */
  piece(piece: Piece): void;
  /**
   * No picture or no sound came for a while, though pieces may lie over it; `muted`: the track itself said
   * so. Milliseconds since the opening. Before the piece or after it, early or late.
   */
  hole(span: Span, muted: boolean): void;
  /** whether samples of a kind come */
  flowing(kind: Track["kind"], flows: boolean): void;
  failed(code: "nothing" | "encoder"): void;
}

const VIDEO: MediaTrackConstraints = {
  facingMode: "environment",
  width: { min: 320, ideal: 640, max: 1280 },
  height: { min: 240, ideal: 480, max: 1280 },
  frameRate: { ideal: 30, max: 30 },
};
const SOUND: MediaTrackConstraints = {
  channelCount: 1,
  sampleRate: 48_000,
  echoCancellation: true,
  noiseSuppression: false,
  autoGainControl: true,
};

/**
 * Asks for both, then for sound, then for the picture; where no `film` is wanted, for sound alone.
 * Call it within the press itself.
 */
export function openDevices(film = true): Promise<Devices> {
  const first = ask(film ? { video: VIDEO, audio: SOUND } : { audio: SOUND });
  return first.then(async (both) => {
    if (both instanceof MediaStream) return { stream: both, camera: film ? "on" : "none", microphone: "on" };
    const sound = film ? await ask({ audio: SOUND }) : both;
    if (sound instanceof MediaStream) return { stream: sound, camera: both, microphone: "on" };
    const picture = await ask({ video: VIDEO });
    if (picture instanceof MediaStream) return { stream: picture, camera: "on", microphone: sound };
    return { stream: null, camera: picture, microphone: sound };
  });
}

/** Asks for the camera alone, where the microphone is there already. */
export async function openCamera(): Promise<MediaStreamTrack | null> {
  const found = await ask({ video: VIDEO });
  return found instanceof MediaStream ? (found.getVideoTracks()[0] ?? null) : null;
}

async function ask(constraints: MediaStreamConstraints): Promise<MediaStream | "refused" | "none"> {
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    return name === "NotFoundError" || name === "OverconstrainedError" ? "none" : "refused";
  }
}

/**
 * Whether this browser can make pieces of an MP4 itself. Frames must come on the page's thread: the
 * library's way around that is a worker from a blob, which our content policy refuses.
 */
export function canCapture(): boolean {
  const coders = typeof VideoEncoder !== "undefined" && typeof AudioEncoder !== "undefined";
  return coders && typeof MediaStreamTrackProcessor !== "undefined";
}

async function pictureCodec(): Promise<"avc" | "vp9" | null> {
  if (await canEncodeVideo("avc")) return "avc";
  return (await canEncodeVideo("vp9")) ? "vp9" : null;
}

interface Source {
  readonly kind: Track["kind"];
  readonly track: MediaStreamTrack;
  readonly close: () => void;
  /** instant of the last sample */
  sampleAt: number;
  flows: boolean;
  closed: boolean;
}

export class Capture {
  private readonly output: Output;
  private readonly placing: Placing;
  private readonly mutes: Mutes;
  private readonly sources: Source[] = [];
  private readonly pad: (fragment: Uint8Array) => Uint8Array;
  private readonly started: number;
  private film = false;
  private tracks: Track[] = [];
  private head: Uint8Array = new Uint8Array();
  private moof: Uint8Array = new Uint8Array();
  private pieceAt: number;
  /** a hole ended, and no picture has come since */
  private cut = false;
  private begun = false;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `opened` is the opening's instant by `performance.now()`. */
  constructor(
    private readonly stream: MediaStream,
    opened: number,
    private readonly making: Making,
    private readonly report: CaptureReport,
  ) {
    this.started = opened;
    this.pieceAt = opened;
    this.placing = new Placing(opened);
    this.mutes = new Mutes(opened);
    this.film = stream.getVideoTracks().length > 0;
    this.pad = this.film ? padFilm : soundPadder();
    this.output = new Output({
      format: new Mp4OutputFormat({
        fastStart: "fragmented",
        minimumFragmentDuration: (this.film ? EARLY : 1) * pieceOf(making),
        onFtyp: (data) => this.keepHead(data),
        onMoov: (data) => this.sendHead(data),
        onMoof: (data) => {
          this.moof = data.slice();
        },
        onMdat: (data) => this.sendFragment(data),
      }),
      target: new NullTarget(),
    });
  }

  async start(): Promise<void> {
    const [picture] = this.stream.getVideoTracks();
    const [sound] = this.stream.getAudioTracks();
    try {
      const codec = picture && (await pictureCodec());
      const { plan } = this.making;
      if (picture && codec && plan) this.addPicture(picture, codec, plan);
      if (sound) await this.addSound(sound);
      if (this.sources.length === 0) return this.report.failed("encoder");
      await this.output.start();
    } catch {
      return this.report.failed("encoder");
    }
    this.timer = setInterval(() => this.watch(), WATCH);
    const media = await this.output.getMimeType();
    this.begin(media);
  }

  /** Writes out what is left and resolves once the last piece was reported. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.output.state === "started") await this.output.finalize().catch(() => undefined);
  }

  /** Reports the holes that go on now. */
  tell(): void {
    for (const span of this.mutes.open(performance.now())) this.report.hole(span, true);
    for (const span of this.placing.open()) this.report.hole(span, false);
  }

  private addPicture(track: MediaStreamTrack, codec: "avc" | "vp9", plan: Plan): void {
    const source = new MediaStreamVideoTrackSource(
      track as MediaStreamVideoTrack,
      {
        codec,
        quality: new Quality({ bitrate: plan.picture, bitrateMode: "variable" }),
        keyFrameInterval: plan.piece,
        sizeChangeBehavior: "contain", // the encoded size stays as the initialization says
        transform: { process: (sample) => this.placePicture(sample) },
      },
      { frameRate: null }, // frames as they come: none doubled, none left out
    );
    this.output.addVideoTrack(source);
    this.watchErrors(source.errorPromise, this.addSource("video", track, () => source.close()));
  }

  private async addSound(track: MediaStreamTrack): Promise<void> {
    const bitrate = this.making.plan?.sound ?? SOUND_BESIDE.bitrate;
    const settings = { quality: new Quality({ bitrate, bitrateMode: "constant" as const }) };
    const can = (codec: "aac" | "opus") =>
      canEncodeAudio(codec, { numberOfChannels: 1, sampleRate: 48_000, ...settings });
    // Every player has AAC; at the few bits of sound alone Opus is the one that is understood.
    const [first, second] = this.film ? (["aac", "opus"] as const) : (["opus", "aac"] as const);
    const codec = (await can(first)) ? first : second;
    const source = new MediaStreamAudioTrackSource(track as MediaStreamAudioTrack, {
      codec,
      ...settings,
      // Not numberOfChannels or sampleRate: the resampler would hold back five seconds of sound.
      transform: { process: (sample) => this.place("sound", sample) },
    });
    this.output.addAudioTrack(source);
    this.watchErrors(source.errorPromise, this.addSource("sound", track, () => source.close()));
  }

  private addSource(kind: Track["kind"], track: MediaStreamTrack, close: () => void): Source {
    const source: Source = { kind, track, close, sampleAt: this.started, flows: true, closed: false };
    this.sources.push(source);
    return source;
  }

  private watchErrors(error: Promise<unknown>, source: Source): void {
    error.catch(() => this.abandon(source));
  }

  private placePicture(sample: VideoSample): VideoSample {
    this.place("video", sample);
    if (this.cut) sample.setEncodeOptions({ keyFrame: true });
    this.cut = false;
    return sample;
  }

  /** Gives a sample its place on the timeline. */
  private place<Sample extends VideoSample | AudioSample>(kind: Track["kind"], sample: Sample): Sample {
    const now = performance.now();
    const source = this.sources.find((one) => one.kind === kind);
    if (source) source.sampleAt = now;
    const { timestamp, duration } = sample;
    // Sound comes when it is over, a picture when it is taken.
    const at = kind === "sound" ? now - duration * 1000 : now;
    const { media, cut } = this.placing.take(kind, timestamp, duration, at);
    if (cut) this.beginAnew();
    sample.setTimestamp(media);
    return sample;
  }

  /** What lies before a hole is a piece of its own, as far as it is encoded already. */
  private beginAnew(): void {
    this.cut = true;
    if (this.tracks.length > 0) this.flush();
  }

  private begin(media: string): void {
    if (this.begun) return;
    this.begun = true;
    this.report.begun(media.replace(/[\s"]/g, ""), /avc|hvc|hev|vp0|av01/.test(media) ? "film" : "sound");
  }

  private keepHead(ftyp: Uint8Array): void {
    this.head = ftyp.slice();
  }

  private sendHead(moov: Uint8Array): void {
    this.tracks = readTracks(moov);
    this.report.piece({ data: concat(this.head, moov), offset: 0, duration: 0 });
  }

  private sendFragment(mdat: Uint8Array): void {
    forgetFragments(this.output);
    this.pieceAt = performance.now();
    const { offset, duration, holes } = this.placing.place(readRuns(this.moof, this.tracks));
    this.report.piece({ data: this.pad(concat(this.moof, mdat)), offset, duration });
    for (const span of holes) this.report.hole(span, false);
  }

  /** Four times a second: who delivers, and does anything wait that could go? */
  private watch(): void {
    const now = performance.now();
    for (const source of this.sources) {
      const { readyState, muted } = source.track;
      const late = source.sampleAt !== this.started && now - source.sampleAt > HOLE * 1000 - WATCH;
      const flows = readyState === "live" && !muted && !late && !source.closed;
      if (flows !== source.flows) this.report.flowing(source.kind, flows);
      source.flows = flows;
      const silenced = this.mutes.look(source.kind, muted && readyState === "live", now);
      if (silenced) this.report.hole(silenced, true);
      const silent = source.sampleAt === this.started && now - this.started > PATIENCE;
      if (!source.closed && (source.track.readyState === "ended" || silent)) this.abandon(source);
    }
    const usual = pieceOf(this.making) * 1000;
    if (this.tracks.length > 0 && now - this.pieceAt > usual + 1000) this.flush();
  }

  /** The others go on without it: the muxer would wait for its samples for ever. */
  private abandon(source: Source): void {
    if (source.closed) return;
    source.closed = true;
    source.close();
    if (source.flows) this.report.flowing(source.kind, false);
    source.flows = false;
    if (this.sources.every(({ closed }) => closed) && !this.begun) this.report.failed("nothing");
  }

  /** Writes out what has come although one track is late: it must not wait on this phone. */
  private flush(): void {
    this.pieceAt = performance.now();
    void endFragment(this.output);
  }
}
