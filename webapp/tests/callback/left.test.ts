/** Leaving a number: sealed to who may call, kept sealed until it was taken, changed, taken back. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { forgetCallback, keepCallback, keptCallbacks } from "../../src/callback/kept";
import { Left, type Trusted } from "../../src/callback/left";
import { openNumber, type CallbackNumber } from "../../src/evidence/callback-numbers";
import { organizationName, writeCard, writeOrganization } from "../../src/evidence/cards";
import { Signer } from "../../src/evidence/notes";
import { readBase64, readUtf8, writeBase32, writeBase64 } from "../../src/evidence/text";
import type { CallbackTold } from "../../src/live-contracts";
import { generateAgeKeys } from "../../src/seal/age";

const ORIGIN = "log.example.org";
const organization = new Signer(organizationName(ORIGIN), new Uint8Array(32).fill(7));
const custodian = await generateAgeKeys();
const ada = await generateAgeKeys();
const ben = await generateAgeKeys();
const NOW = Date.parse("2026-11-21T20:14:03.120Z");
const CLAIM = { encounter: "e".repeat(32), secret: writeBase64(new Uint8Array(32)) };
const ONE: CallbackNumber = { encounter: CLAIM.encounter, number: "+15550107071", message: "no", when: "" };

const serialOf = (n: number): string => writeBase32(new Uint8Array(20).fill(n));
const cardOf = (n: number, recipient: string, signer = organization): string =>
  readUtf8(
    "card",
    signer.sign(
      writeCard({
        serial: serialOf(n),
        name: "Ada",
        recipient,
        key: new Signer("x", new Uint8Array(32).fill(n)).verifier.key,
        licenses: [{ state: "TX", checked: "2026-01-01" }],
        since: NOW - 1000,
        until: NOW + 86_400_000,
      }),
    ),
  );

const service = (demonstration = false): Trusted => ({
  demonstration,
  organization: readUtf8(
    "organization",
    organization.sign(
      writeOrganization({
        name: "Ours",
        custodian: custodian.recipient,
        log: new Signer(ORIGIN, new Uint8Array(32).fill(1)).verifier,
        receipts: new Signer(`${ORIGIN}/receipts`, new Uint8Array(32).fill(2)).verifier,
      }),
    ),
  ),
  organization_key: String(organization.verifier),
});

interface Copy {
  holder: string;
  sealed: string;
}

/** Does what docs/callbacks.md says; away while `away`. */
class Server {
  told: CallbackTold | null = { deadline: null, until: null, owner: null, left: false };
  away = false;
  refuses: number | null = null;
  readonly asked: string[] = [];
  copies: Copy[] = [];
  bearer: string | null = null;

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    await Promise.resolve();
    if (this.away) throw new TypeError("no line");
    const method = init.method ?? "GET";
    this.asked.push(method);
    this.bearer = new Headers(init.headers).get("authorization");
    expect(path).toBe(`/api/callbacks/${CLAIM.encounter}`);
    const status = this.told === null ? 404 : method === "PUT" ? this.refuses : null;
    if (status !== null || this.told === null) return Response.json({ type: "x", title: "x", status }, { status: status ?? 404 });
    if (method === "PUT") this.copies = (JSON.parse(String(init.body)) as { copies: Copy[] }).copies;
    if (method === "DELETE") this.copies = [];
    if (method !== "GET") this.told = { ...this.told, left: this.copies.length > 0 };
    return Response.json(this.told);
  };
}

let server: Server;
const stored = new Map<string, string>();
const made: Left[] = [];

function leaving(trusted: Trusted | null = service(), told = server.told): Left {
  const left = new Left({ claim: CLAIM, service: trusted, now: () => NOW, keeps: true, told });
  made.push(left);
  return left;
}

const settled = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 4000, interval: 5 });

beforeEach(() => {
  server = new Server();
  stored.clear();
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  });
});

afterEach(() => {
  made.splice(0).forEach((left) => left.stop());
  vi.unstubAllGlobals();
});

