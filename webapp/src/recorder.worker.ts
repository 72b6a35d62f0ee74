/**
 * The recorder's worker: it alone holds the recordings' keys, and only for this life of the page. It
 * makes the statements, seals, queues durably, and sends. One encounter in a worker's life, with a
 * recording for each `slot` that the page opens.
 *
 * What comes in is taken one after the other, so that each chain has one order. Not here: camera
 * and microphone (capture), one recording's doings (recording), whose turn it is to send (line).
 */

import { CallWatch, TAKEN, limitOf, roomForFilm } from "./budget";
import type { Leftovers } from "./contracts";
import { type Device, type Keys, makeKeys } from "./device";
import { AccompanyError } from "./errors";
import { openOpening } from "./evidence/statements";
import { readHex, readUtf8, utf8, writeBase64 } from "./evidence/text";
import { sendAllLeftovers } from "./leftover-sender";
import { Line } from "./line";
import { isFree } from "./locks";
import { fetchCheckpoint } from "./opening";
import { endOf } from "./queue";
import { openFiles, openPlaces } from "./queue-files";
import { Recording } from "./recording";
import { holdersOf, type FromWorker, type Press, type QueueState, type ToWorker } from "./recorder-messages";
import { generateAgeKeys, opener, sealer } from "./seal/age";
import { browserWire } from "./uplink";

const CLIENT = "accompany-web/0.1.0 none";
const CHECKPOINT_PATIENCE = 300;
const LOCK_PATIENCE = 300;
/** The service worker may send what waits just now, or the page that did was only just closed. */
const LEFTOVERS_PATIENCE = 3_000;
const TICK = 500;
const LOOK_AT_STORAGE = 5_000;
/** A recording without a closing that began less than this ago is what a crash left: it is continued. */
const CRASH_LIFE = 60 * 60_000;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const say = (message: FromWorker, transfer: Transferable[] = []) => scope.postMessage(message, transfer);

type Continued = { readonly recording: string; readonly digest: Uint8Array };

interface Prepared {
  readonly press: Press;
  readonly keys: Keys[];
  readonly checkpoint: { text: string; size: number; root: Uint8Array } | null;
  /** what a crash left, by kind */
  readonly crashed: ReadonlyMap<string, Continued>;
}

let prepared: Promise<Prepared> | null = null;
const recordings = new Map<number, Recording>();
const line = new Line(browserWire);
const call = new CallWatch();
/** the answering attorney's card: what is opened later is granted to it as well */
let card: string | null = null;
let lockAsked = false;
let serverAhead = 0;
let full = false;
/** how often the disk had refused something when that was looked at last */
let refusals = 0;
let told = "";

let order: Promise<void> = Promise.resolve();
scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "prepare") prepared ??= prepare(data.press, data.time);
  else if (data.do === "online") scope.dispatchEvent(new Event("online")); // not every worker is told
  else if (data.do === "leftovers") void sendLeftovers();
  else if (data.do === "call") line.hold(call.hear(data.roundTrip, browserWire.now(), limitOf(line.measured)));
  else order = order.then(() => take(data)).catch((error: unknown) => failed(data, error));
};

async function take(message: Exclude<ToWorker, { do: "prepare" | "online" | "leftovers" | "call" }>): Promise<void> {
  switch (message.do) {
    case "warm":
      return await warm();
    case "open":
      return await open(message);
    case "segment": {
      const { device } = at(message.slot);
      await at(message.slot).keep(await device.segment(message.data, message, message.duration), message.duration);
      // After what waits behind this one: what a kill takes is what is not yet on the disk.
      setTimeout(() => device.prepare());
      return;
    }
    case "gap":
      return await at(message.slot).keep(at(message.slot).device.gap(message, message.duration, message.reason), 0);
    case "close": {
      const { device } = at(message.slot);
      if (!device.closed) await at(message.slot).keep(device.closing(message, message.reason), 0);
      return tell();
    }
    case "answer": {
      const { press } = await ready();
      const note = at(message.slot).device.answer(message.text, press.encounter);
      return say({ say: "done", id: message.id, note: readUtf8("note", note) });
    }
    case "grant":
      await grant(message.card);
      return say({ say: "done", id: message.id, note: null });
    case "lock":
      lockAsked = true;
      for (const { device } of recordings.values()) device.lock();
      return;
    default:
      return message satisfies never;
  }
}

