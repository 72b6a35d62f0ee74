/**
 * Reading a package's ZIP, strictly: no two programs may see two different packages in one file.
 * Twin of src/accompany/evidence/unzipping.py: what belongs to no entry, directory or end record is
 * a finding, and so is a name, a kind of entry or a field that no package has. What has no readable
 * directory is no ZIP (NotAZip). Source: APPNOTE.TXT 6.3.10. Not here: what the files are (contents).
 */

import { AccompanyError, DoesNotHold } from "../errors";
import { concat, quoted } from "../evidence/text";
import { type Member, hex8, readDescriptor, readLocal, startsWith, viewOf } from "./entry";
import type { Findings } from "./findings";
import { type Source, crc32 } from "./source";

const PIECE = 1024 * 1024;
const DIRECTORY_LIMIT = 256 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;
const [ENCRYPTED, DESCRIPTOR, UTF8, DEFLATE_OPTIONS] = [1, 8, 1 << 11, 6];
const [BOMB_RATIO, BOMB_SIZE] = [200, 1024 * 1024];
const [FULL16, FULL32] = [0xffff, 0xffffffff];
const WIDEST = 2n ** 52n;
const NAME = /^[^\x00-\x1f\x7f\\:]{1,400}$/u;

/** No ZIP, or none whose directory can be read. */
export class NotAZip extends AccompanyError {
  override name = "NotAZip";
}

/** A file that cannot be unpacked to what its directory says: it counts as if it were empty. */
export class Unreadable extends DoesNotHold {
  override name = "Unreadable";
}

/** The entries of a ZIP, by name; `chunks` reads one. */
export class Archive {
  readonly members = new Map<string, Member>();
  readonly starts = new Map<string, number>();

  constructor(private readonly source: Source) {}

  /** Yields the bytes of an entry in pieces; throws DoesNotHold at the end, Unreadable at any point. */
  async *chunks(name: string): AsyncGenerator<Uint8Array> {
    const member = this.members.get(name);
    const start = this.starts.get(name);
    if (member === undefined || start === undefined) throw new DoesNotHold(name, "an entry", "none");
    let [crc, size] = [0, 0];
    for await (const piece of this.unpacked(member, start)) {
      size += piece.length;
      if (size > member.size) throw unreadable(member);
      crc = crc32(piece, crc);
      yield piece;
    }
    if (size !== member.size) throw unreadable(member);
    if (crc !== member.crc) throw damaged(member, crc);
  }

  /** Returns all bytes of an entry, and what is wrong with them, as `chunks` would throw it. */
  async whole(name: string): Promise<{ data: Uint8Array; damage: DoesNotHold | null }> {
    const [member, start] = [this.members.get(name), this.starts.get(name)];
    if (member?.method === STORED && start !== undefined && member.packed === member.size) {
      const data = await this.source.read(start, member.packed);
      if (data.length !== member.size) return { data: new Uint8Array(), damage: unreadable(member) };
      const crc = crc32(data);
      return { data, damage: crc === member.crc ? null : damaged(member, crc) };
    }
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of this.chunks(name)) pieces.push(piece);
    } catch (error) {
      if (error instanceof Unreadable) return { data: new Uint8Array(), damage: error };
      if (error instanceof DoesNotHold) return { data: concat(...pieces), damage: error };
      throw error;
    }
    return { data: concat(...pieces), damage: null };
  }

  /** Returns an entry as a Blob of a media type: a slice of the ZIP, `file`, where it is stored. */
  async blob(name: string, file: Blob, type: string): Promise<Blob> {
    const [member, start] = [this.members.get(name), this.starts.get(name)];
    if (member?.method === STORED && start !== undefined) return file.slice(start, start + member.packed, type);
    const pieces: BlobPart[] = [];
    for await (const piece of this.chunks(name)) pieces.push(piece as Uint8Array<ArrayBuffer>);
    return new Blob(pieces, { type });
  }

  private async *packed(member: Member, start: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const end = start + member.packed;
    for (let at = start; at < end; at += PIECE) {
      yield (await this.source.read(at, Math.min(PIECE, end - at))) as Uint8Array<ArrayBuffer>;
    }
  }

  private async *unpacked(member: Member, start: number): AsyncGenerator<Uint8Array> {
    if (member.method === STORED) return yield* this.packed(member, start);
    if (member.method !== DEFLATED) throw unreadable(member);
    const inflated = streamOf(this.packed(member, start)).pipeThrough(new DecompressionStream("deflate-raw"));
    const reader = inflated.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch {
      throw unreadable(member);
    } finally {
      // A bomb is left where it stands.
      reader.cancel().catch(() => undefined);
    }
  }
}

function unreadable({ name, size }: Member): Unreadable {
  return new Unreadable(name, `${size} bytes, packed as the ZIP says`, "something else");
}

function damaged({ name, crc }: Member, found: number): DoesNotHold {
  return new DoesNotHold(name, `checksum ${hex8(crc)}`, hex8(found));
}

function streamOf(pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value.slice());
    },
  });
}

