/**
 * One encounter's recorder, as contracts.ts promises it: starts camera and microphone within the
 * press, hands every piece to the worker, states gaps, and tells the page how things stand.
 *
 * No key is ever here. Not here: capture's own traps (capture), statements and sending (worker).
 */

import { Capture, type CaptureReport, type Devices, type Piece, canCapture, openDevices } from "./capture";
import type {
  ClosingReason,
  GapReason,
  Head,
  Kind,
  Recorder,
  RecorderOptions,
  RecorderState,
} from "./contracts";
import type { Track } from "./fragments";
import type { FromWorker, QueueState, ToWorker } from "./recorder-messages";
import { Slices, canSlice } from "./slices";

const NOTES_MEDIA = "text/plain;charset=utf-8";
/** Milliseconds that need no statement between two segments. */
const SILENCE = 100;
/** Milliseconds by which the last samples may come later than the stop. */
const TAIL = 1_000;
const PATIENCE = 10_000;

let warm: Worker | null = null;

function startWorker(): Worker {
  const worker = new Worker(new URL("./recorder.worker.ts", import.meta.url), { type: "module" });
  worker.postMessage({ do: "warm" } satisfies ToWorker);
  return worker;
}

/** Loads the worker and its libraries ahead of the press. Makes no key of any recording. */
export function warmRecorder(): void {
  warm ??= startWorker();
}

/** Starts to record. Call it within the press: camera and microphone are asked for at once. */
export function startRecorder(options: RecorderOptions): Recorder {
  const devices = openDevices();
  const worker = warm ?? startWorker();
  warm = null;
  return new LiveRecorder(options, devices, worker);
}

interface Opened {
  recording: string;
  kind: Kind;
  opening: string;
}

class LiveRecorder implements Recorder, CaptureReport {
  readonly encounter: string;
  readonly stream: Promise<MediaStream | null>;
  readonly opened: Promise<Opened>;

  private readonly watchers = new Set<(state: RecorderState) => void>();
  private readonly headWatchers = new Set<(head: Head) => void>();
  private readonly asked = new Map<number, { done: (note: string) => void; refused: (error: Error) => void }>();
  /** since which offset a track delivers nothing */
  private readonly lost = new Map<Track["kind"], number>();
  /** pieces that came before the opening could be made */
  private readonly early: Piece[] = [];
  private lastHead: Head | null = null;
  private current: RecorderState = {
    recording: null,
    kind: null,
    phase: "starting",
    camera: "none",
    microphone: "none",
    unsafeSeconds: 0,
    seconds: 0,
    waiting: 0,
    silence: 0,
    problem: null,
    granted: false,
  };
  private devices: Devices | null = null;
  private capture: Capture | Slices | null = null;
  /** instant of the opening: by `performance.now()`, and by the device's clock */
  private openedAt = performance.now();
  private openedTime = Date.now();
  /** where the last piece ends; null before the first one of film or sound */
  private end: number | null = null;
  private recorded = 0;
  private hiddenSince: number | null = null;
  private wasHidden = false;
  private captureProblem: string | null = null;
  private queueProblem: string | null = null;
  private nextId = 1;
  private closing: Promise<void> | null = null;
  /** the closing was stated: nothing may follow it */
  private closed = false;
  private settle: (opened: Opened) => void = () => undefined;
  private finish: () => void = () => undefined;
  private readonly safe = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(
    options: RecorderOptions,
    devices: Promise<Devices>,
    private readonly worker: Worker,
  ) {
    this.encounter = options.encounter;
    this.opened = new Promise((resolve) => {
      this.settle = resolve;
    });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    worker.onerror = () => this.fail("worker");
    const { service, organization, encounter, guestCode } = options;
    this.send({
      do: "prepare",
      press: {
        encounter,
        guestCode,
        origin: service.origin,
        organizationKey: service.organization_key,
        logKey: organization.log,
        receiptsKey: organization.receipts,
        custodian: organization.custodian,
        deletion: options.deletion ?? null,
      },
    });
    this.stream = devices.then(({ stream }) => stream);
    void devices.then((found) => this.begin(found));
    window.addEventListener("online", this.online);
    window.addEventListener("pagehide", this.leave);
    document.addEventListener("visibilitychange", this.seen);
  }