function at(slot: number): Recording {
  const found = recordings.get(slot);
  if (!found) throw new Error("not open");
  return found;
}

function failed(message: ToWorker, error: unknown): void {
  const code = error instanceof AccompanyError ? error.name.toLowerCase() : "worker";
  if ("id" in message) say({ say: "refused", id: message.id, code });
  else if (message.do !== "warm") {
    say({ say: "failed", slot: "slot" in message ? message.slot : null, code: `${message.do}:${code}` });
  }
}

/** The first use of the libraries costs 70 ms, later ones 2 to 4: pay before the press. */
async function warm(): Promise<void> {
  const { recipient, identity } = await generateAgeKeys();
  const [keys] = await Promise.all([makeKeys([recipient]), openFiles()]);
  await opener(identity)(await sealer(recipient)(new Uint8Array(1)));
  keys.signer.sign("accompany/warm/v1\n");
  keys.signer.forget();
}

/** Keys for the film and for the sound beside it are made before anything is known of either. */
async function prepare(press: Press, time: number): Promise<Prepared> {
  serverAhead = time - Date.now();
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), CHECKPOINT_PATIENCE);
  const [first, second, checkpoint, crashed] = await Promise.all([
    makeKeys(holdersOf(press)),
    makeKeys(holdersOf(press)),
    fetchCheckpoint(press.logKey, press.guestCode, patience.signal),
    findCrashed(press.origin, time).catch(() => new Map<string, Continued>()),
  ]);
  clearTimeout(timer);
  return { press, keys: [first, second], checkpoint, crashed };
}

async function ready(): Promise<Prepared> {
  if (!prepared) throw new Error("prepare first");
  return await prepared;
}

/** The newest recording of each kind that ended without a closing and is nobody's any more. */
async function findCrashed(origin: string, now: number): Promise<Map<string, Continued>> {
  const files = await openFiles();
  const found = new Map<string, Continued & { time: number }>();
  for (const recording of await files.folders()) {
    const end = await endOf(files, recording);
    if (!end || end.last.closed !== false || end.record.origin !== origin) continue;
    const { time } = openOpening(utf8(end.record.opening));
    const { kind } = end.record;
    if (Math.abs(now - time) > CRASH_LIFE || time < (found.get(kind)?.time ?? 0)) continue;
    const digest = readHex(end.last.digest, 32);
    // A sender of leftovers lets go when the press ends it; another tab that records does not.
    if (await isFree(recording, LOCK_PATIENCE)) found.set(kind, { recording, digest, time });
  }
  return found;
}

async function open({ slot, kind, media, time, continues }: ToWorker & { do: "open" }): Promise<void> {
  if (recordings.has(slot)) throw new Error("open once");
  const { press, keys, checkpoint, crashed } = await ready();
  const before = continues === null ? (crashed.get(kind) ?? null) : lastOf(at(continues));
  const after = checkpoint && { size: checkpoint.size, root: checkpoint.root };
  const recording = await Recording.open(
    keys.shift() ?? (await makeKeys(holdersOf(press))),
    { kind, media, encounter: press.encounter, log: press.origin, after, continues: before, client: CLIENT },
    press,
    checkpoint?.text ?? null,
    { files: await openFiles(), line, wire: browserWire, time },
    { head: (id, number, digest) => say({ say: "head", head: { recording: id, number, digest } }), changed: tell, receipted },
  );
  recordings.set(slot, recording);
  if (recordings.size === 1) begin();
  const { device } = recording;
  say({ say: "opened", slot, recording: device.recording, kind, opening: readUtf8("opening", device.opening.note) });
  recording.tellHead(device.opening);
  if (press.release !== null) await release(device, press.release).catch(() => undefined);
  if (card !== null && !lockAsked) await recording.grant(card, press.organizationKey, now()).catch(() => undefined);
  if (lockAsked) device.lock();
}

/** Makes the grant that is withheld from whoever was named; the page hands it in with the check-in. */
async function release(device: Device, recipient: string): Promise<void> {
  const { file, note } = await device.grant(recipient, now());
  say({ say: "released", made: { recording: device.recording, grant: writeBase64(file), note: writeBase64(note) } });
}

