/**
 * Marks of an encounter, kept in this browser with the acts that can be taken back: sealed to the key of
 * whoever marks, in sizes that do not tell how many. Where the privileged talk was is itself something
 * to keep. Not here: what marks leave out (marks).
 */

import { openPaper, sealPaper } from "../attorney/sealed-papers";
import type { Table } from "../database";
import { AccompanyError } from "../errors";
import { recipientOf } from "../seal/age";
import { BrokenMessage, count, list, record, string } from "../shape";
import { Store } from "../store";
import { type Acts, type Mark, NOTHING } from "./marks";

export const DATABASE = "accompany-marks";
/** So many acts can be taken back after the page was closed. */
const ACTS = 40;

const readActs = record<{ acts: Mark[][] }>({
  acts: list(list(record<Mark>({ from: count, to: count, reason: string }))),
});

export class KeptMarks {
  readonly #table: Promise<Table | null>;
  /** by encounter: film and sound leave out the same; null until what is kept was read */
  readonly #stores = new Map<string, Store<Acts | null>>();
  #writing: Promise<void> = Promise.resolve();

  constructor(table: Promise<Table | null>) {
    this.#table = table;
  }

  /** What was marked in `encounter`; null while it is read. What is set is kept. */
  of(encounter: string, identity: string): Store<Acts | null> {
    const known = this.#stores.get(encounter);
    if (known !== undefined) return known;
    const store = new Store<Acts | null>(null);
    this.#stores.set(encounter, store);
    void this.#read(encounter, identity).then((acts) => {
      store.set(acts);
      store.watch((next) => this.#keep(encounter, identity, next ?? NOTHING));
    });
    return store;
  }

  /** Resolves once everything marked so far is kept, or could not be. */
  written(): Promise<void> {
    return this.#writing;
  }

  async #read(encounter: string, identity: string): Promise<Acts> {
    try {
      const kept = await (await this.#table)?.get(encounter);
      if (typeof kept !== "string") return NOTHING;
      const { acts } = readActs(await openPaper(kept, identity), "marks");
      return acts.length > 0 ? acts : NOTHING;
    } catch (error) {
      // Another key's, damaged, or a browser that keeps nothing: marking begins anew.
      if (!(error instanceof AccompanyError || error instanceof BrokenMessage || error instanceof DOMException)) throw error;
      return NOTHING;
    }
  }

  #keep(encounter: string, identity: string, acts: Acts): void {
    this.#writing = this.#writing
      .then(async () => {
        const table = await this.#table;
        if (acts.length === 1 && acts[0]?.length === 0) return table?.delete(encounter);
        const sealed = await sealPaper({ acts: acts.slice(-ACTS) }, await recipientOf(identity));
        return table?.put(encounter, sealed);
      })
      // They count on this page all the same; a browser may keep nothing.
      .catch(() => undefined);
  }
}
