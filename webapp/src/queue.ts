/**
 * The queue of one recording: what is signed and sealed and not yet receipted, one file for each
 * thing. A file goes only when a verified receipt came for it (`settle`); nothing else removes one.
 *
 *     record          what the rest of the sending needs: the signed opening, whose receipts count,
 *                     and a guest's locator secret (docs/format.md: kept with the recording)
 *     last.0 last.1   the last receipt, written in turn, so that a torn one leaves the other
 *     00000007.item   a thing to send, in the order it was made; empty: the next one's file, opened ahead
 *
 * A file is a frame: "ACCQ1\n", the lengths of header and body, SHA-256 over both, header (JSON),
 * body. A frame that was torn or bent is skipped, and the others are still read.
 * No key and nothing unsealed is ever written. Not here: sending (uplink).
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, readUtf8, sameBytes, utf8 } from "./evidence/text";
import type { Files } from "./queue-files";

const MAGIC = utf8("ACCQ1\n");
const HEAD = MAGIC.length + 8 + 32;
const MEMORY_LIMIT = 16 * 1024 * 1024;

export type What = "opening" | "segment" | "statement" | "grant";

/** What the recording's folder says about it. */
export interface RecordFile {
  readonly recording: string;
  readonly kind: string;
  readonly encounter: string;
  /** the signed opening */
  readonly opening: string;
  /** base64; opens the sealed package of this recording, not its film; empty where the caller's key does */
  readonly secret: string;
  readonly origin: string;
  /** vkey of the receipts key pinned at the press */
  readonly receipts: string;
  /** the log's checkpoint known at the press, or null */
  readonly checkpoint: string | null;
}

/** One thing to send. `number` is the statement's; `duration` milliseconds of film or sound. */
export interface ItemHeader {
  readonly what: What;
  readonly number: number;
  readonly duration: number;
  /** the signed note that goes with it */
  readonly note: string;
}

export interface Item extends ItemHeader {
  readonly name: string;
  /** bytes of the body */
  readonly size: number;
}

export interface Last {
  readonly count: number;
  readonly number: number;
  readonly digest: string;
  readonly receipt: string;
  /** whether it is the closing; absent in what older versions wrote */
  readonly closed?: boolean;
}

export class Queue {
  readonly items: Item[] = [];
  /** what lies in the folder but cannot be read any more */
  damaged = 0;
  /** how often the disk refused to take something */
  refusals = 0;
  last: Last | null = null;

  /** what could not be written, and lies in memory alone until it is sent */
  private readonly unkept = new Set<string>();
  private readonly held = new Map<string, Uint8Array>();
  private heldBytes = 0;
  private order = 0;

  private constructor(
    private readonly files: Files,
    readonly record: RecordFile,
  ) {}

  /** False while something waits that would be gone with the page. */
  get durable(): boolean {
    return this.files.where !== "memory" && this.unkept.size === 0;
  }

  /** Begins the queue of a new recording. */
  static async create(files: Files, record: RecordFile): Promise<Queue> {
    const queue = new Queue(files, record);
    await queue.write("record", frame(record, new Uint8Array()));
    queue.openAhead();
    return queue;
  }

  /** Reads back what an earlier life left; null where the folder tells of no recording. */
  static async load(files: Files, recording: string): Promise<Queue | null> {
    const found = unframe(await files.read(recording, "record"));
    const record = found && readRecordFile(found.header);
    if (!record) return null;
    const queue = new Queue(files, record);
    for (const name of await files.names(recording)) await queue.readBack(name);
    return queue;
  }

  /** Milliseconds of film or sound that exist only here. */
  get unsafe(): number {
    return this.items.reduce((sum, item) => sum + item.duration, 0);
  }

  /** Keeps a thing durably, then lists it. Where the disk refuses, memory holds it all the same. */
  async add(header: ItemHeader, body: Uint8Array): Promise<Item> {
    const name = nameOf(this.order++);
    await this.write(name, frame(header, body), body);
    if (!isClosing(header)) this.openAhead();
    const item = { ...header, name, size: body.length };
    this.items.push(item);
    return item;
  }

  /** Returns a thing's bytes; null where the file is damaged: it is then off the list. */
  async body(item: Item): Promise<Uint8Array | null> {
    const held = this.held.get(item.name);
    if (held) return held;
    const found = unframe(await this.files.read(this.record.recording, item.name));
    if (!found) {
      this.damaged += 1;
      this.drop(item);
    }
    return found?.body ?? null;
  }

