/** A caller's own key: what comes from the sheet, what lies on the phone, how batches are claimed. */

import { sha256 } from "@noble/hashes/sha2.js";
import { beforeEach, expect, test, vi } from "vitest";
import { readBase64, writeBase64, writeHex } from "../../src/evidence/text";
import { locatorOf } from "../../src/opening";
import { findAll, hold, newSecret, refill, settle, take } from "../../src/own/enrolment";
import { BATCH, ownKeyOf, placeAt, secretAt, tokenAt } from "../../src/own/key";
import { forgetOwn, keptOwn, letsIn, placesLeft, takeOwn } from "../../src/own/kept";

/** The server's pool, and what is filed under which locator. */
class Server {
  readonly pool = new Set<string>();
  readonly filed = new Map<string, object>();
  asked = 0;
  away = false;
  /** while it takes its time: what happens on the phone meanwhile */
  meanwhile: (() => Promise<void> | void) | null = null;

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (this.away) throw new TypeError("no line");
    this.asked += 1;
    const [act] = [this.meanwhile, (this.meanwhile = null)];
    await act?.();
    const body = JSON.parse(String(init.body)) as { digests?: string[]; secrets?: string[] };
    if (path === "/api/tokens") {
      const digests = body.digests ?? [];
      if (digests.some((one) => this.pool.has(one))) return new Response("{}", { status: 422 });
      for (const one of digests) this.pool.add(one);
      return new Response(null, { status: 204 });
    }
    const found = (body.secrets ?? []).map((one) => this.filed.get(locatorOf(readBase64(one, 32))) ?? null);
    return found.some(Boolean) ? Response.json(found) : new Response("{}", { status: 404 });
  };
}

let server: Server;
const stored = new Map<string, string>();

beforeEach(() => {
  stored.clear();
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  const storage = {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void (stored.set(name, value), ((storage as never)[name] = value as never)),
    removeItem: (name: string) => void (stored.delete(name), delete (storage as Record<string, unknown>)[name]),
  };
  for (const name of ["getItem", "setItem", "removeItem"]) Object.defineProperty(storage, name, { enumerable: false });
  vi.stubGlobal("localStorage", storage);
});

const GUEST = { guest_code: "ABCD-EFGH" };
const digestAt = (secret: Uint8Array, number: number): string =>
  writeHex(sha256(tokenAt(ownKeyOf(secret), number)));

function file(secret: Uint8Array, number: number, pressed: string): void {
  const filed = { encounter: `e${number}`, pressed, ended: null, state: "TX", attorney: null, callback: null, recordings: [] };
  server.filed.set(placeAt(ownKeyOf(secret), number).locator, filed);
}

test("the same sheet is the same key, and nothing of one use tells of another", () => {
  const secret = newSecret();
  const key = ownKeyOf(secret);
  expect(ownKeyOf(secret)).toEqual(key);
  expect(key.identity).toMatch(/^AGE-SECRET-KEY-PQ-1/);
  const all = [key.seed, tokenAt(key, 0), tokenAt(key, 1), secretAt(key, 0), secretAt(key, 1)].map(writeBase64);
  expect(new Set(all).size).toBe(all.length);
  expect(placeAt(key, 5).locator).toBe(locatorOf(secretAt(key, 5)));
});

test("a phone keeps what a press needs, and nothing that opens or finds a recording", async () => {
  const secret = newSecret();
  await take(secret, null, GUEST);
  expect(placesLeft()).toBe(BATCH);
  expect([...server.pool].sort()).toEqual(Array.from({ length: BATCH }, (_, at) => digestAt(secret, at)).sort());
  const key = ownKeyOf(secret);
  const lying = [...stored.values()].join("\n");
  expect(lying).not.toContain(key.identity);
  expect(lying).not.toContain(writeBase64(key.seed));
  expect(lying).not.toContain(writeBase64(secret));
  for (let number = 0; number < BATCH; number++) expect(lying).not.toContain(writeBase64(secretAt(key, number)));
});

test("a place is taken once, and when none is left the recording is still granted to the key", async () => {
  await take(newSecret(), null, GUEST);
  const taken = Array.from({ length: BATCH }, () => takeOwn()?.place?.locator);
  expect(new Set(taken).size).toBe(BATCH);
  expect(taken).not.toContain(undefined);
  expect([...stored.keys()]).toEqual(["accompany.own"]);
  expect(takeOwn()).toEqual({ recipient: keptOwn()?.recipient, place: null });
  forgetOwn();
  expect(takeOwn()).toBeNull();
  expect(stored.size).toBe(0);
});

