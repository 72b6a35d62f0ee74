/**
 * The recorder's worker: it alone holds a recording's two keys, and only for this life of the page.
 * It makes the statements, seals, queues durably, and sends. One recording in a worker's life.
 *
 * What comes in is taken one after the other, so that the chain has one order. Not here: camera
 * and microphone (capture), and how a statement is written (device, evidence).
 */

import type { Kind } from "./contracts";
import { Device, type Keys, type Signed, makeKeys } from "./device";
import { AccompanyError } from "./errors";
import { openCard } from "./evidence/cards";
import { Verifier } from "./evidence/notes";
import { readUtf8, utf8, writeBase64, writeHex } from "./evidence/text";
import { sendAllLeftovers } from "./leftover-sender";
import { Queue } from "./queue";
import { openFiles } from "./queue-files";
import type { FromWorker, Press, QueueState, ToWorker } from "./recorder-messages";
import { generateAgeKeys, opener, sealer } from "./seal/age";
import { holdLock } from "./locks";
import { fetchCheckpoint, locatorOf } from "./opening";
import { Uplink, browserWire } from "./uplink";

const CLIENT = "accompany-web/0.1.0 none";
const CHECKPOINT_PATIENCE = 300;
const IDENTITY_LIFE = 5 * 60_000;
const TICK = 500;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const say = (message: FromWorker, transfer: Transferable[] = []) => scope.postMessage(message, transfer);

/** Everything of the one recording, from the opening on. */
interface Live {
  readonly device: Device;
  readonly queue: Queue;
  readonly uplink: Uplink;
  readonly press: Press;
  readonly encounter: string;
}

let prepared: Promise<Prepared> | null = null;
let live: Live | null = null;
let granted = false;
let lockAsked = false;
let serverAhead = 0;
let told = "";

interface Prepared {
  readonly press: Press;
  readonly keys: Keys;
  readonly checkpoint: { text: string; size: number; root: Uint8Array } | null;
}

let order: Promise<void> = Promise.resolve();
scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "prepare") prepared ??= prepare(data.press);
  else if (data.do === "online") scope.dispatchEvent(new Event("online")); // not every worker is told
  else if (data.do === "leftovers") void sendLeftovers();
  else order = order.then(() => take(data)).catch((error: unknown) => failed(data, error));
};

async function take(message: Exclude<ToWorker, { do: "prepare" | "online" | "leftovers" }>): Promise<void> {
  if (message.do === "warm") return await warm();
  if (message.do === "open") return await open(message.kind, message.media, message.time);
  if (message.do === "lock") lockAsked = true;
  if (!live) {
    if (message.do === "lock") return; // before the opening: then it opens locked
    throw new Error("not open");
  }
  const { device } = live;
  switch (message.do) {
    case "segment":
      return await keep(live, await device.segment(message.data, message, message.duration), message.duration);
    case "gap":
      return await keep(live, device.gap(message, message.duration, message.reason), 0);
    case "close":
      if (!device.closed) await keep(live, device.closing(message, message.reason), 0);
      return tell();
    case "answer": {
      const note = device.answer(message.text, live.encounter);
      return say({ say: "done", id: message.id, note: readUtf8("note", note) });
    }
    case "grant":
      await grant(live, message.card);
      return say({ say: "done", id: message.id, note: null });
    case "lock":
      return device.lock();
    default:
      return message satisfies never;
  }
}

function failed(message: ToWorker, error: unknown): void {
  const code = error instanceof AccompanyError ? error.name.toLowerCase() : "worker";
  if ("id" in message) say({ say: "refused", id: message.id, code });
  else if (message.do !== "warm") say({ say: "failed", code: `${message.do}:${code}` });
}

/** The first use of the libraries costs 70 ms, later ones 2 to 4: pay before the press. */
async function warm(): Promise<void> {
  const { recipient, identity } = await generateAgeKeys();
  const [keys] = await Promise.all([makeKeys([recipient]), openFiles()]);
  await opener(identity)(await sealer(recipient)(new Uint8Array(1)));
  keys.signer.sign("accompany/warm/v1\n");
  keys.signer.forget();
}

