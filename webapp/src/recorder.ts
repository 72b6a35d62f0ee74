/**
 * One encounter's recorder, as contracts.ts promises it: starts camera and microphone within the
 * press, records a film and beside it the sound, tells the page how things stand, and goes on in new
 * recordings where the film must become smaller or a device came back.
 *
 * No key is ever here. Not here: capture's own traps (capture), gaps (strand), sending (worker).
 */

import { askBattery, batteryIsLow, watchBattery } from "./battery";
import { Planner, type Plan, callPicture as callPictureOf, callVoice as callVoiceOf } from "./budget";
import { type Devices, canCapture, openCamera, openDevices } from "./capture";
import type { ChatEntry } from "./channel";
import { ChatKeeper, NOTES_MEDIA } from "./chat-kept";
import { now } from "./clock";
import type { ClosingReason, Head, Kind, Recorder, RecorderOptions, RecorderState } from "./contracts";
import type { Track } from "./fragments";
import { sendLater } from "./later";
import { Privacy } from "./privacy";
import { RecorderLink, pressOf } from "./recorder-link";
import type { FromWorker, QueueState, ToWorker } from "./recorder-messages";
import { takeWorker, warmWorker } from "./recorder-start";
import { STARTING } from "./recorder-state";
import { Tracks } from "./recorder-tracks";
import { canSlice } from "./slices";
import { Strand, type StrandPorts, delay } from "./strand";

const PATIENCE = 10_000;
/** How long the answer's key waits for a film where the sound is open already. */
const FILM_FIRST = 1_500;
const WATCH = 250;

/** Loads the worker and its libraries ahead of the press. Makes no key of any recording. */
export function warmRecorder(): void {
  warmWorker();
  void askBattery();
}