test("a second phone of one key claims another batch, so that no place is used twice", async () => {
  const secret = newSecret();
  await take(secret, null, GUEST);
  stored.clear();
  for (const name of Object.keys(localStorage)) delete (localStorage as Record<string, unknown>)[name];
  await take(secret, null, GUEST);
  expect(keptOwn()?.batch).toBe(2);
  expect(takeOwn()?.place).toEqual(placeAt(ownKeyOf(secret), BATCH));
});

test("what could not be handed in without a line is handed in later, unless some were used", async () => {
  const secret = newSecret();
  server.away = true;
  await take(secret, null, GUEST);
  expect([placesLeft(), keptOwn()?.owed, letsIn()]).toEqual([BATCH, 0, false]);
  await settle(GUEST).catch(() => undefined);
  expect(keptOwn()?.owed).toBe(0);
  server.away = false;
  await settle(GUEST);
  expect([server.pool.size, keptOwn()?.owed, letsIn()]).toEqual([BATCH, null, true]);
});

test("a key that is forgotten while its places are claimed stays forgotten", async () => {
  const secret = newSecret();
  await hold(secret, null);
  server.meanwhile = forgetOwn;
  await refill(ownKeyOf(secret), GUEST, -1);
  expect([keptOwn(), stored.size]).toEqual([null, 0]);
  server.away = true;
  await take(secret, null, GUEST);
  server.away = false;
  server.meanwhile = forgetOwn;
  await settle(GUEST);
  expect([keptOwn(), stored.size]).toEqual([null, 0]);
});

test("a lock that is made while places are claimed stays", async () => {
  const secret = newSecret();
  const lock = { passkey: "p", sealed: new Uint8Array([1]) };
  await hold(secret, null);
  server.meanwhile = () => hold(secret, lock);
  await refill(ownKeyOf(secret), GUEST, -1);
  expect(keptOwn()).toMatchObject({ passkey: "p", sealed: writeBase64(lock.sealed), batch: 1, owed: null });
  expect(placesLeft()).toBe(BATCH);
});

test("two that claim at once claim two batches, and neither is counted away", async () => {
  const secret = newSecret();
  await hold(secret, null);
  const key = ownKeyOf(secret);
  await Promise.all([refill(key, GUEST, -1), refill(key, GUEST, -1)]);
  expect([placesLeft(), keptOwn()?.batch]).toEqual([2 * BATCH, 2]);
});

test("a key brought from paper uses no place again, though the server has forgotten its tokens", async () => {
  const secret = newSecret();
  await hold(secret, null);
  expect([placesLeft(), letsIn()]).toEqual([0, false]);
  // A whole batch spent: nothing of it is in the pool any more, only what was filed.
  file(secret, 7, "2026-01-03T00:00:00.000Z");
  const [newest] = await findAll(ownKeyOf(secret));
  await refill(ownKeyOf(secret), GUEST, Math.floor((newest?.place ?? -1) / BATCH));
  expect(takeOwn()?.place).toEqual(placeAt(ownKeyOf(secret), BATCH));
});

test("recordings are found newest first, and a few left make the phone claim a batch more", async () => {
  const secret = newSecret();
  const key = ownKeyOf(secret);
  await take(secret, null, GUEST);
  file(secret, 3, "2026-01-03T00:00:00.000Z");
  file(secret, 2 * BATCH + 1, "2026-01-09T00:00:00.000Z");
  expect((await findAll(key)).map(({ place }) => place)).toEqual([2 * BATCH + 1, 3]);
  await refill(key, GUEST, 2);
  expect([placesLeft(), keptOwn()?.batch]).toEqual([BATCH, 3]);
  for (let used = 0; used <= BATCH / 2; used++) takeOwn();
  await refill(key, GUEST, 2);
  expect([placesLeft(), keptOwn()?.batch]).toEqual([BATCH / 2 - 1 + BATCH, 4]);
  expect(server.pool.has(digestAt(secret, 3 * BATCH))).toBe(true);
});

test("looking for recordings ends where there are none", async () => {
  const key = ownKeyOf(newSecret());
  expect(await findAll(key)).toEqual([]);
  expect(server.asked).toBe(4);
});
