import { beforeAll, describe, expect, test, vi } from "vitest";
import { listed, mayBe, mayBeMeant } from "../../src/attorney/conflicts";
import { custodianOf } from "../../src/custodian";
import { Notebook, checkNote, signNote } from "../../src/attorney/notes";
import { openPaper, sealPaper } from "../../src/attorney/sealed-papers";
import { cardVerifier, writeCard, writeOrganization } from "../../src/evidence/cards";
import { Signer, type Verifier } from "../../src/evidence/notes";
import { readBase64, readUtf8 } from "../../src/evidence/text";
import { freshKeys, publicKeys, type Attorney } from "../../src/keys";
import { generateAgeKeys } from "../../src/seal/age";

const ENCOUNTER = "e".repeat(32);
const NOW = Date.parse("2026-11-22T03:00:00.000Z");
const organization = new Signer("demo.example/organization", new Uint8Array(32).fill(1));
let ada: Attorney;
let ben: Attorney;

async function attorney(serial: string): Promise<Attorney> {
  const keys = await freshKeys();
  const { recipient, key } = await publicKeys(keys);
  const card = writeCard({
    serial,
    name: "Ada",
    recipient,
    key: readBase64(key),
    licenses: [{ state: "TX", checked: "2026-01-01" }],
    since: 0,
    until: NOW * 2,
  });
  const signer = new Signer(cardVerifier(serial, readBase64(key)).name, keys.seed);
  const sign = (text: string): string => readUtf8("note", signer.sign(text));
  return { serial, name: "Ada", card: readUtf8("card", organization.sign(card)), identity: keys.identity, verifier: String(signer.verifier), keys, sign };
}

beforeAll(async () => {
  ada = await attorney("a".repeat(32));
  ben = await attorney("b".repeat(32));
});

describe("a note of a case", () => {
  test("is its author's word about this case and no other", () => {
    const plain = signNote(ENCOUNTER, "No warrant.", ada, NOW);
    const check = (note = plain, encounter = ENCOUNTER, who = ada, key: Verifier = organization.verifier) =>
      checkNote(note, encounter, ada.serial, who.card, key);
    expect(check()).toBe("2026-11-22T03:00:00.000Z");
    expect(() => check({ ...plain, text: "A warrant." })).toThrow("another");
    expect(() => check(plain, "f".repeat(32))).toThrow("about");
    expect(() => check(plain, ENCOUNTER, ben)).toThrow("card of");
    expect(() => check({ ...plain, note: plain.note.replace("sha256 ", "sha256 0") })).toThrow();
    expect(() => check(plain, ENCOUNTER, ada, new Signer("x", new Uint8Array(32)).verifier)).toThrow();
  });

  test("is sealed to one key, in sizes that do not tell how long it is", async () => {
    const { identity, recipient } = await generateAgeKeys();
    const [short, long] = [await sealPaper({ text: "a" }, recipient), await sealPaper({ text: "b".repeat(900) }, recipient)];
    expect(short.length).toBe(long.length);
    expect(await openPaper(short, identity)).toMatchObject({ text: "a" });
    await expect(openPaper(short, (await generateAgeKeys()).identity)).rejects.toThrow();
  });
});

describe("the custodian's copy", () => {
  const said = (custodian: string, demonstration = false) => ({
    demonstration,
    organization: readUtf8("note", organization.sign(writeOrganization({ name: "Help", custodian, log: new Signer("demo.example", new Uint8Array(32).fill(2)).verifier, receipts: new Signer("demo.example/receipts", new Uint8Array(32).fill(3)).verifier }))),
    organization_key: String(organization.verifier),
  });

  test("is made for whom the organization's key names, and for nobody in a demonstration", async () => {
    const { recipient } = await generateAgeKeys();
    expect(custodianOf(said(recipient))).toBe(recipient);
    expect(custodianOf(said(recipient, true))).toBe(null);
    const other = await generateAgeKeys();
    const bent = said(recipient);
    expect(custodianOf({ ...bent, organization: bent.organization.replace(recipient, other.recipient) })).toBe(null);
  });

  test("is the note, kept in the same request as its author's, and forgotten with it", async () => {
    const { identity, recipient } = await generateAgeKeys();
    const sent: Record<string, string>[] = [];
    vi.stubGlobal("fetch", (_: string, init: RequestInit = {}): Promise<Response> => {
      if (init.method === "PUT") sent.push(JSON.parse(String(init.body)) as Record<string, string>);
      return Promise.resolve(init.method === "PUT" ? new Response(null, { status: 204 }) : Response.json([]));
    });
    const options = { attorney: ada, organizationKey: String(organization.verifier), now: () => NOW };
    const book = new Notebook(ENCOUNTER, { ...options, custodian: recipient });
    const alone = new Notebook(ENCOUNTER, { ...options, custodian: null });
    for (const one of [book, alone]) {
      await one.own.load();
      one.own.write("No warrant.");
      await one.own.flush();
    }
    book.own.write("");
    await book.own.flush();
    vi.unstubAllGlobals();
    expect([book.shared, alone.shared]).toEqual([true, false]);
    const [kept, only, gone] = sent;
    expect(await openPaper(kept?.["custodian"] ?? "", identity)).toEqual(await openPaper(kept?.["sealed"] ?? "", ada.identity));
    expect(await openPaper(kept?.["custodian"] ?? "", identity)).toMatchObject({ text: "No warrant." });
    expect([only?.["custodian"], gone?.["custodian"], gone?.["sealed"]]).toEqual(["", "", ""]);
  });
});

describe("a conflict check", () => {
  const list = listed("María Elena López\n\n  Officer Smith \n王小明\n...");

  test("takes one name a line", () => {
    expect(list).toEqual(["María Elena López", "Officer Smith", "王小明"]);
  });

  test("finds a name typed with or without accents, in part, or one letter off", () => {
    for (const name of ["maria lopez", "LOPEZ, Maria", "María Elena López", "Lopes Maria"]) {
      expect(mayBe(list, name), name).toEqual(["María Elena López"]);
    }
    expect(mayBe(list, "小明")).toEqual([]);
    expect(mayBe(list, "王小明")).toEqual(["王小明"]);
    for (const name of ["", " ", "Ana Gómez", "Maria Gomez", "Smythe"]) expect(mayBe(list, name), name).toEqual([]);
  });

  test("finds a name in what was said only where all of it was said", () => {
    expect(mayBeMeant(list, "I am Maria Elena Lopez from Austin")).toEqual(["María Elena López"]);
    expect(mayBeMeant(list, "我叫王小明。")).toEqual(["王小明"]);
    expect(mayBeMeant(list, "Smith was here")).toEqual([]);
    expect(mayBeMeant(list, "")).toEqual([]);
  });
});