  /** Forgets a thing. Call it with nothing but a verified receipt in hand. */
  async settle(item: Item, digest: string, receipt: string): Promise<void> {
    const count = (this.last?.count ?? 0) + 1;
    if (item.what !== "grant" && item.number >= (this.last?.number ?? 0)) {
      this.last = { count, number: item.number, digest, receipt, closed: isClosing(item) };
      // A power cut may leave an older one: then the next recording names an older receipt, and no more.
      await this.write(`last.${count % 2}`, frame(this.last, new Uint8Array()), undefined, true);
    }
    this.drop(item);
    // Left behind by an error here, it is sent once more at the next start: harmless.
    await this.files.remove(this.record.recording, item.name).catch(() => undefined);
  }

  private drop(item: Item): void {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    this.heldBytes -= this.held.get(item.name)?.length ?? 0;
    this.held.delete(item.name);
    this.unkept.delete(item.name);
  }

  /** What a kill takes is what is not written yet, and to open a file takes longer than to write it. */
  private openAhead(): void {
    this.files.ahead(this.record.recording, nameOf(this.order));
  }

  private async write(name: string, data: Uint8Array, body?: Uint8Array, loose = false): Promise<void> {
    let kept = true;
    try {
      await this.files.write(this.record.recording, name, data, loose);
    } catch {
      if (!loose) this.unkept.add(name);
      this.refusals += 1;
      kept = false;
    }
    if (body && (!kept || this.heldBytes + body.length <= MEMORY_LIMIT)) {
      this.held.set(name, body);
      this.heldBytes += body.length;
    }
  }

  private async readBack(name: string): Promise<void> {
    if (name === "record") return;
    const data = await this.files.read(this.record.recording, name).catch(() => null);
    if (data?.length === 0) return; // opened ahead, and never written
    const found = unframe(data);
    if (name.startsWith("last.")) {
      const last = found && readLast(found.header);
      if (last && last.count > (this.last?.count ?? 0)) this.last = last;
      return;
    }
    this.order = Math.max(this.order, Number.parseInt(name, 10) + 1 || 0);
    const header = found && readItemHeader(found.header);
    if (header) this.items.push({ ...header, name, size: found.body.length });
    else this.damaged += 1;
  }
}

const nameOf = (order: number): string => `${String(order).padStart(8, "0")}.item`;
const isClosing = ({ note }: ItemHeader): boolean => note.startsWith("accompany/closing/");

/** What the folder of an earlier recording tells of its end; no thing of the queue is read for it. */
export async function endOf(files: Files, recording: string): Promise<{ record: RecordFile; last: Last } | null> {
  const read = async (name: string) => unframe(await files.read(recording, name).catch(() => null))?.header;
  const record = readRecordFile(await read("record"));
  const lasts = [readLast(await read("last.0")), readLast(await read("last.1"))];
  const last = lasts.reduce((best, one) => (one && one.count > (best?.count ?? 0) ? one : best), null);
  return record && last && { record, last };
}

/** Returns header and body as one frame that shows when it was torn. */
export function frame(header: object, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = utf8(JSON.stringify(header));
  const lengths = new Uint8Array(8);
  const view = new DataView(lengths.buffer);
  view.setUint32(0, text.length);
  view.setUint32(4, body.length);
  return concat(MAGIC, lengths, sha256(concat(text, body)), text, body);
}

/** Returns what a frame holds, or null for anything that is not exactly one whole frame. */
export function unframe(data: Uint8Array | null): { header: unknown; body: Uint8Array } | null {
  if (!data || data.length < HEAD || !sameBytes(data.subarray(0, MAGIC.length), MAGIC)) return null;
  const view = new DataView(data.buffer, data.byteOffset + MAGIC.length, 8);
  const end = HEAD + view.getUint32(0);
  if (data.length !== end + view.getUint32(4)) return null;
  if (!sameBytes(sha256(data.subarray(HEAD)), data.subarray(MAGIC.length + 8, HEAD))) return null;
  try {
    const header: unknown = JSON.parse(readUtf8("frame", data.subarray(HEAD, end)));
    return { header, body: data.slice(end) };
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const areTexts = (fields: Fields, ...names: string[]) => names.every((name) => typeof fields[name] === "string");

function readRecordFile(value: unknown): RecordFile | null {
  if (!isFields(value)) return null;
  const texts = areTexts(value, "recording", "kind", "encounter", "opening", "secret", "origin", "receipts");
  const checkpoint = value.checkpoint === null || typeof value.checkpoint === "string";
  return texts && checkpoint ? (value as unknown as RecordFile) : null;
}

function readItemHeader(value: unknown): ItemHeader | null {
  if (!isFields(value) || !areTexts(value, "what", "note")) return null;
  const known = ["opening", "segment", "statement", "grant"].includes(String(value.what));
  return known && isCount(value.number) && isCount(value.duration) ? (value as unknown as ItemHeader) : null;
}

function readLast(value: unknown): Last | null {
  if (!isFields(value) || !areTexts(value, "digest", "receipt")) return null;
  return isCount(value.count) && isCount(value.number) ? (value as unknown as Last) : null;
}
