/**
 * An entry of a ZIP where it lies: its local header and data descriptor, compared with what the
 * directory says of it. Twin of the last part of src/accompany/evidence/unzipping.py.
 */

import { quoted, writeHex } from "../evidence/text";
import type { Findings } from "./findings";
import type { Source } from "./source";

const DESCRIPTOR = 8;

/** An entry as the directory has it; sizes in bytes. */
export interface Member {
  readonly name: string;
  readonly raw: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** Returns where the packed bytes begin, and whether their sizes are written with 8 bytes. */
export async function readLocal(
  source: Source,
  member: Member,
  findings: Findings,
): Promise<{ start: number; wide: boolean }> {
  const head = await source.read(member.offset, 30);
  if (head.length !== 30 || !startsWith(head, "PK\x03\x04")) {
    findings.add("zip-header", member.name, "a local header before it", quoted(head, 4));
    return { start: member.offset + 30 + member.raw.length, wide: false };
  }
  const view = viewOf(head);
  const [flags, method, nameSize, extraSize] = [6, 8, 26, 28].map((place) => view.getUint16(place, true)) as [
    number,
    number,
    number,
    number,
  ];
  const crc = view.getUint32(14, true);
  let [packed, size]: bigint[] = [BigInt(view.getUint32(18, true)), BigInt(view.getUint32(22, true))];
  const tail = await source.read(member.offset + 30, nameSize + extraSize);
  const [name, extra] = [tail.subarray(0, nameSize), tail.subarray(nameSize)];
  const wide = extra.length > 0;
  if (extra.length === 20 && startsWith(extra, "\x01\x00\x10\x00")) {
    const fields = viewOf(extra);
    [size, packed] = [fields.getBigUint64(4, true), fields.getBigUint64(12, true)];
  } else if (wide) {
    findings.add("zip-extra", member.name, "no field but ZIP64 sizes", `${extra.length} bytes`);
  }
  const later = flags & DESCRIPTOR && crc === 0 && packed === 0n && size === 0n;
  const sizes = later ? [0, 0, 0] : [member.crc, member.packed, member.size];
  const same =
    String.fromCharCode(...name) === String.fromCharCode(...member.raw) &&
    flags === member.flags &&
    method === member.method &&
    crc === sizes[0] &&
    packed === BigInt(sizes[1] ?? 0) &&
    size === BigInt(sizes[2] ?? 0);
  if (!same) {
    const expected = `flags ${member.flags.toString(16)}, method ${member.method}, ${member.size} bytes`;
    const shown = `flags ${flags.toString(16)}, method ${method}, ${size} bytes, called ${quoted(name)}`;
    findings.add("zip-header", member.name, expected, shown);
  }
  return { start: member.offset + 30 + nameSize + extraSize, wide };
}

/** Returns where the entry ends: behind its data descriptor, where it has one. */
export async function readDescriptor(
  source: Source,
  member: Member,
  at: number,
  wide: boolean,
  findings: Findings,
): Promise<number> {
  if (!(member.flags & DESCRIPTOR)) return at;
  const size = wide ? 24 : 16;
  const data = await source.read(at, size);
  if (data.length !== size || !startsWith(data, "PK\x07\x08")) {
    findings.add("zip-header", member.name, "a data descriptor behind it", quoted(data, 4));
    return at;
  }
  const view = viewOf(data);
  const [packed, unpacked] = wide
    ? [view.getBigUint64(8, true), view.getBigUint64(16, true)]
    : [BigInt(view.getUint32(8, true)), BigInt(view.getUint32(12, true))];
  const same = view.getUint32(4, true) === member.crc && packed === BigInt(member.packed) && unpacked === BigInt(member.size);
  if (!same) {
    const expected = `checksum ${hex8(member.crc)}, ${member.packed} of ${member.size} bytes`;
    findings.add("zip-header", member.name, expected, `descriptor ${writeHex(data.subarray(4))}`);
  }
  return at + size;
}

export function hex8(value: number): string {
  return value.toString(16).padStart(8, "0");
}

export function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

export function startsWith(data: Uint8Array, latin: string): boolean {
  for (let at = 0; at < latin.length; at++) if (data[at] !== latin.charCodeAt(at)) return false;
  return true;
}
