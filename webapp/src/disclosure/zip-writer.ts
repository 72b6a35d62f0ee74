/**
 * Writing a package's ZIP: stored, sizes before the bytes, ZIP64 where needed; what the bytes are, Blobs
 * hold. Twin of `Directory` in src/accompany/evidence/zipping.py (APPNOTE.TXT 6.3.10): no time, so that
 * two ZIPs of the same files are the same bytes.
 */

import { concat, utf8 } from "../evidence/text";

const [FULL16, FULL32] = [0xffff, 0xffffffff];
const UTF8 = 0x0800;
/** 1980-01-01, the first day of a ZIP. */
const DAY = 0x0021;
const FILE = 0o100644 * 0x10000;
const UNIX = 3 << 8;

type Field = readonly [bytes: 2 | 4 | 8, value: number];

function packed(...fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return data;
}

export class ZipWriter {
  private readonly parts: BlobPart[] = [];
  private readonly entries: Uint8Array[] = [];
  private length = 0;

  /** Adds a file whose bytes have this CRC-32. */
  add(name: string, content: Blob | Uint8Array<ArrayBuffer>, crc: number): void {
    const raw = utf8(name);
    const size = content instanceof Blob ? content.size : content.length;
    const wide = size >= FULL32;
    const extra = wide ? packed([2, 1], [2, 16], [8, size], [8, size]) : new Uint8Array();
    const shown = Math.min(size, FULL32);
    const head = packed(
      [4, 0x04034b50], [2, wide ? 45 : 20], [2, UTF8], [2, 0], [2, 0], [2, DAY], [4, crc],
      [4, shown], [4, shown], [2, raw.length], [2, extra.length],
    );
    this.entries.push(this.entry(raw, size, crc));
    this.parts.push(head, raw as Uint8Array<ArrayBuffer>, extra, content);
    this.length += head.length + raw.length + extra.length + size;
  }

  private entry(raw: Uint8Array, size: number, crc: number): Uint8Array {
    const wide = [size, size, this.length].filter((value) => value >= FULL32);
    const extra = wide.length > 0 ? packed([2, 1], [2, 8 * wide.length], ...wide.map((value): Field => [8, value])) : new Uint8Array();
    const version = wide.length > 0 ? 45 : 20;
    const shown = Math.min(size, FULL32);
    const head = packed(
      [4, 0x02014b50], [2, version | UNIX], [2, version], [2, UTF8], [2, 0], [2, 0], [2, DAY], [4, crc],
      [4, shown], [4, shown], [2, raw.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, FILE],
      [4, Math.min(this.length, FULL32)],
    );
    return concat(head, raw, extra);
  }

  /** Returns the whole ZIP. */
  finished(): Blob {
    const directory = concat(...this.entries);
    const [count, size, at] = [this.entries.length, directory.length, this.length];
    const large = count >= FULL16 || size >= FULL32 || at >= FULL32;
    const wide = large
      ? [
          packed([4, 0x06064b50], [8, 44], [2, 45 | UNIX], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, at]),
          packed([4, 0x07064b50], [4, 0], [8, at + size], [4, 1]),
        ]
      : [];
    const shown = Math.min(count, FULL16);
    const end = packed(
      [4, 0x06054b50], [2, 0], [2, 0], [2, shown], [2, shown], [4, Math.min(size, FULL32)], [4, Math.min(at, FULL32)], [2, 0],
    );
    return new Blob([...this.parts, directory, ...wide, end], { type: "application/zip" });
  }
}