function begin(): void {
  void line.run();
  setInterval(tell, TICK);
  setInterval(() => void lookAtStorage(), LOOK_AT_STORAGE);
  void lookAtStorage();
}

/** What a recording is continued from: its last statement that was receipted. */
function lastOf({ device, queue }: Recording): Continued | null {
  return queue.last && { recording: device.recording, digest: readHex(queue.last.digest, 32) };
}

async function grant(to: string): Promise<void> {
  const { press } = await ready();
  card = to;
  const open = [...recordings.values()].filter((one) => !one.granted);
  const done = await Promise.allSettled(open.map((one) => one.grant(to, press.organizationKey, now())));
  // One whose identity is forgotten already must not keep the others from being granted.
  const refused = done.find((one) => one.status === "rejected");
  if (refused && done.every((one) => one.status === "rejected")) throw refused.reason;
}

/** The server's clock, as the page heard it and as last signed in a receipt: a phone's own may be years off. */
function now(): number {
  return Date.now() + serverAhead;
}

function receipted(receipt: { time: number }): void {
  serverAhead = receipt.time - Date.now();
}

async function lookAtStorage(): Promise<void> {
  const files = await openFiles();
  const { usage = 0, quota = Number.POSITIVE_INFINITY } = await navigator.storage.estimate();
  const refused = [...recordings.values()].reduce((sum, { queue }) => sum + queue.refusals, 0);
  // What the disk refuses counts more than what the browser says: then the reserve is for the sound.
  if (refused > refusals) await files.reserve(0);
  const reserved = refused === refusals && (await files.reserve(TAKEN).catch(() => true));
  refusals = refused;
  // Twice the room before it counts as free again: film would come and go.
  full = !reserved || !roomForFilm(full ? 2 * usage : usage, quota);
  tell();
}

function tell(): void {
  const all = [...recordings.values()];
  if (all.length === 0) return;
  const waiting = all.reduce((sum, { queue }) => sum + queue.items.length, 0);
  const time = browserWire.now();
  if (waiting === 0) for (const { uplink } of all) uplink.settledAt = time;
  const unsafe = (kind: string) => all.reduce((sum, one) => sum + (one.kind === kind ? one.queue.unsafe : 0), 0);
  const open = all.filter(({ device }) => !device.closed);
  const state: QueueState = {
    unsafe: Math.max(unsafe("film"), unsafe("sound")),
    waiting,
    silence: waiting > 0 ? Math.round(time - Math.max(...all.map(({ uplink }) => uplink.settledAt))) : 0,
    problem: problemOf(all),
    granted: (open.length > 0 ? open : all).every((one) => one.granted),
    finished: open.length === 0 && waiting === 0,
    line: line.measured,
    held: line.held && all.some((one) => one.kind === "film" && one.queue.unsafe > 0),
    full,
  };
  const text = JSON.stringify(state);
  if (text !== told) say({ say: "queue", queue: state });
  told = text;
}

function problemOf(all: readonly Recording[]): string | null {
  const found = all.map(({ uplink }) => uplink.problem).find((problem) => problem !== null);
  // What has all arrived is lost with no page.
  const safe = all.every(({ queue, device }) => queue.durable || (device.closed && queue.items.length === 0));
  return found ?? (safe ? null : "memory-only");
}

async function sendLeftovers(): Promise<void> {
  // In both places: what a browser refused at one start it may give at the next.
  const places = await openPlaces();
  const told = places.map((): Leftovers => ({ recordings: 0, waiting: 0, sent: 0, lost: 0, stranded: 0 }));
  const sum = (field: keyof Leftovers) => told.reduce((all, one) => all + one[field], 0);
  for (const [at, files] of places.entries()) {
    await sendAllLeftovers(files, browserWire, (leftovers, finished) => {
      told[at] = leftovers;
      const [recordings, waiting, sent] = [sum("recordings"), sum("waiting"), sum("sent")];
      const all = { recordings, waiting, sent, lost: sum("lost"), stranded: sum("stranded") };
      say({ say: "leftovers", leftovers: all, finished: finished && at === places.length - 1 });
    }, LEFTOVERS_PATIENCE);
  }
}
