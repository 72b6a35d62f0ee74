import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { NotTaken, addDocument, checkDocument, giveDocuments, openDocument, readDocuments, tidy, unwrapped, wrapped } from "../../src/attorney/documents";
import { cardVerifier, writeCard } from "../../src/evidence/cards";
import { Signer } from "../../src/evidence/notes";
import { readBase64, readUtf8, utf8, writeBase64 } from "../../src/evidence/text";
import { sha256 } from "@noble/hashes/sha2.js";
import { base32nopad } from "@scure/base";
import { type Attorney, freshKeys, publicKeys } from "../../src/keys";
import { openPaper } from "../../src/attorney/sealed-papers";
import { generateAgeKeys } from "../../src/seal/age";
import { padme } from "../../src/seal/padding";

const NOW = Date.UTC(2026, 10, 22, 3);
const ENCOUNTER = "e".repeat(32);
const organization = new Signer("demo.example/organization", new Uint8Array(32).fill(1));
let ada: Attorney;
let ben: Attorney;

async function attorney(serial: string): Promise<Attorney> {
  const keys = await freshKeys();
  const { recipient, key } = await publicKeys(keys);
  const card = writeCard({ serial, name: "Ada", recipient, key: readBase64(key), licenses: [{ state: "TX", checked: "2026-01-01" }], since: 0, until: NOW * 2 });
  const signer = new Signer(cardVerifier(serial, readBase64(key)).name, keys.seed);
  const sign = (text: string): string => readUtf8("note", signer.sign(text));
  return { serial, name: "Ada", card: readUtf8("card", organization.sign(card)), identity: keys.identity, verifier: String(signer.verifier), keys, sign };
}

/** What the server keeps, by the rules of its own tests. */
class Shelf {
  readonly rows: { id: string; author: string; holder: string; sealed: string; data: Uint8Array; card: string; copy: string | null }[] = [];
  who = "";

  readonly fetch = async (input: string, init: RequestInit = {}): Promise<Response> => {
    const [, id] = /documents\/([a-z2-7]{32})$/.exec(input) ?? [];
    const headers = new Headers(init.headers);
    if (init.method === "POST") {
      const data = init.body as Uint8Array;
      const row = { id: base32nopad.encode(sha256(data).slice(0, 20)).toLowerCase(), author: this.who, holder: this.who, sealed: headers.get("Document") ?? "", data, card: "", copy: headers.get("Custodian") };
      this.rows.push(row);
      return Response.json({});
    }
    const mine = this.rows.filter(({ holder }) => holder === this.who);
    if (init.method === "PUT") {
      const { holder, sealed } = JSON.parse(String(init.body)) as { holder: string; sealed: string };
      const one = mine.find((row) => row.id === id);
      if (one !== undefined) this.rows.push({ ...one, holder, sealed });
      return new Response(null, { status: 204 });
    }
    if (id !== undefined) return new Response(mine.find((row) => row.id === id)?.data as Uint8Array<ArrayBuffer>);
    const cards = new Map([ada, ben].map(({ serial, card }) => [serial, card]));
    const time = "2026-11-22T03:00:00.000Z";
    return Response.json(mine.map((row) => ({ id: row.id, author: row.author, name: "Ada", card: cards.get(row.author), time, size: row.data.length, sealed: row.sealed })));
  };
}

beforeAll(async () => {
  ada = await attorney("a".repeat(32));
  ben = await attorney("b".repeat(32));
});
afterEach(() => vi.unstubAllGlobals());

const optionsOf = (who: Attorney) => ({ attorney: who, organizationKey: String(organization.verifier), custodian: null, now: () => NOW });
const shelved = (who: Attorney): Shelf => {
  const shelf = new Shelf();
  shelf.who = who.serial;
  vi.stubGlobal("fetch", shelf.fetch);
  return shelf;
};

