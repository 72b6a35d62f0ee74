/** When an MP4 was made stands in its boxes: here it is taken out (ISO/IEC 14496-12, 8.2.2, 8.3.2, 8.4.2). */

const HOLDING = new Set(["moov", "trak", "mdia"]);
const TIMED = new Set(["mvhd", "tkhd", "mdhd"]);

/** Sets every time of creation and change to nothing, in place; returns the same bytes. */
export function withoutTimes(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  walk(view, 0, file.byteLength);
  return file;
}

function walk(view: DataView, start: number, end: number): void {
  for (let at = start; at + 8 <= end; ) {
    const short = view.getUint32(at);
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? end - at : short;
    if (size < 8 || at + size > end) return;
    const name = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
    if (HOLDING.has(name)) walk(view, at + 8, at + size);
    if (TIMED.has(name)) {
      const long = view.getUint8(at + 8) === 1;
      for (let byte = at + 12; byte < at + 12 + (long ? 16 : 8); byte++) view.setUint8(byte, 0);
    }
    at += size;
  }
}