test("it is sealed to the custodian and to who is to call, and to nobody else", async () => {
  server.told = { deadline: null, until: null, owner: cardOf(3, ada.recipient), left: false };
  const left = leaving();
  await left.leave(ONE);
  await settled(() => expect(left.view.value.told?.left).toBe(true));
  expect(server.copies.map(({ holder }) => holder)).toEqual(["custodian", serialOf(3)]);
  expect(server.bearer).toBe(`Bearer ${CLAIM.secret}`);
  for (const [at, keys] of [custodian, ada].entries()) {
    const sealed = readBase64(server.copies[at]?.sealed ?? "");
    expect(await openNumber(sealed, CLAIM.encounter, keys.identity)).toEqual(ONE);
  }
  expect(left.view.value.waits).toBe(null);
});

test("in a demonstration it is sealed to who is to call alone; without them it cannot be left", async () => {
  const left = leaving(service(true));
  expect(left.possible).toBe(false);
  await left.leave(ONE);
  expect(server.asked).toEqual([]);
  left.hear({ deadline: null, until: null, owner: cardOf(3, ada.recipient), left: false });
  expect(left.possible).toBe(true);
  await settled(() => expect(server.copies.map(({ holder }) => holder)).toEqual([serialOf(3)]));
});

test("nothing is sealed to a card that the organization did not sign, nor where nobody was checked", () => {
  const forger = new Signer(organizationName(ORIGIN), new Uint8Array(32).fill(9));
  server.told = { deadline: null, until: null, owner: cardOf(3, ada.recipient, forger), left: false };
  expect(leaving(service(true)).possible).toBe(false);
  expect(leaving(null).possible).toBe(false);
});

describe("without a line", () => {
  test("it lies here sealed, goes once there is one, and another page of this phone can send it", async () => {
    server.away = true;
    const left = leaving();
    await left.leave(ONE);
    expect(left.view.value.waits).toBe("left");
    const [kept] = keptCallbacks(NOW);
    expect(kept).toMatchObject(CLAIM);
    expect([...stored.values()].join()).not.toContain("5550107071");
    left.stop();
    server.away = false;
    if (kept === undefined) throw new Error("nothing was kept");
    const again = Left.resumed(kept, null, () => NOW);
    made.push(again);
    await settled(() => expect(again.view.value.told?.left).toBe(true));
    expect(server.copies.map(({ holder }) => holder)).toEqual(["custodian"]);
    expect(keptCallbacks(NOW)[0]?.waits).toBe(null);
  });

  test("what is taken back meanwhile never goes", async () => {
    server.away = true;
    const left = leaving();
    await left.leave(ONE);
    left.takeBack();
    expect(left.view.value.waits).toBe("taken back");
    server.away = false;
    left.stop();
    const [kept] = keptCallbacks(NOW);
    if (kept === undefined) throw new Error("nothing was kept");
    const again = Left.resumed(kept, null, () => NOW);
    made.push(again);
    await settled(() => expect(again.view.value.waits).toBe(null));
    expect(server.asked).toEqual(["DELETE"]);
    expect(keptCallbacks(NOW)).toEqual([]);
  });
});

test("taken back in one page of the app, it does not go from another one that had it", async () => {
  server.away = true;
  const left = leaving();
  await left.leave(ONE);
  const [kept] = keptCallbacks(NOW);
  if (kept === undefined) throw new Error("nothing was kept");
  const other = Left.resumed(kept, service(), () => NOW);
  made.push(other);
  left.takeBack();
  left.stop();
  server.away = false;
  await settled(() => expect(other.view.value).toMatchObject({ waits: null, told: { left: false } }));
  expect(server.asked).not.toContain("PUT");
  expect(keptCallbacks(NOW)).toEqual([]);
});

test("a browser that keeps nothing still sends what was left", async () => {
  vi.stubGlobal("localStorage", undefined);
  const left = leaving();
  await left.leave(ONE);
  await settled(() => expect(left.view.value).toMatchObject({ waits: null, told: { left: true } }));
  left.takeBack();
  await settled(() => expect(server.asked).toEqual(["PUT", "DELETE"]));
});

test("changed and taken back; then nothing of it lies here", async () => {
  const left = leaving();
  await left.leave(ONE);
  await settled(() => expect(server.copies.length).toBe(1));
  const [before] = server.copies;
  await left.leave({ ...ONE, number: "5550108" });
  await settled(() => expect(server.copies[0]).not.toEqual(before));
  left.takeBack();
  await settled(() => expect(left.view.value.told?.left).toBe(false));
  expect(server.copies).toEqual([]);
  expect(keptCallbacks(NOW)).toEqual([]);
});