describe("a document of a case", () => {
  test("is added, listed and opened again, and the server sees no word of it", async () => {
    const shelf = shelved(ada);
    await addDocument(ENCOUNTER, new File(["notice to appear"], "notice.txt", { type: "text/plain" }), optionsOf(ada));
    const [row] = shelf.rows;
    for (const kept of [writeBase64(row?.data ?? utf8("")), row?.sealed ?? ""]) {
      expect(atob(kept)).not.toContain("notice");
    }
    const [one] = await readDocuments(ENCOUNTER, optionsOf(ada));
    expect(one?.plain).toMatchObject({ name: "notice.txt", type: "text/plain" });
    const file = await openDocument(ENCOUNTER, one ?? { id: "", author: "" }, optionsOf(ada));
    expect([await file.text(), file.type]).toEqual(["notice to appear", "text/plain"]);
    // Of another case it is none.
    const other = await readDocuments("f".repeat(32), optionsOf(ada));
    expect(other.map(({ plain }) => plain)).toEqual([null]);
  });

  test("has a key for the custodian as well, but in a demonstration", async () => {
    const shelf = shelved(ada);
    const custodian = await generateAgeKeys();
    const file = (): File => new File(["one"], "one.txt", { type: "text/plain" });
    await addDocument(ENCOUNTER, file(), { ...optionsOf(ada), custodian: custodian.recipient });
    await addDocument(ENCOUNTER, file(), optionsOf(ada));
    const [shared, alone] = shelf.rows;
    const plain = await openPaper(shared?.copy ?? "", custodian.identity);
    expect(plain).toEqual(await openPaper(shared?.sealed ?? "", ada.identity));
    expect(plain).toMatchObject({ name: "one.txt" });
    expect(alone?.copy).toBe(null);
  });

  test("goes on to a colleague with its author's word, and is not opened where it was exchanged", async () => {
    const shelf = shelved(ada);
    await addDocument(ENCOUNTER, new File(["one"], "one.txt", { type: "text/plain" }), optionsOf(ada));
    const { recipient } = await publicKeys(ben.keys);
    await giveDocuments(ENCOUNTER, ben.card, recipient, optionsOf(ada));
    shelf.who = ben.serial;
    const [one] = await readDocuments(ENCOUNTER, optionsOf(ben));
    expect([one?.author, one?.plain?.name]).toEqual([ada.serial, "one.txt"]);
    const given = one ?? { id: "", author: "" };
    expect(await (await openDocument(ENCOUNTER, given, optionsOf(ben))).text()).toBe("one");
    const plain = one?.plain;
    if (plain == null) throw new Error("not opened");
    const check = (bent: Partial<typeof plain>, author = ada.serial, card = ada.card) =>
      checkDocument({ ...plain, ...bent }, ENCOUNTER, author, card, organization.verifier);
    expect(check({}).time).toBe("2026-11-22T03:00:00.000Z");
    expect(() => check({ name: "two.txt" })).toThrow("name and kind");
    expect(() => check({ type: "image/png" })).toThrow("name and kind");
    expect(() => check({}, ben.serial, ben.card)).toThrow();
    for (const row of shelf.rows) row.data = Uint8Array.from(row.data, (byte, at) => (at === row.data.length - 1 ? byte ^ 1 : byte));
    await expect(openDocument(ENCOUNTER, given, optionsOf(ben))).rejects.toThrow("bytes that were signed");
  });

  test.each(["text/html", "image/svg+xml", "application/javascript", ""])("of the kind %j is not taken", async (type) => {
    const shelf = shelved(ada);
    await expect(addDocument(ENCOUNTER, new File(["x"], "x", { type }), optionsOf(ada))).rejects.toThrow(NotTaken);
    expect(shelf.rows).toEqual([]);
  });

  test("that is empty is not taken", async () => {
    shelved(ada);
    await expect(addDocument(ENCOUNTER, new File([], "x", { type: "text/plain" }), optionsOf(ada))).rejects.toThrow(NotTaken);
  });
});

test("what is wrapped comes back, its size is one of few, and a length that does not fit is refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (data) => {
      const whole = wrapped(data);
      expect(padme(whole.length)).toBe(whole.length);
      expect(unwrapped(whole)).toEqual(data);
    }),
  );
  expect(() => unwrapped(new Uint8Array(3))).toThrow();
  expect(() => unwrapped(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2, 1))).toThrow();
});

test("a name is one line that does not turn around", () => {
  expect(tidy("  ordre\u202egpj.exe\n\u0000 ")).toBe("ordregpj.exe");
  expect(tidy("\u202e")).toBe("document");
  expect(Array.from(tidy("é".repeat(500)))).toHaveLength(120);
});
