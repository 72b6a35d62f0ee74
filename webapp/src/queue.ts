/**
 * The queue of one recording: what is signed and sealed and not yet receipted, one file for each
 * thing. A file goes only when a verified receipt came for it (`settle`); nothing else removes one.
 *
 *     record          what the rest of the sending needs: the signed opening, whose receipts count,
 *                     and a guest's locator secret (docs/format.md: kept with the recording)
 *     last.0 last.1   the last receipt, written in turn, so that a torn one leaves the other
 *     00000007.item   a thing to send, in the order it was made; empty: the next one's file, opened ahead
 *     00000007.said   the statement alone, where the disk refused what it speaks of
 *
 * What the disk refuses lies in memory until it is sent or there is room, and goes with the page. The
 * server takes each next number alone, so nothing is written behind a number that is not on the disk, at
 * least as said (docs/decisions/0052): what is lost is then stated, and what lies behind it still goes.
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

  /** what could not be written, in its order, and lies in memory alone; null: the record */
  private readonly unkept = new Map<string, Item | null>();
  /** of that, whose statement lies on the disk */
  private readonly said = new Set<string>();
  /** segments whose file cannot be read any more */
  private readonly gone = new Set<string>();
  /** what writes things waits for what does so already */
  private turn: Promise<unknown> = Promise.resolve();
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
    if (!(await queue.write("record", frame(record, NONE)))) queue.unkept.set("record", null);
    queue.openAhead();
    return queue;
  }

  /** Reads back what an earlier life left; null where the folder tells of no recording. */
  static async load(files: Files, recording: string): Promise<Queue | null> {
    const found = unframe(await files.read(recording, "record"));
    const record = found && readRecordFile(found.header);
    if (!record) return null;
    const queue = new Queue(files, record);
    const names = await files.names(recording);
    for (const name of names.filter((one) => !isSaid(one))) await queue.readBack(name);
    for (const name of names.filter(isSaid)) await queue.readSaid(name);
    return queue;
  }

  /** Milliseconds of film or sound that exist only here. */
  get unsafe(): number {
    return this.items.reduce((sum, item) => sum + item.duration, 0);
  }

  /** Keeps a thing durably, then lists it. Where the disk refuses, memory holds it all the same. */
  add(header: ItemHeader, body: Uint8Array): Promise<Item> {
    return this.inTurn(async () => {
      const name = nameOf(this.order++);
      const item = { ...header, name, size: body.length };
      await this.keepFirst();
      const kept = (await this.sayAll()) && (await this.write(name, frame(header, body)));
      this.hold(name, body, kept);
      if (!kept) this.unkept.set(name, item);
      this.items.push(item);
      if (!kept) await this.sayAll();
      if (!isClosing(header)) this.openAhead();
      return item;
    });
  }

  /** Whether a segment's bytes are gone: all that can still be sent of it is that it was. */
  lost(item: Item): boolean {
    return item.what === "segment" && (item.size === 0 || this.gone.has(item.name));
  }

  /** Returns a thing's bytes; null where the file is damaged: of a segment what was said is still there. */
  async body(item: Item): Promise<Uint8Array | null> {
    const held = this.held.get(item.name);
    if (held) return held;
    const found = unframe(await this.files.read(this.record.recording, item.name));
    if (!found) {
      this.damaged += 1;
      if (item.what === "segment") this.gone.add(item.name);
      else this.drop(item);
    }
    return found?.body ?? null;
  }

  /** Forgets a thing. Call it with nothing but a verified receipt in hand. */
  async settle(item: Item, digest: string, receipt: string): Promise<void> {
    const count = (this.last?.count ?? 0) + 1;
    if (item.what !== "grant" && item.number >= (this.last?.number ?? 0)) {
      this.last = { count, number: item.number, digest, receipt, closed: isClosing(item) };
      // A power cut may leave an older one: then the next recording names an older receipt, and no more.
      await this.write(`last.${count % 2}`, frame(this.last, NONE), true);
    }
    const freed = !this.unkept.has(item.name);
    if (this.said.delete(item.name)) await this.forget(saidOf(item.name));
    this.drop(item);
    await this.forget(item.name);
    if (isSaid(item.name)) await this.forget(item.name.replace(SAID, ITEM)); // what a full disk took of it
    // In the room of its own: the reserve is for the sound.
    if (freed && this.unkept.size > 0) await this.inTurn(() => this.keepFirst());
  }

  private drop(item: Item): void {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    this.letGo(item.name);
    this.unkept.delete(item.name);
    this.gone.delete(item.name);
  }

  private letGo(name: string): void {
    this.heldBytes -= this.held.get(name)?.length ?? 0;
    this.held.delete(name);
  }

  /** What a kill takes is what is not written yet, and to open a file takes longer than to write it. */
  private openAhead(): void {
    this.files.ahead(this.record.recording, nameOf(this.order));
  }

  private async write(name: string, data: Uint8Array, loose = false): Promise<boolean> {
    try {
      await this.files.write(this.record.recording, name, data, loose);
      return true;
    } catch {
      this.refusals += 1;
      return false;
    }
  }

  private hold(name: string, body: Uint8Array, kept: boolean): void {
    if (kept && this.heldBytes + body.length > MEMORY_LIMIT) return;
    this.held.set(name, body);
    this.heldBytes += body.length;
  }

  /** Left behind by an error here, it is sent once more at the next start: harmless. */
  private async forget(name: string): Promise<void> {
    await this.files.remove(this.record.recording, name).catch(() => undefined);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** Tries the oldest of what was refused once more: there may be room by now. */
  private async keepFirst(): Promise<void> {
    const [oldest] = this.unkept.keys();
    if (oldest !== undefined) await this.keepAgain(oldest);
  }

  private async keepAgain(name: string): Promise<boolean> {
    const item = this.unkept.get(name) ?? null;
    const data = item ? frame(headerOf(item), this.held.get(name) ?? NONE) : frame(this.record, NONE);
    const kept = await this.write(name, data);
    if (!this.unkept.has(name)) await this.forget(name); // sent meanwhile
    else if (!kept) return false;
    if (this.said.delete(name)) await this.forget(saidOf(name));
    if (this.heldBytes > MEMORY_LIMIT) this.letGo(name);
    this.unkept.delete(name);
    return true;
  }

  /** Writes of what was refused at least what it says; false where the disk refuses even that. */
  private async sayAll(): Promise<boolean> {
    for (const [name, item] of this.unkept) {
      if (this.said.has(name) || item?.what === "grant") continue; // no number of the chain
      // Without the record and the opening's grants nothing of it can be sent; else a statement is all there is.
      const whole = item?.what !== "segment";
      if (!(whole ? await this.keepAgain(name) : await this.say(name, item))) return false;
    }
    return true;
  }

  private async say(name: string, item: Item): Promise<boolean> {
    if (!(await this.write(saidOf(name), frame(headerOf(item), NONE)))) return false;
    if (this.unkept.has(name)) this.said.add(name);
    else await this.forget(saidOf(name)); // sent meanwhile
    return true;
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

  /** After all that lies there whole: of that nothing needs to be said by itself. */
  private async readSaid(name: string): Promise<void> {
    const found = unframe(await this.files.read(this.record.recording, name).catch(() => null));
    const header = found && readItemHeader(found.header);
    if (!header) return;
    this.order = Math.max(this.order, Number.parseInt(name, 10) + 1);
    if (this.items.some((one) => one.what === header.what && one.number === header.number)) await this.forget(name);
    else this.items.push({ ...header, name, size: 0 });
  }
}

const NONE = new Uint8Array();
const SAID = ".said";
const ITEM = ".item";
const nameOf = (order: number): string => `${String(order).padStart(8, "0")}${ITEM}`;
const saidOf = (name: string): string => name.replace(ITEM, SAID);
const isSaid = (name: string): boolean => name.endsWith(SAID);
const headerOf = ({ what, number, duration, note }: Item): ItemHeader => ({ what, number, duration, note });
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
