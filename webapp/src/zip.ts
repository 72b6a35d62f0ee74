/**
 * Reads a sealed package's ZIP: stored or deflated, ZIP64 where needed, entry by entry from a Blob,
 * so that an hour of film need not lie in memory. A damaged entry fails alone. It reads; whether
 * the package is one of ours is not judged here.
 */

import { inflateSync } from "fflate";
import { Malformed } from "./errors";

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const LONGEST_COMMENT = 0xffff;
const ENTRY_LIMIT = 64 * 1024 * 1024;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

export class Zip {
  private constructor(
    private readonly blob: Blob,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  static async open(blob: Blob): Promise<Zip> {
    const { at, size, count } = await findDirectory(blob);
    const entries = new Map<string, Entry>();
    for (const entry of readDirectory(await bytes(blob, at, size))) {
      if (entries.has(entry.name)) throw new Malformed("package", `${entry.name} twice`);
      entries.set(entry.name, entry);
    }
    if (entries.size !== count) throw new Malformed("package", `expected ${count} entries, found ${entries.size}`);
    return new Zip(blob, entries);
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Returns an entry's bytes, its CRC checked; throws Malformed for one that is damaged or absent. */
  async read(name: string): Promise<Uint8Array> {
    const entry = this.entries.get(name);
    if (!entry) throw new Malformed("package", `expected ${name}`);
    const data = unpack(entry, await bytes(this.blob, await this.startOf(entry), entry.packed));
    if (data.length !== entry.size || crc32(data) !== entry.crc) throw new Malformed(name, "damaged");
    return data;
  }

  /** Returns an entry as a part of the package's Blob where it is stored, so that it takes no memory; not checked. */
  async part(name: string): Promise<Blob> {
    const entry = this.entries.get(name);
    if (!entry) throw new Malformed("package", `expected ${name}`);
    if (entry.method !== 0) return new Blob([new Uint8Array(await this.read(name))]);
    const start = await this.startOf(entry);
    return this.blob.slice(start, start + entry.packed);
  }

  private async startOf({ name, at }: Entry): Promise<number> {
    const local = view(await bytes(this.blob, at, 30));
    if (local.getUint32(0, true) !== LOCAL) throw new Malformed(name, "expected a local header");
    return at + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  }
}

function unpack(entry: Entry, packed: Uint8Array): Uint8Array {
  if (entry.size > ENTRY_LIMIT) throw new Malformed(entry.name, `over ${ENTRY_LIMIT} bytes`);
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new Malformed(entry.name, "expected stored or deflated");
  try {
    // Room for one byte more, so that an entry larger than it says is seen to be so.
    return inflateSync(packed, { out: new Uint8Array(entry.size) });
  } catch {
    throw new Malformed(entry.name, "damaged");
  }
}

async function findDirectory(blob: Blob): Promise<{ at: number; size: number; count: number }> {
  const from = Math.max(0, blob.size - END_SIZE - LONGEST_COMMENT);
  const tail = view(await bytes(blob, from, blob.size - from));
  for (let at = tail.byteLength - END_SIZE; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END || at + END_SIZE + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    const found = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), at: tail.getUint32(at + 16, true) };
    const large = found.count === 0xffff || found.size === 0xffffffff || found.at === 0xffffffff;
    return large ? await findDirectory64(blob, from + at) : found;
  }
  throw new Malformed("package", "no ZIP");
}

async function findDirectory64(blob: Blob, end: number): Promise<{ at: number; size: number; count: number }> {
  const locator = view(await bytes(blob, end - 20, 20));
  if (locator.getUint32(0, true) !== END64_LOCATOR) throw new Malformed("package", "expected a ZIP64 locator");
  const record = view(await bytes(blob, large(locator, 8), 56));
  if (record.getUint32(0, true) !== END64) throw new Malformed("package", "expected a ZIP64 directory");
  return { count: large(record, 32), size: large(record, 40), at: large(record, 48) };
}

function* readDirectory(data: Uint8Array): Generator<Entry> {
  const directory = view(data);
  for (let at = 0; at + 46 <= data.length; ) {
    if (directory.getUint32(at, true) !== CENTRAL) throw new Malformed("package", "expected a directory entry");
    const [name, extra, comment] = [28, 30, 32].map((step) => directory.getUint16(at + step, true)) as [number, number, number];
    const sizes = sizesOf(directory, at, at + 46 + name, extra);
    yield {
      name: new TextDecoder().decode(data.subarray(at + 46, at + 46 + name)),
      method: directory.getUint16(at + 10, true),
      crc: directory.getUint32(at + 16, true),
      ...sizes,
    };
    at += 46 + name + extra + comment;
  }
}

/** Sizes and place of an entry, from the ZIP64 field where the short ones do not hold them. */
function sizesOf(directory: DataView, at: number, extraAt: number, extraSize: number) {
  const short = [24, 20, 42].map((step) => directory.getUint32(at + step, true));
  for (let field = extraAt; field + 4 <= extraAt + extraSize; field += 4 + directory.getUint16(field + 2, true)) {
    if (directory.getUint16(field, true) !== 1) continue;
    let place = field + 4;
    for (const [which, value] of short.entries()) {
      if (value !== 0xffffffff) continue;
      short[which] = large(directory, place);
      place += 8;
    }
  }
  const [size, packed, where] = short as [number, number, number];
  return { size, packed, at: where };
}

function large(data: DataView, at: number): number {
  const value = Number(data.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw new Malformed("package", "a size over 2^53");
  return value;
}

async function bytes(blob: Blob, at: number, size: number): Promise<Uint8Array> {
  if (at < 0 || at + size > blob.size) throw new Malformed("package", "cut short");
  return new Uint8Array(await blob.slice(at, at + size).arrayBuffer());
}

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(data: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of data) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}
