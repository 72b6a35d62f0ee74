/**
 * One encounter's recorder, as contracts.ts promises it: starts camera and microphone within the
 * press, records a film and beside it the sound, tells the page how things stand, and goes on in new
 * recordings where the film must become smaller or a device came back.
 *
 * No key is ever here. Not here: capture's own traps (capture), gaps (strand), sending (worker).
 */

import { askBattery, batteryIsLow, watchBattery } from "./battery";
import { Planner, type Plan } from "./budget";
import { type Devices, canCapture, openCamera, openDevices } from "./capture";
import type { ClosingReason, Head, Kind, Recorder, RecorderOptions, RecorderState } from "./contracts";
import type { Track } from "./fragments";
import { RecorderLink, pressOf } from "./recorder-link";
import type { FromWorker, QueueState, ToWorker } from "./recorder-messages";
import { STARTING } from "./recorder-state";
import { canSlice } from "./slices";
import { NOTES_MEDIA, Strand, type StrandPorts, delay } from "./strand";

const PATIENCE = 10_000;
/** How long the answer's key waits for a film where the sound is open already. */
const FILM_FIRST = 1_500;
const WATCH = 250;

let warm: Worker | null = null;

function startWorker(): Worker {
  const worker = new Worker(new URL("./recorder.worker.ts", import.meta.url), { type: "module" });
  worker.postMessage({ do: "warm" } satisfies ToWorker);
  return worker;
}

/** Loads the worker and its libraries ahead of the press. Makes no key of any recording. */
export function warmRecorder(): void {
  warm ??= startWorker();
  void askBattery();
}

/** Starts to record. Call it within the press: camera and microphone are asked for at once. */
export function startRecorder(options: RecorderOptions): Recorder {
  const film = !batteryIsLow();
  const devices = openDevices(film);
  const worker = warm ?? startWorker();
  warm = null;
  return new LiveRecorder(options, devices, worker, film);
}

interface Opened {
  recording: string;
  kind: Kind;
  opening: string;
}

class LiveRecorder implements Recorder, StrandPorts {
  readonly encounter: string;
  readonly stream: Promise<MediaStream | null>;
  readonly opened: Promise<Opened>;

  private readonly watchers = new Set<(state: RecorderState) => void>();
  private readonly streamWatchers = new Set<(stream: MediaStream) => void>();
  private readonly link: RecorderLink;
  private readonly strands: Strand[] = [];
  private film: Strand | null = null;
  private sound: Strand | null = null;
  private readonly planner = new Planner();
  private current: RecorderState = STARTING;
  private tracks: MediaStreamTrack[] = [];
  private captureProblem: string | null = null;
  private queueProblem: string | null = null;
  /** the caller chose film although the battery is low */
  private insisted = false;
  private replacing = false;
  private looked: RecorderState["interrupted"] = null;
  private answering = 0;
  private closing: Promise<void> | null = null;
  private settle: (opened: Opened) => void = () => undefined;
  private finish: () => void = () => undefined;
  private readonly safe = new Promise<void>((resolve) => {
    this.finish = resolve;
  });
  private readonly endings: (() => void)[] = [];

  constructor(
    options: RecorderOptions,
    devices: Promise<Devices>,
    worker: Worker,
    film: boolean,
  ) {
    this.encounter = options.encounter;
    this.opened = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.link = new RecorderLink(worker, (message) => this.hear(message));
    this.send({ do: "prepare", press: pressOf(options) });
    if (!film) this.change({ saving: "battery" });
    this.stream = devices.then(({ stream }) => stream);
    void devices.then((found) => this.begin(found));
    window.addEventListener("online", this.online);
    this.on(window, "pagehide", (event) => this.leave(event as PageTransitionEvent));
    this.on(document, "visibilitychange", () => this.seen(document.hidden));
    this.on(document, "freeze", () => this.seen(true));
    this.on(document, "resume", () => this.seen(document.hidden));
    const timer = setInterval(() => this.look(), WATCH);
    this.endings.push(() => clearInterval(timer), watchBattery((low) => this.drain(low)));
  }

  get state(): RecorderState {
    return this.current;
  }

  watch(callback: (state: RecorderState) => void): () => void {
    this.watchers.add(callback);
    callback(this.current);
    return () => this.watchers.delete(callback);
  }

  onHead(callback: (head: Head) => void): () => void {
    return this.link.onHead(callback);
  }

  onStream(callback: (stream: MediaStream) => void): () => void {
    this.streamWatchers.add(callback);
    return () => this.streamWatchers.delete(callback);
  }

  async signAnswer(text: string): Promise<string> {
    await this.opened;
    return await this.link.ask((id) => ({ do: "answer", id, slot: this.answering, text }));
  }

  async grant(card: string): Promise<void> {
    await this.opened;
    await this.link.ask((id) => ({ do: "grant", id, card }));
  }

  lock(): void {
    this.send({ do: "lock" });
  }

  hearCall(roundTrip: number | null): void {
    this.send({ do: "call", roundTrip });
  }

