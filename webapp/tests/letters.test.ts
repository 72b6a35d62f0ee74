import { beforeAll, describe, expect, test } from "vitest";
import { Device, makeKeys } from "../src/device";
import { cardVerifier, writeCard } from "../src/evidence/cards";
import { Signer } from "../src/evidence/notes";
import { openOpening } from "../src/evidence/statements";
import { readBase64, readUtf8, writeBase64 } from "../src/evidence/text";
import { sealPaper } from "../src/attorney/sealed-papers";
import { freshKeys, publicKeys } from "../src/keys";
import { checkLetter, linesOf, openLetter, signLetter } from "../src/letters";
import { type AgeKeys, generateAgeKeys } from "../src/seal/age";

const NOW = Date.parse("2026-11-22T03:00:00.000Z");
const organization = new Signer("demo.example/organization", new Uint8Array(32).fill(1));
const SAID = { text: "You owe nothing.", language: "es", chat: [{ by: "caller", time: "2026-11-22T02:00:00.000Z", text: "¿Abro?" }] } as const;

let caller: AgeKeys;
let to: { recording: string; opening: string; grants: string[]; identity: string };
let recipient: string;
let card: string;
let sign: (text: string) => string;

beforeAll(async () => {
  caller = await generateAgeKeys();
  const recording = await makeKeys([caller.recipient, (await generateAgeKeys()).recipient]);
  const purpose = { kind: "film", media: "video/mp4", encounter: "e".repeat(32), log: "log", after: null, continues: null, client: "test/1 none" } as const;
  const device = new Device(recording, purpose, NOW);
  recipient = openOpening(device.opening.note).recipient;
  to = { recording: device.recording, opening: readUtf8("opening", device.opening.note), grants: recording.grants.map(writeBase64), identity: caller.identity };
  const keys = await freshKeys();
  const { recipient: own, key } = await publicKeys(keys);
  const serial = "a".repeat(32);
  const licenses = [{ state: "TX", checked: "2026-01-01" }];
  card = readUtf8("card", organization.sign(writeCard({ serial, name: "Ada", recipient: own, key: readBase64(key), licenses, since: 0, until: NOW * 2 })));
  const signer = new Signer(cardVerifier(serial, readBase64(key)).name, keys.seed);
  sign = (text) => readUtf8("note", signer.sign(text));
});

const said = () => ({ ...SAID, chat: [...SAID.chat] });
const sealed = async (plain: object) => ({ author: "a".repeat(32), card, time: "", sealed: await sealPaper(plain, recipient) });

describe("a letter", () => {
  test("is read by the caller, with whose it is, when it was signed and the chat", async () => {
    const one = await sealed(signLetter(to.recording, said(), { sign }, NOW));
    expect(await openLetter(one, to, organization.verifier)).toEqual({ ...SAID, name: "Ada", time: "2026-11-22T03:00:00.000Z" });
    const stranger = await generateAgeKeys();
    expect(await openLetter(one, { ...to, identity: stranger.identity }, organization.verifier)).toBeNull();
  });

  test("with another word, chat, recording or card is none", async () => {
    const plain = signLetter(to.recording, said(), { sign }, NOW);
    const open = async (bent: object, organized = organization.verifier) => openLetter(await sealed({ ...plain, ...bent }), to, organized);
    expect(await open({})).not.toBeNull();
    expect(await open({ text: "You owe everything." })).toBeNull();
    expect(await open({ chat: [] })).toBeNull();
    expect(await open({ chat: [{ ...SAID.chat[0], by: "attorney" }] })).toBeNull();
    expect(await open({ note: "x" })).toBeNull();
    expect(await open({ chat: "x" })).toBeNull();
    expect(await open({}, new Signer("demo.example/organization", new Uint8Array(32).fill(2)).verifier)).toBeNull();
    expect(() => checkLetter(signLetter("b".repeat(32), said(), { sign }, NOW), to.recording, card, organization.verifier)).toThrow();
  });
});

test("whoever spoke in the chat before a hand-over was an attorney", () => {
  const entry = { id: "", text: "x", time: "t", seen: true };
  expect(linesOf([{ ...entry, mine: true, before: false }, { ...entry, mine: false, before: true }, { ...entry, mine: false, before: false }]).map(({ by }) => by)).toEqual(["attorney", "attorney", "caller"]);
});