  get state(): RecorderState {
    return this.current;
  }

  watch(callback: (state: RecorderState) => void): () => void {
    this.watchers.add(callback);
    callback(this.current);
    return () => this.watchers.delete(callback);
  }

  /** The last head is told at once: whoever comes late knows where the chain stands. */
  onHead(callback: (head: Head) => void): () => void {
    this.headWatchers.add(callback);
    if (this.lastHead) callback(this.lastHead);
    return () => this.headWatchers.delete(callback);
  }

  async signAnswer(text: string): Promise<string> {
    await this.opened;
    return await this.ask((id) => ({ do: "answer", id, text }));
  }

  async grant(card: string): Promise<void> {
    await this.opened;
    await this.ask((id) => ({ do: "grant", id, card }));
  }

  lock(): void {
    this.send({ do: "lock" });
  }

  stop(reason: ClosingReason): Promise<void> {
    this.closing ??= this.close(reason);
    return this.closing;
  }

  // --- capture's reports ---

  begun(media: string, kind: "film" | "sound"): void {
    this.open(kind, media);
  }

  piece(piece: Piece): void {
    if (this.closed) return;
    if (this.current.kind === null) {
      this.early.push(piece);
      return;
    }
    const { data, offset, duration } = piece;
    const initialization = duration === 0 && this.end === null;
    if (!initialization) this.stateSilence(offset);
    this.send({ do: "segment", data, time: this.timeAt(offset), offset, duration }, [data.buffer as ArrayBuffer]);
    if (initialization) return;
    this.end = offset + duration;
    this.recorded += duration;
    this.change({ seconds: this.recorded / 1000 });
  }

  /** A short one is the device's; over a second the sound that goes on lies over it: muted. */
  hole(offset: number, duration: number): void {
    if (this.current.kind === null || this.lost.size > 0) return; // not open yet, or said otherwise
    this.stateGap(offset, duration, duration > 1000 ? "muted" : "device");
  }

  flowing(kind: Track["kind"], flows: boolean, at: number): void {
    if (flows) this.stateMuted(kind);
    else this.lost.set(kind, Math.max(0, Math.round(at - this.openedAt)));
    const device = flows ? "on" : "lost";
    this.change(kind === "video" ? { camera: device } : { microphone: device });
  }

  failed(code: "nothing" | "encoder" | "unsupported"): void {
    this.captureProblem = `capture:${code}`;
    if (!this.current.recording) this.open("notes", NOTES_MEDIA);
    this.change({});
  }

  // --- the way through ---

  private begin(devices: Devices): void {
    this.devices = devices;
    if (this.closing) return this.release();
    this.openedAt = performance.now();
    this.openedTime = Date.now();
    this.change({ camera: devices.camera, microphone: devices.microphone });
    if (!devices.stream) return this.open("notes", NOTES_MEDIA);
    if (!canCapture() && !canSlice()) return this.failed("unsupported");
    const Way = canCapture() ? Capture : Slices;
    this.capture = new Way(devices.stream, this.openedAt, this);
    this.capture.start().catch(() => this.failed("encoder"));
  }

  private open(kind: Kind, media: string): void {
    this.send({ do: "open", kind, media, time: this.openedTime });
    this.change({ kind });
    for (const piece of this.early.splice(0)) this.piece(piece);
  }

  private async close(reason: ClosingReason): Promise<void> {
    const stopped = performance.now() - this.openedAt;
    this.change({ phase: "finishing" });
    await this.capture?.stop();
    this.release();
    if (this.current.kind !== null) {
      await Promise.race([this.opened, delay(PATIENCE)]);
      this.sendClosing(Math.round(stopped), reason);
      await Promise.race([this.safe, delay(PATIENCE)]);
    }
    this.change({ phase: this.current.phase === "failed" ? "failed" : "finished" });
    window.removeEventListener("pagehide", this.leave);
    document.removeEventListener("visibilitychange", this.seen);
  }

  /** Lets go of camera and microphone; clones of their tracks go on. */
  private release(): void {
    for (const track of this.devices?.stream?.getTracks() ?? []) track.stop();
  }

