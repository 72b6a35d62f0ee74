/**
 * Reading a large file in pieces: blocks of four MiB from slices of a Blob, the next one already on
 * its way and the last few kept, so that thousands of small entries cost a handful of reads and an
 * hour of film no memory.
 */

const BLOCK = 4 * 1024 * 1024;
/** Five files are read side by side: statements, receipts, proofs, segments, and their next blocks. */
const KEPT = 10;

export class Source {
  private readonly blocks = new Map<number, Promise<Uint8Array>>();

  constructor(private readonly blob: Blob) {}

  get size(): number {
    return this.blob.size;
  }

  /** Returns up to `size` bytes from `at`; fewer where the file ends. May share memory with others. */
  async read(at: number, size: number): Promise<Uint8Array> {
    const end = Math.min(at + size, this.blob.size);
    if (end <= at) return new Uint8Array();
    const [first, last] = [Math.floor(at / BLOCK), Math.floor((end - 1) / BLOCK)];
    if (first === last) return (await this.block(first)).subarray(at - first * BLOCK, end - first * BLOCK);
    if (last - first > 2) return new Uint8Array(await this.blob.slice(at, end).arrayBuffer());
    const whole = new Uint8Array(end - at);
    for (let number = first; number <= last; number++) {
      const start = number * BLOCK;
      const block = await this.block(number);
      whole.set(block.subarray(Math.max(0, at - start), end - start), Math.max(0, start - at));
    }
    return whole;
  }

  private block(number: number): Promise<Uint8Array> {
    const known = this.blocks.get(number);
    this.blocks.delete(number);
    const block = known ?? this.fetch(number);
    this.blocks.set(number, block);
    if (known === undefined) this.begin(number + 1);
    while (this.blocks.size > KEPT) this.blocks.delete(this.blocks.keys().next().value ?? -1);
    return block;
  }

  /** Begins to read a block that is likely to be asked for next. */
  private begin(number: number): void {
    if (number * BLOCK >= this.blob.size || this.blocks.has(number)) return;
    const block = this.fetch(number);
    // Who asks for it hears of the error; until then it is nobody's.
    block.catch(() => undefined);
    this.blocks.set(number, block);
  }

  private async fetch(number: number): Promise<Uint8Array> {
    return new Uint8Array(await this.blob.slice(number * BLOCK, (number + 1) * BLOCK).arrayBuffer());
  }
}

// Eight tables: eight bytes a step. Table n is a byte followed by n zeros.
const TABLES = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let step = 0; step < 8; step++) {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    (TABLES[step] as Uint32Array)[byte] = value;
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array,
];

/** Returns the CRC-32 of what had `before`, and then `data`; 0 for nothing yet. */
export function crc32(data: Uint8Array, before = 0): number {
  let value = ~before;
  let at = 0;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (const end = data.length - 7; at < end; at += 8) {
    const low = value ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    value =
      (T7[low & 255] as number) ^
      (T6[(low >>> 8) & 255] as number) ^
      (T5[(low >>> 16) & 255] as number) ^
      (T4[low >>> 24] as number) ^
      (T3[high & 255] as number) ^
      (T2[(high >>> 8) & 255] as number) ^
      (T1[(high >>> 16) & 255] as number) ^
      (T0[high >>> 24] as number);
  }
  for (; at < data.length; at++) value = (value >>> 8) ^ (T0[(value ^ (data[at] as number)) & 255] as number);
  return ~value >>> 0;
}
