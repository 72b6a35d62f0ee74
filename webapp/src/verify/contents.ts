/**
 * The files of a bag as a verifier reads them, hashed on the way: twin of
 * src/accompany/evidence/contents.py. Files may be asked for ahead, so that reading, hashing and
 * signatures overlap; what is wrong with one is said when it is taken, in the order of the checks.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { DoesNotHold } from "../errors";
import { Unreadable } from "./archive";
import type { Findings } from "./findings";
import { BAG_FILES, type Kind, LIMITS, type Place, ofOpening, placeOf } from "./layout";

/** Where the files come from. Paths begin at the bag's folder. */
export interface Files {
  /** Each path and its size in bytes. */
  sizes(): ReadonlyMap<string, number>;
  /** Yields a file's bytes; throws DoesNotHold at the end if it is damaged, Unreadable at any point. */
  chunks(path: string): AsyncGenerator<Uint8Array>;
  /** Returns all of them, and what `chunks` would have thrown; none where they are Unreadable. */
  whole(path: string): Promise<{ data: Uint8Array; damage: DoesNotHold | null }>;
}

interface Loaded {
  readonly data: Uint8Array;
  readonly digest: Uint8Array;
  readonly damage: DoesNotHold | null;
}

const NOTHING = sha256(new Uint8Array());
/** Below this many bytes a call to the browser's own SHA-256 costs more than it saves. */
const SMALL = 4096;
/** Up to this many bytes a film is hashed in one piece, by the browser's own SHA-256. */
const IN_ONE = 32 * 1024 * 1024;

export async function digestOf(data: Uint8Array): Promise<Uint8Array> {
  if (data.length < SMALL) return sha256(data);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>));
}

/** A bag's files by path; `digests` grows as they are read. */
export class Contents {
  readonly digests = new Map<string, Uint8Array>();
  readonly unreadable = new Set<string>();
  readonly places = new Map<string, Place>();
  readonly sizes = new Map<string, number>();
  private readonly byKind = new Map<Kind, number[]>();
  private readonly held = new Map<string, Promise<Loaded>>();

  constructor(
    private readonly files: Files,
    private readonly findings: Findings,
    private readonly watch: (bytes: number) => void = () => undefined,
  ) {
    for (const [path, size] of files.sizes()) this.admit(path, size);
  }

  private admit(path: string, size: number): void {
    const place = placeOf(path);
    if (place === null) {
      this.findings.add("file-unknown", path, "no such file", `${size} bytes`);
      return;
    }
    if (size > LIMITS[place.kind]) {
      this.findings.add("file-size", path, `at most ${LIMITS[place.kind]}`, String(size));
      return;
    }
    this.places.set(path, place);
    this.sizes.set(path, size);
    const numbers = this.byKind.get(place.kind) ?? [];
    numbers.push(place.number);
    this.byKind.set(place.kind, numbers);
  }

  has(path: string): boolean {
    return this.places.has(path);
  }

  /** The numbers of the files of a kind, in order. */
  numbers(kind: Kind): number[] {
    return [...(this.byKind.get(kind) ?? [])].sort((one, other) => one - other);
  }

  ofKind(kind: Kind): string[] {
    return [...this.places].filter(([, place]) => place.kind === kind).map(([path]) => path).sort();
  }

  /** Whether it claims to be an opened package. */
  get opened(): boolean {
    return [...this.places.values()].some(ofOpening);
  }

  /** The paths under data/. */
  get payload(): string[] {
    return [...this.places.keys()].filter((path) => !BAG_FILES.includes(path));
  }

  /** Begins to read a file that will be asked for soon; nothing is said of it before it is. */
  ahead(path: string): Promise<Uint8Array> | null {
    if (!this.has(path)) return null;
    const held = this.held.get(path) ?? this.load(path);
    this.held.set(path, held);
    return held.then(({ data }) => data);
  }

  private async load(path: string): Promise<Loaded> {
    const { data, damage } = await this.files.whole(path);
    return { data, digest: this.digests.get(path) ?? (await digestOf(data)), damage };
  }

  /** Returns the bytes of a file, or null if there is none. Damage is a finding, not an error. */
  async read(path: string): Promise<Uint8Array | null> {
    if (!this.has(path)) return null;
    const loading = this.held.get(path) ?? this.load(path);
    this.held.delete(path);
    const { data, digest, damage } = await loading;
    this.watch(data.length);
    this.settle(path, digest, damage);
    return data;
  }

  private settle(path: string, digest: Uint8Array, damage: DoesNotHold | null): void {
    if (damage !== null) this.findings.add("zip-damaged", path, damage.expected, damage.found);
    if (damage instanceof Unreadable) this.unreadable.add(path);
    this.digests.set(path, digest);
  }

  /** Returns the bytes of a file; that there is none is a finding. */
  async need(path: string): Promise<Uint8Array | null> {
    const data = await this.read(path);
    if (data === null) this.findings.add("file-missing", path, "the file", "none");
    return data;
  }

  /** Reads a file of any size in flat memory, handing its pieces to `each`. */
  async stream(path: string, each: (piece: Uint8Array) => void = () => undefined): Promise<void> {
    const hash = sha256.create();
    let damage: DoesNotHold | null = null;
    try {
      for await (const piece of this.files.chunks(path)) {
        hash.update(piece);
        this.watch(piece.length);
        each(piece);
      }
    } catch (error) {
      if (!(error instanceof DoesNotHold)) throw error;
      damage = error;
    }
    this.settle(path, damage instanceof Unreadable ? NOTHING : hash.digest(), damage);
  }

  /** Reads what has not been read, so that every file under data/ has a digest. */
  async hashRest(paths: readonly string[] = this.payload): Promise<void> {
    for (const path of paths) {
      if (this.digests.has(path)) continue;
      if ((this.sizes.get(path) ?? 0) <= IN_ONE) await this.read(path);
      else await this.stream(path);
    }
  }
}