  /** One track was silent while the other went on: said when it ends. */
  private stateMuted(kind: Track["kind"]): void {
    const since = this.lost.get(kind);
    this.lost.delete(kind);
    // Where both were silent no piece came, and the gap between pieces says it.
    if (since !== undefined && this.end !== null) this.stateGap(since, this.end - since, "muted");
  }

  /** What was recorded ends where the last piece ends; a longer silence before the end is a gap. */
  private sendClosing(stopped: number, reason: ClosingReason): void {
    if (this.closed) return;
    for (const kind of [...this.lost.keys()]) this.stateMuted(kind);
    let offset = this.end ?? stopped;
    if (stopped - offset > TAIL) {
      this.stateSilence(stopped);
      offset = stopped;
    }
    this.send({ do: "close", time: this.timeAt(offset), offset, reason });
    this.closed = true;
  }

  private stateSilence(until: number): void {
    if (this.end === null) return;
    const duration = until - this.end;
    if (duration > SILENCE) this.stateGap(this.end, duration, this.whySilent());
    this.wasHidden = this.hiddenSince !== null;
  }

  private stateGap(offset: number, duration: number, reason: GapReason): void {
    if (duration > 0 && !this.closed) this.send({ do: "gap", time: this.timeAt(offset), offset, duration, reason });
  }

  private whySilent(): GapReason {
    if (this.wasHidden) return "hidden";
    const tracks = this.devices?.stream?.getTracks() ?? [];
    if (tracks.some(({ readyState }) => readyState === "ended")) return "device";
    return tracks.some(({ muted }) => muted) ? "muted" : "unknown";
  }

  /** The device's clock at an offset: read once, so that it does not fall when it is set back. */
  private timeAt(offset: number): number {
    return Math.round(this.openedTime + offset);
  }

  private readonly seen = (): void => {
    const hidden = document.visibilityState === "hidden";
    this.hiddenSince = hidden ? performance.now() : null;
    if (hidden) this.wasHidden = true;
  };

  private readonly online = (): void => this.send({ do: "online" });

  /** The page goes: say so, if there is still time. What is missing then shows as no closing. */
  private readonly leave = ({ persisted }: PageTransitionEvent): void => {
    if (persisted || this.closing || !this.current.recording) return;
    this.sendClosing(Math.round(performance.now() - this.openedAt), "left");
  };

  // --- the worker ---

  private hear(message: FromWorker): void {
    switch (message.say) {
      case "opened":
        this.settle({ recording: message.recording, kind: message.kind, opening: message.opening });
        return this.change({ recording: message.recording, kind: message.kind, phase: "recording" });
      case "head":
        this.lastHead = message.head;
        for (const watcher of [...this.headWatchers]) watcher(message.head);
        return;
      case "queue":
        return this.hearQueue(message.queue);
      case "done":
        return this.answered(message.id)?.done(message.note ?? "");
      case "refused":
        return this.answered(message.id)?.refused(new Error(message.code));
      case "failed":
        return this.fail(message.code);
      case "leftovers":
        return;
      default:
        return message satisfies never;
    }
  }

  private hearQueue(queue: QueueState): void {
    const { waiting, silence, granted } = queue;
    this.queueProblem = queue.problem;
    this.change({ unsafeSeconds: queue.unsafe / 1000, waiting, silence, granted });
    if (queue.finished) this.finish();
  }

  private answered(id: number) {
    const found = this.asked.get(id);
    this.asked.delete(id);
    return found;
  }

  private ask(message: (id: number) => ToWorker): Promise<string> {
    const id = this.nextId++;
    return new Promise((done, refused) => {
      this.asked.set(id, { done, refused });
      this.send(message(id));
    });
  }

  private fail(code: string): void {
    this.captureProblem = code;
    this.change(this.current.recording ? {} : { phase: "failed" });
  }

  private send(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private change(part: Partial<RecorderState>): void {
    const phase = this.closing && part.phase === "recording" ? "finishing" : (part.phase ?? this.current.phase);
    this.current = { ...this.current, ...part, phase, problem: this.captureProblem ?? this.queueProblem };
    for (const watcher of [...this.watchers]) watcher(this.current);
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