/** Starts to record. Call it within the press: camera and microphone are asked for at once. */
export function startRecorder(options: RecorderOptions): Recorder {
  const film = !batteryIsLow();
  const devices = openDevices(film);
  return new LiveRecorder(options, devices, takeWorker(), film);
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
  private readonly privacy = new Privacy();
  private readonly chat = new ChatKeeper(() => this.notes());
  private current: RecorderState = STARTING;
  private readonly tracks = new Tracks();
  private captureProblem: string | null = null;
  private queueProblem: string | null = null;
  /** the caller chose film although the battery is low */
  private insisted = false;
  private replacing = false;
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
    this.link = new RecorderLink(worker, (message) => this.hear(message), options.release?.made);
    this.send({ do: "prepare", press: pressOf(options), time: now() });
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

  readonly setPrivate = (on: boolean): void => this.privacy.set(on, this.tracks.of("audio"), this.strands);

  keepChat(entries: readonly ChatEntry[]): void {
    if (!this.closing) this.chat.keep(entries, this.privacy.on);
  }

  stop(reason: ClosingReason): Promise<void> {
    this.closing ??= this.close(reason);
    return this.closing;
  }

  async resume(): Promise<void> {
    if (this.closing) return;
    if (this.current.saving === null && this.film && this.spares) this.change({ saving: "battery" });
    if (this.tracks.usable("audio") && this.current.saving === null) return await this.addCamera();
    const found = await openDevices(this.current.saving === null);
    if (this.closing || !found.stream) {
      for (const track of found.stream?.getTracks() ?? []) track.stop();
      return this.change(found.stream ? {} : { camera: found.camera, microphone: found.microphone });
    }
    const { film, sound } = this;
    this.tracks.release();
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
    // Of all films, or of all sound: a smaller film that goes on from one makes its gaps no smaller.
    const alike = this.strands.filter(({ kind }) => kind === main?.kind);
    const missing = alike.reduce((sum, one) => sum + one.missing, 0) / 1000;
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
    this.tracks.take(stream?.getTracks() ?? []);
    this.privacy.follow(this.tracks.of("audio"), []);
    if (this.closing) return this.tracks.release();
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

  /** What the chat is kept in: what was opened without camera and microphone, or one of its own. */
  private notes(): Strand {
    return this.strands.find(({ kind }) => kind === "notes") ?? this.add(null, null, null);
  }

  /** The one whose state is shown: the film as long as it runs, else the sound, else the notes. */
  private get main(): Strand | undefined {
    const running = [this.film, this.sound].find((one) => one && one.kind !== null && !one.stopped);
    return running ?? this.film ?? this.sound ?? this.strands.at(-1);
  }

  private async close(reason: ClosingReason): Promise<void> {
    this.change({ phase: "finishing", interrupted: null });
    await Promise.all(this.strands.map((strand) => strand.stop(reason)));
    this.tracks.release();
    if (this.strands.some(({ kind }) => kind !== null)) await Promise.race([this.safe, delay(PATIENCE)]);
    this.change({ phase: this.current.phase === "failed" ? "failed" : "finished" });
    for (const end of this.endings.splice(0)) end();
  }

  /** There is room again; the battery may have become low meanwhile. */
  private async filmAfterAll(): Promise<void> {
    if (this.spares) this.change({ saving: "battery" });
    else await this.filmAgain();
  }

  private filmAgain(): Promise<void> {
    this.change({ saving: null });
    return this.addCamera();
  }

  /** Begins a film again beside the sound that goes on. */
  private async addCamera(): Promise<void> {
    const old = this.tracks.of("video");
    const usable = this.tracks.usable("video");
    const picture = usable ? old : await openCamera();
    if (!picture) return this.change({ camera: "lost" });
    if (this.closing) return picture.stop();
    const before = this.film;
    this.tracks.take([picture, this.tracks.of("audio")]);
    this.change({ camera: "on" });
    this.film = this.add(this.tracks.stream, this.planner.plan, before);
    if (!usable) for (const watcher of [...this.streamWatchers]) watcher(this.tracks.stream);
    await before?.stop("device");
    if (!usable) old?.stop();
  }

  /** The battery is low, and the caller has not asked for the picture since. */
  private get spares(): boolean {
    return batteryIsLow() && !this.insisted;
  }

  /** From here on sound alone. */
  private saveBy(saving: NonNullable<RecorderState["saving"]>, reason: ClosingReason): void {
    if (!this.sound || this.sound.stopped || this.closing) return; // a film without sound is all there is
    this.change({ saving });
    void this.film?.stop(reason);
    this.changed();
  }

  /** A film that stands still is not begun again either. */
  private drain(low: boolean): void {
    if (!low || this.insisted || !this.film || this.current.saving !== null) return;
    this.saveBy("battery", "battery");
  }

  /** A smaller or larger film goes on from this one, which ends once the other one runs. */
  private async replace(plan: Plan): Promise<void> {
    const old = this.film;
    const picture = this.tracks.of("video");
    if (!old || old.stopped || old.kind !== "film" || !picture || this.replacing) return;
    this.replacing = true;
    const own = picture.clone();
    if (plan.camera) await own.applyConstraints(plan.camera).catch(() => undefined);
    const sound = this.tracks.of("audio");
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
    this.privacy.follow(this.tracks.of("audio"), this.strands);
    if (this.tracks.ended("video") && this.film && !this.film.stopped) {
      this.change({ camera: "lost" });
      // Without sound beside it there is nothing else to go on with, and nothing to show for it.
      void this.film.stop("device");
      this.changed();
    }
    if (this.tracks.ended("audio") && this.sound && !this.sound.stopped) {
      this.change({ microphone: "lost" });
      void this.sound.stop("device");
      this.changed();
    }
    const wanted = this.current.saving === null ? (["video", "audio"] as const) : (["audio"] as const);
    const interrupted = this.tracks.interrupted(wanted, document.hidden);
    if (interrupted !== this.current.interrupted) this.change({ interrupted });
  }

  private seen(hidden: boolean): void {
    for (const strand of this.strands) strand.setHidden(hidden);
    sendLater(this.current.waiting, this.current.silence);
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
    const callPicture = callPictureOf(this.planner.plan, line);
    const callVoice = callVoiceOf(line);
    this.change({ unsafeSeconds: queue.unsafe / 1000, waiting, silence, granted, held, callPicture, callVoice });
    sendLater(waiting, silence);
    if (queue.finished && this.strands.every((one) => one.stopped)) this.finish();
    if (this.closing) return;
    if (full && this.film && !this.film.stopped) this.saveBy("storage", "storage");
    else if (!full && this.current.saving === "storage") void this.filmAfterAll();
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