test("what was said of it before it was left is not believed again when another screen opens", async () => {
  const before = { deadline: null, until: null, owner: null, left: false };
  const left = leaving(service(), before);
  await left.leave(ONE);
  await settled(() => expect(left.view.value).toMatchObject({ told: { left: true }, waits: null }));
  left.hear(before);
  expect(left.view.value.told?.left).toBe(true);
  left.hear({ ...before });
  expect(left.view.value.told?.left).toBe(false);
});

test("a number that is refused takes none with it that was given in its place meanwhile", async () => {
  const left = leaving();
  server.refuses = 400;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (init.method === "PUT") left.takeBack();
    return server.fetch(path, init);
  });
  await left.leave(ONE);
  await settled(() => expect(server.asked).toEqual(["PUT", "DELETE"]));
  await settled(() => expect(left.view.value).toMatchObject({ waits: null, problem: null }));
});

test("where somebody else is to call, it is sealed to them", async () => {
  server.told = { deadline: null, until: null, owner: cardOf(3, ada.recipient), left: false };
  const left = leaving();
  await left.leave(ONE);
  await settled(() => expect(server.copies.length).toBe(2));
  server.told = { ...server.told, owner: cardOf(4, ben.recipient), left: true };
  left.hear(server.told);
  await settled(() => expect(server.copies[1]?.holder).toBe(serialOf(4)));
  expect(await openNumber(readBase64(server.copies[1]?.sealed ?? ""), CLAIM.encounter, ben.identity)).toEqual(ONE);
});

test("where somebody took it before it was left, the server's answer says so, and it is sealed to them", async () => {
  server.told = { deadline: null, until: null, owner: cardOf(4, ben.recipient), left: false };
  const left = leaving(service(), { ...server.told, owner: null });
  await left.leave(ONE);
  await settled(() => expect(server.copies.map(({ holder }) => holder)).toEqual(["custodian", serialOf(4)]));
  expect(await openNumber(readBase64(server.copies[1]?.sealed ?? ""), CLAIM.encounter, ben.identity)).toEqual(ONE);
  await settled(() => expect(left.view.value.waits).toBe(null));
  expect(server.asked).toEqual(["PUT", "PUT"]);
});

test("a copy that the server refuses is sealed anew to who is to call now, and not for ever", async () => {
  server.told = { deadline: null, until: null, owner: cardOf(4, ben.recipient), left: false };
  server.refuses = 422;
  const left = leaving(service(true), { ...server.told, owner: cardOf(3, ada.recipient) });
  await left.leave(ONE);
  await settled(() => expect(left.view.value.problem).toBe("again"));
  server.refuses = null;
  await left.leave(ONE);
  await settled(() => expect(server.copies.map(({ holder }) => holder)).toEqual([serialOf(4)]));
  expect(server.asked.length).toBeLessThan(12);
});

test("called back: nothing is left, here or there", async () => {
  const left = leaving();
  await left.leave(ONE);
  await settled(() => expect(left.view.value.told?.left).toBe(true));
  left.hear(null);
  expect(left.view.value.over).toBe(true);
  expect(keptCallbacks(NOW)).toEqual([]);
  server.told = null;
  const late = leaving(service(), { deadline: null, until: null, owner: null, left: false });
  await late.leave(ONE);
  await settled(() => expect(late.view.value.over).toBe(true));
});

test("what lies here ends by itself, and what nobody wrote is nothing", () => {
  keepCallback({ ...CLAIM, until: NOW + 1, waits: null }, NOW);
  expect(keptCallbacks(NOW).length).toBe(1);
  expect(keptCallbacks(NOW + 1)).toEqual([]);
  forgetCallback(CLAIM.encounter, NOW);
  expect(stored.size).toBe(0);
  for (const bent of ["", "{}", '[{"encounter":"x"}]', "null"]) {
    stored.set("accompany.callbacks", bent);
    expect(keptCallbacks(NOW)).toEqual([]);
  }
});
