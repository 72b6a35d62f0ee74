/**
 * An opened package, made in this browser: the same files byte for byte, the keys of the parts shown,
 * the film, and who says so. Twin of src/accompany/client/opening.py, but for the draft certification,
 * which `accompany open` makes. A part that is withheld keeps its statement, receipt, proof and sealed
 * bytes: its key is not given, and its reason is.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { DoesNotHold } from "../errors";
import { Signer, Verifier } from "../evidence/notes";
import type { SegmentStatement } from "../evidence/statements";
import { AccompanyError } from "../errors";
import { sameBytes, utf8 } from "../evidence/text";
import { type PackageRead, identityIn, readPackage } from "../opened";
import { fileKeyOpener } from "../seal/age";
import { openWithFileKey } from "../verify/agefile";
import * as layout from "../verify/layout";
import { type FileKey, writeFilekeys, writeListing } from "../verify/listing";
import { crc32 } from "../verify/source";
import { bagFiles } from "./bag-files";
import { type CourtCopy, type Made, noCopy } from "./court-copy";
import { derivationOf } from "./derivation";
import { ZipWriter } from "./zip-writer";

const NOT_ARRIVED = "its bytes have not arrived";
const ABOUT = "opened package";

export interface Order {
  readonly sealed: Blob;
  /** any holder's */
  readonly identity: string;
  /** why, by the number of each part that is not shown */
  readonly withheld: ReadonlyMap<number, string>;
  /** the key that will sign, or null: one that is made for this package and thrown away */
  readonly signer: string | null;
  readonly now: number;
}

/** All but the signature: whoever has the key signs `text`, and `finish` makes the ZIP. */
export interface Disclosing {
  readonly text: string;
  readonly film: Blob;
  /** the film that any player plays, or null */
  readonly copy: Blob | null;
  readonly shown: number;
  finish(note: Uint8Array<ArrayBuffer>): Promise<Blob>;
}

/** A file of the package: its bytes, or where they lie. */
interface Filed {
  readonly content: Blob | Uint8Array<ArrayBuffer>;
  readonly sha256: Uint8Array;
  readonly crc: number;
}

const sizeOf = ({ content }: Filed): number => (content instanceof Blob ? content.size : content.length);

function filed(data: Uint8Array): Filed {
  return { content: new Uint8Array(data), sha256: sha256(data), crc: crc32(data) };
}

/** Bytes that come piece by piece, laid into Blobs: an hour of film need not lie in memory. */
class Gathered {
  private readonly blobs: Blob[] = [];
  private pieces: Uint8Array<ArrayBuffer>[] = [];
  private waiting = 0;
  private crc = 0;
  private readonly hash = sha256.create();

  add(data: Uint8Array): void {
    this.pieces.push(new Uint8Array(data));
    this.waiting += data.length;
    this.crc = crc32(data, this.crc);
    this.hash.update(data);
    if (this.waiting > 16 * 1024 * 1024) this.fold();
  }

  private fold(): void {
    this.blobs.push(new Blob(this.pieces));
    this.pieces = [];
    this.waiting = 0;
  }

  finished(type: string): Filed & { content: Blob } {
    this.fold();
    return { content: new Blob(this.blobs, { type }), sha256: this.hash.digest(), crc: this.crc };
  }
}

export async function filedBlob(content: Blob): Promise<Filed> {
  const [hash, step] = [sha256.create(), 4 * 1024 * 1024];
  let crc = 0;
  for (let at = 0; at < content.size; at += step) {
    const data = new Uint8Array(await content.slice(at, at + step).arrayBuffer());
    hash.update(data);
    crc = crc32(data, crc);
  }
  return { content, sha256: hash.digest(), crc };
}

/** A key that signs one package, by its own name. */
export function ownSigner(recording: string): Signer {
  return new Signer(`opener/${recording}`, ed25519.utils.randomSecretKey());
}

