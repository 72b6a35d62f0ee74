import { describe, expect, test } from "vitest";
import type { Table } from "../../src/database";
import { KeptMarks } from "../../src/disclosure/kept-marks";
import { type Acts, marked, marksOf, removed, undone } from "../../src/disclosure/marks";
import { generateAgeKeys } from "../../src/seal/age";
import type { Store } from "../../src/store";

const ENCOUNTER = "e".repeat(32);
const MARK = { from: 1_795_291_200_500, to: 1_795_291_201_500, reason: "privileged: talk with counsel" };

/** What a browser keeps, by the rules of IndexedDB's own one table. */
class Drawer implements Table {
  readonly kept = new Map<IDBValidKey, unknown>();
  get = (key: IDBValidKey): Promise<unknown> => Promise.resolve(this.kept.get(key));
  keys = (): Promise<IDBValidKey[]> => Promise.resolve([...this.kept.keys()]);
  put = (key: IDBValidKey, value: unknown): Promise<void> => Promise.resolve(void this.kept.set(key, value));
  delete = (key: IDBValidKey): Promise<void> => Promise.resolve(void this.kept.delete(key));
}

const pageOn = (drawer: Table | null): KeptMarks => new KeptMarks(Promise.resolve(drawer));
const read = (store: Store<Acts | null>): Promise<Acts> =>
  new Promise((resolve) => {
    if (store.value !== null) return resolve(store.value);
    const unwatch = store.watch((acts) => (unwatch(), resolve(acts ?? [])));
  });

describe("what was marked", () => {
  test("is there when the page is opened again, with the acts that can be taken back", async () => {
    const [drawer, { identity }] = [new Drawer(), await generateAgeKeys()];
    const page = pageOn(drawer);
    const store = page.of(ENCOUNTER, identity);
    // Until it is known what is kept, it is not known that nothing is.
    expect(store.value).toBeNull();
    const acts = marked(await read(store), MARK);
    store.set(acts);
    store.set(removed(acts, 0));
    await page.written();
    const again = await read(pageOn(drawer).of(ENCOUNTER, identity));
    expect(marksOf(again)).toEqual([]);
    expect(marksOf(undone(again) ?? [])).toEqual([MARK]);
  });

  test("is sealed to the key of whoever marked, in a size that does not tell how much", async () => {
    const [drawer, one, other] = [new Drawer(), await generateAgeKeys(), await generateAgeKeys()];
    const page = pageOn(drawer);
    const store = page.of(ENCOUNTER, one.identity);
    store.set(marked(await read(store), MARK));
    await page.written();
    const first = String(drawer.kept.get(ENCOUNTER));
    expect(atob(first)).not.toContain("privileged");
    store.set(marked(store.value ?? [], { ...MARK, to: MARK.to + 1 }));
    await page.written();
    expect(String(drawer.kept.get(ENCOUNTER)).length).toBe(first.length);
    expect(marksOf(await read(pageOn(drawer).of(ENCOUNTER, other.identity)))).toEqual([]);
  });

  test("leaves nothing behind once every act was taken back, and counts where nothing can be kept", async () => {
    const [drawer, { identity }] = [new Drawer(), await generateAgeKeys()];
    const page = pageOn(drawer);
    const store = page.of(ENCOUNTER, identity);
    store.set(marked(await read(store), MARK));
    store.set(undone(store.value ?? []));
    await page.written();
    expect(drawer.kept.size).toBe(0);
    const nowhere = pageOn(null).of(ENCOUNTER, identity);
    nowhere.set(marked(await read(nowhere), MARK));
    expect(marksOf(nowhere.value ?? [])).toEqual([MARK]);
    drawer.kept.set(ENCOUNTER, "no age file");
    expect(marksOf(await read(pageOn(drawer).of(ENCOUNTER, identity)))).toEqual([]);
  });
});
