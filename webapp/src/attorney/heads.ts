/**
 * The heads that phones stated in calls, kept in this browser: number and digest of every statement
 * heard. They are the attorney's own memory, against which a package is compared later; the server
 * cannot touch them. Nothing of what was said or seen is kept here.
 */

import type { Head } from "../contracts";

const DATABASE = "accompany-heads";
const STORE = "heads";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= (() => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: ["recording", "number"] });
    return done(request);
  })();
  return opened;
}

/** Keeps the first digest heard for a number: a later one that differs must not wipe it out. */
export async function keepHead({ recording, number, digest }: Head): Promise<void> {
  const store = (await database()).transaction(STORE, "readwrite").objectStore(STORE);
  const held: unknown = await done(store.get([recording, number]));
  if (held === undefined) await done(store.add({ recording, number, digest }));
}

/** What was heard of a recording, by rising number. */
export async function headsOf(recording: string): Promise<Head[]> {
  const store = (await database()).transaction(STORE, "readonly").objectStore(STORE);
  const range = IDBKeyRange.bound([recording, 0], [recording, Number.MAX_SAFE_INTEGER]);
  return done(store.getAll(range)) as Promise<Head[]>;
}

export type Comparison =
  /** nothing was heard of this recording */
  | { is: "none" }
  /** up to statement `upTo` the package is what was heard; `after` more statements follow it */
  | { is: "match"; upTo: number; after: number }
  /** the phone stated `more` than the package holds */
  | { is: "beyond"; more: number }
  /** a statement was heard with another digest: something was altered */
  | { is: "differ" };

/**
 * Compares what was heard with a package that ends at statement `last`. One statement is enough, since
 * each binds the one before it: the newest that both have. `digestAt` is the package's side.
 */
export async function compareHeads(
  held: readonly Head[],
  last: number,
  digestAt: (number: number) => Promise<string>,
): Promise<Comparison> {
  const newest = held.at(-1);
  if (!newest) return { is: "none" };
  const common = held.findLast(({ number }) => number <= last);
  if (common && (await digestAt(common.number)) !== common.digest) return { is: "differ" };
  if (newest.number > last) return { is: "beyond", more: newest.number - last };
  return { is: "match", upTo: newest.number, after: last - newest.number };
}