/** Returns what is to be signed and what remains to be done; throws where nothing can be shown. */
export async function disclose(
  order: Order & { signer: string; copied(film: Blob, mark: string): Promise<Made> },
  progress: (share: number) => void,
): Promise<Disclosing> {
  const { sealed, withheld, signer, now } = order;
  const read = await readPackage(sealed, []);
  const { opening, segments, chain } = read;
  const [identity, files] = [await identityIn(sealed, order.identity), new Map<string, Filed>()];
  const { keys, film } = await opened(read, withheld, identity, files, (share) => progress(0.7 * share));
  const path = layout.mediaPath(opening.media);
  const mark = `accompany/derived/v1 ${opening.recording} ${hex(film.sha256)}`;
  const made = opening.kind === "notes" ? noCopy("no film or sound") : await order.copied(film.content, mark);
  progress(0.9);
  const copy: (CourtCopy & Filed) | null = made.copy && { ...made.copy, ...(await filedBlob(made.copy.film)) };
  const added = new Map<string, Filed>([
    [layout.FILEKEYS, filed(writeFilekeys(keys))],
    [path, film],
    ...(copy === null ? [] : ([[layout.COURT_COPY, copy]] as const)),
  ]);
  const media = { path, size: film.content.size, sha256: film.sha256 };
  const said = derivationOf({ opening, chain, segments, keys, sealed, package: await filedBlob(sealed), media, copy, why: made.why, now });
  added.set(layout.DERIVATION, filed(said));
  const listing = {
    recording: opening.recording,
    last: chain.last,
    digest: chain.digest,
    time: now,
    files: new Map([...added].map(([name, { sha256: digest }]) => [name, digest] as const).sort(([one], [other]) => (one < other ? -1 : 1))),
    key: Verifier.parse(signer),
  };
  return {
    text: writeListing("opened.note", listing),
    film: film.content,
    copy: made.copy?.film ?? null,
    shown: keys.filter(({ key }) => key !== null).length,
    finish: async (note) => {
      added.set(layout.OPENED_NOTE, filed(note));
      const whole = await zipped(read, files, added, now);
      progress(1);
      return whole;
    },
  };
}

const hex = (data: Uint8Array): string => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Opens each part that is shown, once; `files` keeps what was read on the way. */
async function opened(
  { bag, opening, segments }: PackageRead,
  withheld: ReadonlyMap<number, string>,
  identity: string,
  files: Map<string, Filed>,
  progress: (share: number) => void,
): Promise<{ keys: FileKey[]; film: Filed & { content: Blob } }> {
  const fileKeyOf = fileKeyOpener(identity);
  const keys: FileKey[] = [];
  const film = new Gathered();
  for (const [at, segment] of segments.entries()) {
    const { number } = segment;
    const path = layout.segmentPath(number);
    const hidden = (reason: string): FileKey => ({ number, key: null, reason });
    if (!bag.has(path)) keys.push(hidden(NOT_ARRIVED));
    else {
      const data = await bag.read(path);
      // Passed on as it lies there: an hour of film in memory would be half a gigabyte.
      files.set(path, { content: await bag.part(path), sha256: sha256(data), crc: crc32(data) });
      const reason = withheld.get(number);
      if (reason !== undefined) keys.push(hidden(reason));
      else {
        const { key, why, plain } = await openOne(data, segment, fileKeyOf);
        keys.push(key === null ? hidden(why) : { number, key, reason: "" });
        film.add(plain);
      }
    }
    progress((at + 1) / segments.length);
  }
  const [first] = keys;
  if (first === undefined) throw new DoesNotHold("package", "parts to show", "none");
  if (first.key === null) throw new DoesNotHold(`part ${first.number}`, "the beginning of the film", first.reason);
  return { keys, film: film.finished(opening.media.split(";")[0] ?? "") };
}

interface OpenedOne {
  readonly key: Uint8Array | null;
  readonly why: string;
  readonly plain: Uint8Array;
}

/** A part that does not open is withheld, and says so; the others are not. */
async function openOne(
  data: Uint8Array,
  segment: SegmentStatement,
  fileKeyOf: (file: Uint8Array) => Promise<Uint8Array>,
): Promise<OpenedOne> {
  const none = (why: string): OpenedOne => ({ key: null, why, plain: new Uint8Array() });
  if (!sameBytes(sha256(data), segment.sha256)) return none("damaged: not the bytes that were stated");
  try {
    const key = await fileKeyOf(data);
    return { key, why: "", plain: openWithFileKey(data, key) };
  } catch (error) {
    if (error instanceof AccompanyError) return none("does not open");
    throw error;
  }
}

/** Tag files, what was there, what is added: a bag in a ZIP. */
async function zipped(
  { bag, opening }: PackageRead,
  read: ReadonlyMap<string, Filed>,
  added: ReadonlyMap<string, Filed>,
  now: number,
): Promise<Blob> {
  const payload = new Map<string, Filed>();
  for (const path of bag.names) {
    if (layout.BAG_FILES.includes(path)) continue;
    payload.set(path, read.get(path) ?? filed(await bag.read(path)));
  }
  for (const [path, one] of added) payload.set(path, one);
  const told = new Map([...payload].map(([path, one]) => [path, { size: sizeOf(one), sha256: one.sha256 }] as const));
  const zip = new ZipWriter();
  const put = (path: string, { content, crc }: Filed): void => zip.add(`${opening.recording}/${path}`, content, crc);
  for (const [path, text] of bagFiles(opening.recording, told, now, ABOUT)) put(path, filed(utf8(text)));
  for (const [path, one] of payload) put(path, one);
  return zip.finished();
}