async function prepare(press: Press): Promise<Prepared> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), CHECKPOINT_PATIENCE);
  const [keys, checkpoint] = await Promise.all([
    makeKeys([press.custodian]),
    fetchCheckpoint(press.logKey, press.guestCode, patience.signal),
  ]);
  clearTimeout(timer);
  return { press, keys, checkpoint };
}

async function open(kind: Kind, media: string, time: number): Promise<void> {
  if (!prepared || live) throw new Error("prepare first, open once");
  const { press, keys, checkpoint } = await prepared;
  const { encounter, origin } = press;
  const after = checkpoint && { size: checkpoint.size, root: checkpoint.root };
  const device = new Device(keys, { kind, media, encounter, log: origin, after, client: CLIENT }, time);
  const opening = readUtf8("opening", device.opening.note);
  await holdLock(device.recording);
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const queue = await Queue.create(await openFiles(), {
    recording: device.recording,
    kind,
    encounter,
    opening,
    secret: writeBase64(secret),
    origin,
    receipts: press.receiptsKey,
    checkpoint: checkpoint?.text ?? null,
  });
  const request = {
    opening,
    grants: keys.grants.map(writeBase64),
    locator: locatorOf(secret),
    deletion: press.deletion,
    admission: { guest_code: press.guestCode },
  };
  await queue.add({ what: "opening", number: 0, duration: 0, note: opening }, utf8(JSON.stringify(request)));
  const uplink = new Uplink(queue, browserWire, { changed: tell, receipted });
  live = { device, queue, uplink, press, encounter };
  void uplink.run();
  setInterval(tell, TICK);
  setTimeout(() => device.lock(), IDENTITY_LIFE);
  if (lockAsked) device.lock();
  say({ say: "opened", recording: device.recording, kind, opening });
  head(device.recording, device.opening);
}

/** Durable first, then told, then sent. */
async function keep({ device, queue, uplink }: Live, signed: Signed, duration: number): Promise<void> {
  const what = signed.sealed ? "segment" : "statement";
  const note = readUtf8("note", signed.note);
  await queue.add({ what, number: signed.number, duration, note }, signed.sealed ?? new Uint8Array());
  head(device.recording, signed);
  uplink.nudge();
  tell();
}

async function grant({ device, queue, uplink, press }: Live, card: string): Promise<void> {
  // The server's clock, as last signed in a receipt: a phone's own may be years off.
  const now = Date.now() + serverAhead;
  const { recipient } = openCard(utf8(card), Verifier.parse(press.organizationKey), now);
  const { file, note } = await device.grant(recipient, Date.now());
  await queue.add({ what: "grant", number: 0, duration: 0, note: readUtf8("note", note) }, file);
  uplink.nudge();
}

function receipted(item: { what: string }, receipt: { time: number }): void {
  serverAhead = receipt.time - Date.now();
  if (item.what !== "grant") return;
  granted = true;
  live?.device.lock();
}

function head(recording: string, { number, digest }: Signed): void {
  say({ say: "head", head: { recording, number, digest: writeHex(digest) } });
}

function tell(): void {
  if (!live) return;
  const { queue, uplink, device } = live;
  const waiting = queue.items.length;
  if (waiting === 0) uplink.settledAt = browserWire.now();
  const state: QueueState = {
    unsafe: queue.unsafe,
    waiting,
    silence: waiting > 0 ? Math.round(browserWire.now() - uplink.settledAt) : 0,
    problem: uplink.problem ?? (queue.durable ? null : "memory-only"),
    granted,
    finished: device.closed && waiting === 0,
  };
  const text = JSON.stringify(state);
  if (text !== told) say({ say: "queue", queue: state });
  told = text;
}

async function sendLeftovers(): Promise<void> {
  await sendAllLeftovers(await openFiles(), browserWire, (leftovers, finished) =>
    say({ say: "leftovers", leftovers, finished }),
  );
}