/** Returns the entries of a ZIP; what no package has goes to `findings`. Those that overlap are left out. */
export async function readArchive(source: Source, findings: Findings): Promise<Archive> {
  const end = await readEnd(source, findings);
  const listed = await readDirectory(source, end, findings);
  if (listed.length !== end.count) {
    findings.add("zip-header", "", `${end.count} entries`, String(listed.length));
  }
  const archive = new Archive(source);
  const twins = new Map<string, string>();
  for await (const [member, start] of placed(source, listed, end.directory, findings)) {
    const twin = folded(member.name);
    const other = twins.get(twin);
    if (other !== undefined) findings.add("zip-twin", member.name, "each name once", other);
    else twins.set(twin, member.name);
    if (archive.members.has(member.name)) continue;
    archive.members.set(member.name, member);
    archive.starts.set(member.name, start);
  }
  return archive;
}

/** What a name is to a computer that minds neither case nor Unicode form. */
function folded(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

interface End {
  readonly count: number;
  readonly directory: number;
  readonly size: number;
}

async function readEnd(source: Source, findings: Findings): Promise<End> {
  const from = Math.max(0, source.size - 22 - FULL16);
  const tail = await source.read(from, 22 + FULL16);
  const at = lastEnd(tail);
  if (at < 0) throw new NotAZip("expected a ZIP's end record, found none");
  const position = from + at;
  const record = viewOf(tail.subarray(at, at + 22));
  const [disk, first, here, count] = [4, 6, 8, 10].map((place) => record.getUint16(place, true)) as Four;
  const [size, directory] = [record.getUint32(12, true), record.getUint32(16, true)];
  const comment = record.getUint16(20, true);
  if (source.size !== position + 22) {
    const found = `${source.size - position - 22} bytes more`;
    findings.add("zip-stray-bytes", "", "nothing after the ZIP's end record", found);
  }
  if (comment) findings.add("zip-extra", "", "no comment", `one of ${comment} bytes`);
  let [end, stop]: [End, number] = [{ count, directory, size }, position];
  const locator = position >= 20 ? await source.read(position - 20, 20) : new Uint8Array();
  if (startsWith(locator, "PK\x06\x07")) {
    const where = viewOf(locator).getBigUint64(8, true);
    end = await readEnd64(source, where);
    stop = Number(where);
    const narrow = [
      [count, end.count, FULL16],
      [size, end.size, FULL32],
    ] as const;
    if (narrow.some(([old, fresh, full]) => old !== fresh && old !== full)) {
      findings.add("zip-header", "", `${end.count} entries in both end records`, String(count));
    }
  } else if (count === FULL16 || size === FULL32 || directory === FULL32) {
    throw new NotAZip("expected a ZIP64 end record, found none");
  }
  if (disk !== 0 || first !== 0 || here !== count) {
    findings.add("zip-header", "", "a ZIP in one piece", `disk ${disk} of ${first}`);
  }
  if (end.directory + end.size > stop || end.size > DIRECTORY_LIMIT) {
    throw new NotAZip(`expected a directory of ${end.size} bytes before byte ${stop}`);
  }
  if (end.directory + end.size < stop) {
    const found = `${stop - end.directory - end.size} bytes`;
    findings.add("zip-stray-bytes", "", "nothing between directory and end record", found);
  }
  return end;
}

type Four = [number, number, number, number];

function lastEnd(tail: Uint8Array): number {
  for (let at = tail.length - 22; at >= 0; at--) {
    if (startsWith(tail.subarray(at, at + 4), "PK\x05\x06")) return at;
  }
  return -1;
}

async function readEnd64(source: Source, at: bigint): Promise<End> {
  const record = at < WIDEST ? await source.read(Number(at), 56) : new Uint8Array();
  if (record.length !== 56 || !startsWith(record, "PK\x06\x06")) {
    throw new NotAZip("expected a ZIP64 end record where its locator points");
  }
  const view = viewOf(record);
  const length = view.getBigUint64(4, true);
  if (length !== 44n) throw new NotAZip(`expected a ZIP64 end record of 44 bytes, found ${length}`);
  const [count, size, directory] = narrowed([32, 40, 48].map((place) => view.getBigUint64(place, true)));
  return { count: count ?? 0, size: size ?? 0, directory: directory ?? 0 };
}

function narrowed(wide: readonly bigint[]): number[] {
  if (wide.some((value) => value >= WIDEST)) throw new NotAZip("expected sizes under 2^52 bytes");
  return wide.map(Number);
}

async function readDirectory(source: Source, end: End, findings: Findings): Promise<Member[]> {
  const data = await source.read(end.directory, end.size);
  const view = viewOf(data);
  const members: Member[] = [];
  for (let at = 0; at < data.length; ) {
    if (data.length - at < 46 || view.getUint32(at, true) !== 0x02014b50) {
      throw new NotAZip(`expected a directory entry at byte ${end.directory + at}`);
    }
    const [nameSize, extraSize, commentSize, disk] = [28, 30, 32, 34].map((place) =>
      view.getUint16(at + place, true),
    ) as Four;
    const nameAt = at + 46;
    const next = nameAt + nameSize + extraSize + commentSize;
    if (next > data.length) throw new NotAZip("expected a whole directory, found one that is cut");
    const raw = data.slice(nameAt, nameAt + nameSize);
    const flags = view.getUint16(at + 8, true);
    const name = readName(raw, flags, findings);
    const narrow = [24, 20, 42].map((place) => view.getUint32(at + place, true));
    const extra = data.subarray(nameAt + nameSize, nameAt + nameSize + extraSize);
    const [size, packed, offset] = readZip64(extra, narrow, name, findings) as [number, number, number];
    if (commentSize || disk) {
      findings.add("zip-extra", name, "no comment, one disk", `${commentSize} bytes, ${disk}`);
    }
    const method = view.getUint16(at + 10, true);
    const crc = view.getUint32(at + 16, true);
    const member = { name, raw, flags, method, crc, packed, size, offset };
    checkKind(member, view.getUint16(at + 4, true) >> 8, view.getUint32(at + 38, true), findings);
    members.push(member);
    at = next;
  }
  return members;
}

function readName(raw: Uint8Array, flags: number, findings: Findings): string {
  const name = decodeName(raw, flags);
  if (name === null) {
    const latin = Array.from(raw, (byte) => String.fromCharCode(byte)).join("");
    findings.add("zip-name", latin, "ASCII or UTF-8", quoted(raw));
    return latin;
  }
  const leading = name.split("/").some((part) => part === "" || part === "." || part === "..");
  if (!NAME.test(name) || leading) {
    findings.add("zip-name", name, "a plain path inside the package", quoted(name));
  }
  return name;
}

function decodeName(raw: Uint8Array, flags: number): string | null {
  if (!(flags & UTF8) && raw.some((byte) => byte > 0x7f)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return null;
  }
}

/** Returns size, packed size and offset, from a ZIP64 field where they stand there; only it may be. */
function readZip64(extra: Uint8Array, narrow: number[], name: string, findings: Findings): number[] {
  if (extra.length === 0) return narrow;
  const view = viewOf(extra);
  const [kind, length] = extra.length >= 4 ? [view.getUint16(0, true), view.getUint16(2, true)] : [0, 0];
  const missing = narrow.filter((value) => value === FULL32).length;
  if (kind !== 1 || length !== extra.length - 4 || length !== 8 * missing) {
    findings.add("zip-extra", name, "no field but ZIP64 sizes", `${extra.length} bytes`);
    return narrow;
  }
  let at = 4;
  const wide = narrow.map((value) => {
    if (value !== FULL32) return BigInt(value);
    at += 8;
    return view.getBigUint64(at - 8, true);
  });
  return narrowed(wide);
}

function checkKind(member: Member, system: number, external: number, findings: Findings): void {
  const { name, method, flags, size, packed } = member;
  const mode = external >>> 16;
  if (![0, 0o10].includes(mode >> 12) || external & 0x10 || name.endsWith("/")) {
    findings.add("zip-kind", name, "a regular file", `mode ${mode.toString(8)} (system ${system})`);
  }
  const allowed = DESCRIPTOR | UTF8 | (method === DEFLATED ? DEFLATE_OPTIONS : 0);
  if (![STORED, DEFLATED].includes(method) || flags & ~allowed) {
    const encrypted = flags & ENCRYPTED ? " (encrypted)" : "";
    findings.add("zip-packing", name, "stored or deflated", `method ${method}, flags ${flags.toString(16)}${encrypted}`);
  }
  if (method === STORED && packed !== size) findings.add("zip-header", name, `${size} bytes`, String(packed));
  if (size > Math.max(BOMB_SIZE, packed * BOMB_RATIO)) {
    findings.add("zip-bomb", name, `at most ${BOMB_RATIO} to 1`, `${size} bytes from ${packed}`);
  }
}

/** Yields the members that lie one behind the other, and where their packed bytes begin. */
async function* placed(
  source: Source,
  members: readonly Member[],
  directory: number,
  findings: Findings,
): AsyncGenerator<[Member, number]> {
  let at = 0;
  for (const member of [...members].sort((one, other) => one.offset - other.offset)) {
    const { name, offset, packed } = member;
    const over = (end: number) =>
      findings.add("zip-overlap", name, `to end before byte ${directory}`, `byte ${end}`);
    if (offset < at) {
      // Left out, so that a bomb of overlapping entries is never unpacked.
      findings.add("zip-overlap", name, `to begin at byte ${at}`, `byte ${offset}`);
      continue;
    }
    if (offset + packed > directory) {
      over(offset + packed);
      continue;
    }
    if (offset > at) findings.add("zip-stray-bytes", name, "nothing before this entry", `${offset - at} bytes`);
    const { start, wide } = await readLocal(source, member, findings);
    const end = await readDescriptor(source, member, start + packed, wide, findings);
    if (end > directory) {
      over(end);
      continue;
    }
    at = end;
    yield [member, start];
  }
  if (at !== directory) {
    const found = `${directory - at} bytes`;
    findings.add("zip-stray-bytes", "", "nothing between the entries and the directory", found);
  }
}