  stop(reason: ClosingReason): Promise<void> {
    this.closing ??= this.close(reason);
    return this.closing;
  }

  async resume(): Promise<void> {
    if (this.closing) return;
    const alive = (kind: string) => this.track(kind)?.readyState === "live" && !this.track(kind)?.muted;
    if (alive("audio") && this.current.saving === null) return await this.addCamera();
    const found = await openDevices(this.current.saving === null);
    if (this.closing || !found.stream) {
      for (const track of found.stream?.getTracks() ?? []) track.stop();
      return this.change(found.stream ? {} : { camera: found.camera, microphone: found.microphone });
    }
    const { film, sound } = this;
    this.release();
    this.begin(found);
    for (const watcher of [...this.streamWatchers]) watcher(found.stream);
    for (const strand of [film, sound]) void strand?.stop("device");
  }

  async addFilm(): Promise<void> {
    if (this.closing) return;
    this.insisted = true;
    await this.filmAgain();
  }

  // --- the strands' reports ---

  changed(): void {
    const seconds = (kind: Kind) =>
      this.strands.reduce((sum, one) => sum + (one.kind === kind ? one.recorded : 0), 0) / 1000;
    const main = this.main;
    const missing = this.strands.filter((one) => one === main).reduce((sum, one) => sum + one.missing, 0) / 1000;
    this.change({
      recording: main?.recording ?? this.current.recording,
      kind: main?.kind ?? this.current.kind,
      seconds: Math.max(seconds("film"), seconds("sound")),
      missing,
    });
  }

  flowing(strand: Strand, kind: Track["kind"], flows: boolean): void {
    const device = flows ? "on" : "lost";
    if (strand.stopped) return;
    if (kind === "video" && strand === this.film) this.change({ camera: device });
    if (kind === "sound" && strand === (this.sound ?? this.film)) this.change({ microphone: device });
  }

  failed(strand: Strand, code: "nothing" | "encoder" | "unsupported"): void {
    if (strand === this.film) this.film = null;
    if (strand === this.sound) this.sound = null;
    if (this.film || this.sound) return this.changed();
    this.captureProblem = `capture:${code}`;
    if (!this.current.recording && strand.kind === null) strand.open("notes", NOTES_MEDIA);
    this.change({});
  }

  send(message: ToWorker, transfer: Transferable[] = []): void {
    this.link.send(message, transfer);
  }

  // --- the way through ---

  private begin(devices: Devices): void {
    const { stream } = devices;
    this.tracks = stream?.getTracks() ?? [];
    if (this.closing) return this.release();
    this.change({ camera: devices.camera, microphone: devices.microphone });
    const able = canCapture() || canSlice();
    if (!stream || !able) {
      const strand = this.add(null, null, null);
      return able || !stream ? undefined : this.failed(strand, "unsupported");
    }
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    if (picture) this.film = this.add(stream, this.planner.plan, this.film);
    if (sound) this.sound = this.add(new MediaStream([sound]), null, this.sound);
  }

  private add(stream: MediaStream | null, plan: Plan | null, before: Strand | null): Strand {
    const strand = new Strand(this.strands.length, stream, { plan }, before?.slot ?? null, this);
    this.strands.push(strand);
    strand.setHidden(document.hidden);
    strand.start();
    return strand;
  }

  /** The one whose state is shown: the film as long as it runs, else the sound, else the notes. */
  private get main(): Strand | undefined {
    const running = [this.film, this.sound].find((one) => one && one.kind !== null && !one.stopped);
    return running ?? this.film ?? this.sound ?? this.strands.at(-1);
  }

  private track(kind: string): MediaStreamTrack | undefined {
    return this.tracks.find((one) => one.kind === kind);
  }

  private async close(reason: ClosingReason): Promise<void> {
    this.change({ phase: "finishing", interrupted: null });
    await Promise.all(this.strands.map((strand) => strand.stop(reason)));
    this.release();
    if (this.strands.some(({ kind }) => kind !== null)) await Promise.race([this.safe, delay(PATIENCE)]);
    this.change({ phase: this.current.phase === "failed" ? "failed" : "finished" });
    for (const end of this.endings.splice(0)) end();
  }

  /** Lets go of camera and microphone; clones of their tracks go on. */
  private release(): void {
    for (const track of this.tracks) track.stop();
  }

  private filmAgain(): Promise<void> {
    this.change({ saving: null });
    return this.addCamera();
  }

  /** Begins a film again beside the sound that goes on. */
  private async addCamera(): Promise<void> {
    const old = this.track("video");
    const usable = old?.readyState === "live" && !old.muted;
    const picture = usable ? old : await openCamera();
    if (!picture) return this.change({ camera: "lost" });
    if (this.closing) return picture.stop();
    const before = this.film;
    const sound = this.track("audio");
    this.tracks = [picture, ...(sound ? [sound] : [])];
    this.change({ camera: "on" });
    this.film = this.add(new MediaStream(this.tracks), this.planner.plan, before);
    if (!usable) for (const watcher of [...this.streamWatchers]) watcher(new MediaStream(this.tracks));
    await before?.stop("device");
    if (!usable) old?.stop();
  }

  /** From here on sound alone. */
  private saveBy(saving: NonNullable<RecorderState["saving"]>, reason: ClosingReason): void {
    if (!this.sound || this.closing) return; // a film without sound is all there is
    this.change({ saving });
    void this.film?.stop(reason);
    this.changed();
  }

  private drain(low: boolean): void {
    if (!low || this.insisted || this.closing || !this.film || this.film.stopped) return;
    this.saveBy("battery", "battery");
  }

  /** A smaller or larger film goes on from this one, which ends once the other one runs. */
  private async replace(plan: Plan): Promise<void> {
    const old = this.film;
    const picture = this.track("video");
    if (!old || old.stopped || old.kind !== "film" || !picture || this.replacing) return;
    this.replacing = true;
    const own = picture.clone();
    if (plan.camera) await own.applyConstraints(plan.camera).catch(() => undefined);
    const sound = this.track("audio");
    if (!this.closing && this.film === old) {
      const fresh = this.add(new MediaStream(sound ? [own, sound] : [own]), plan, old);
      this.film = fresh;
      await Promise.race([fresh.running, delay(PATIENCE)]);
      await old.stop("replaced");
      void fresh.ended.then(() => own.stop());
    } else own.stop();
    this.replacing = false;
  }

  /** Four times a second: what ended, and what is silent though the page is seen? */
  private look(): void {
    if (this.closing || this.strands.length === 0) return;
    const ended = (kind: string) => this.track(kind)?.readyState === "ended";
    if (ended("video") && this.film && !this.film.stopped) {
      this.change({ camera: "lost" });
      // Without sound beside it there is nothing else to go on with, and nothing to show for it.
      void this.film.stop("device");
      this.changed();
    }
    if (ended("audio") && this.sound && !this.sound.stopped) {
      this.change({ microphone: "lost" });
      void this.sound.stop("device");
      this.changed();
    }
    const wanted = this.current.saving === null ? ["video", "audio"] : ["audio"];
    const muted = !document.hidden && wanted.some((kind) => this.track(kind)?.muted);
    const gone = wanted.some(ended);
    const now = gone ? "device" : muted ? "muted" : null;
    // Twice seen: what lasts a blink, as at the start, is not worth a tap.
    const interrupted = now === this.looked ? now : null;
    this.looked = now;
    if (interrupted !== this.current.interrupted) this.change({ interrupted });
  }

  private seen(hidden: boolean): void {
    for (const strand of this.strands) strand.setHidden(hidden);
    this.look();
  }

  private on(target: EventTarget, event: string, act: (event: Event) => void): void {
    target.addEventListener(event, act);
    this.endings.push(() => target.removeEventListener(event, act));
  }

  private readonly online = (): void => this.send({ do: "online" });

  /** The page goes: say so, if there is still time. What is missing then shows as no closing. */
  private leave({ persisted }: PageTransitionEvent): void {
    if (persisted || this.closing) return;
    for (const strand of this.strands) strand.leave();
  }

  // --- the worker ---

  private hear(message: FromWorker): void {
    if (message.say === "opened") this.hearOpened(message);
    else if (message.say === "queue") this.hearQueue(message.queue);
    else if (message.say === "failed") this.fail(message.code);
  }

  private hearOpened({ slot, recording, kind, opening }: FromWorker & { say: "opened" }): void {
    const strand = this.strands[slot];
    if (!strand) return;
    strand.recording = recording;
    strand.markOpened();
    this.change({ phase: "recording" });
    this.changed();
    const settle = () => {
      this.settle({ recording, kind, opening });
      // What was settled first stays: whoever asked for it holds its opening.
      void this.opened.then((settled) => settled.recording === recording && (this.answering = slot));
    };
    if (strand === this.sound && this.film) setTimeout(settle, FILM_FIRST);
    else settle();
  }

  private hearQueue(queue: QueueState): void {
    const { waiting, silence, granted, held, line, full } = queue;
    this.queueProblem = queue.problem;
    this.change({ unsafeSeconds: queue.unsafe / 1000, waiting, silence, granted, held });
    if (queue.finished && this.strands.every((one) => one.stopped)) this.finish();
    if (this.closing) return;
    if (full && this.film && !this.film.stopped) this.saveBy("storage", "storage");
    else if (!full && this.current.saving === "storage") void this.filmAgain();
    const plan = this.replacing ? null : this.planner.consider(line, performance.now());
    if (plan) void this.replace(plan);
  }

  private fail(code: string): void {
    this.captureProblem = code;
    this.change(this.current.recording ? {} : { phase: "failed" });
  }

  private change(part: Partial<RecorderState>): void {
    const phase = this.closing && part.phase === "recording" ? "finishing" : (part.phase ?? this.current.phase);
    this.current = { ...this.current, ...part, phase, problem: this.captureProblem ?? this.queueProblem };
    for (const watcher of [...this.watchers]) watcher(this.current);
  }
}
