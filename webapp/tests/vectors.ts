/** The shape of tests/vectors/*.json (its README), and how this half makes and bends it. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { writeLine } from "../src/chat-kept";
import { type Card, organizationName, readCard, writeCard, writeOrganization } from "../src/evidence/cards";
import { writeCheckpoint } from "../src/evidence/checkpoints";
import { EMPTY_ROOT, leafHash, nodeHash } from "../src/evidence/merkle";
import { Note, Signer, Verifier, signatureLine } from "../src/evidence/notes";
import { namedEntry, statementEntry, writeReceipt } from "../src/evidence/receipts";
import { writeRevocation } from "../src/evidence/revocations";
import {
  type Chain,
  type Following,
  type Opening,
  type Statement,
  followChain,
  recordingId,
  startChain,
  writeStatement,
} from "../src/evidence/statements";
import { concat, readUtf8, utf8, writeBase64, writeHex, writeTime } from "../src/evidence/text";
import { recipientOf, sealer } from "../src/seal/age";

export interface SignedText {
  name: string;
  seed: string;
  text: string;
  note: string;
  vkey: string;
}

export interface StatementVector {
  form: string;
  seed: string;
  text: string;
  note: string;
  digest: string;
  slot: string;
}

export interface AgeVector {
  identity: string;
  recipient: string;
  file: string;
  plaintext: string;
}

export interface Refused {
  what: string;
  data: string;
  key: string | null;
  why: string;
}

export interface Vectors {
  notes: SignedText[];
  statements: StatementVector[];
  receipts: SignedText[];
  cards: SignedText[];
  revocations: SignedText[];
  organizations: SignedText[];
  checkpoints: SignedText[];
  entries: { what: string; name: string; data: string; slot: string; digest: string }[];
  proofs: { index: number; size: number; leaf: string; path: string[]; root: string }[];
  chat: { by: "caller" | "attorney"; time: string; text: string; segment: string }[];
  times: { milliseconds: number; text: string }[];
  age: AgeVector[];
  refused: Refused[];
}

const ORIGIN = "log.example.org";
const TIME = Date.UTC(2026, 10, 21, 20, 14, 3, 120);

const seedOf = (word: string) => sha256(utf8(`accompany test seed: ${word}`));
/** seedOf(word) as identities; age-encryption writes none from a seed */
const IDENTITIES = {
  recording: "AGE-SECRET-KEY-PQ-1YWSZ0LKMPV5M6AQDZV75HS6KUVYJA6GNSTVX8GTXWHE60H5HTUJSAQVMPC",
  attorney: "AGE-SECRET-KEY-PQ-1TWCN6R058QGNAGHC56FG64W672Y4SAN0AVDKQ92PAP4S7SJEWYVQTDHTSN",
  custodian: "AGE-SECRET-KEY-PQ-1PDYUR2ZA5FAW9WUUAQGGXJCYW4VR9E93Z8FAVPQDUSJW4MCNKGQQYJSH6T",
};
const identityOf = (word: keyof typeof IDENTITIES) => IDENTITIES[word];
const signerOf = (name: string, word: string) => new Signer(name, seedOf(word));

function signedText(name: string, word: string, text: string): SignedText {
  const signer = signerOf(name, word);
  return {
    name,
    seed: writeHex(seedOf(word)),
    text,
    note: readUtf8("note", signer.sign(text)),
    vkey: String(signer.verifier),
  };
}

/** Makes the whole set; age files that were made before and still open are kept. */
export async function makeVectors(kept: readonly AgeVector[]): Promise<Vectors> {
  const statements = await makeStatements();
  const signed = await makeSigned();
  return {
    ...signed,
    statements,
    entries: makeEntries(),
    proofs: makeProofs(),
    chat: makeChat(),
    times: [0, 999, TIME, Date.UTC(2024, 1, 29, 23, 59, 59, 999), Date.UTC(9999, 11, 31)].map((milliseconds) => ({
      milliseconds,
      text: writeTime(milliseconds),
    })),
    age: kept.length > 0 ? [...kept] : await makeAge(),
    refused: await makeRefused(statements, signed),
  };
}

type SignedVectors = Pick<
  Vectors,
  "notes" | "receipts" | "cards" | "revocations" | "organizations" | "checkpoints"
>;

async function makeSigned(): Promise<SignedVectors> {
  const entry = namedEntry("grant", "x 0", utf8("grant"));
  const receipt = (bytes: "kept" | "awaited" | "none", index: number) =>
    signedText(`${ORIGIN}/receipts`, "receipts", writeReceipt({ log: ORIGIN, index, entry, bytes, time: TIME }));
  const recipient = await recipientOf(identityOf("attorney"));
  const key = ed25519.getPublicKey(seedOf("attorney"));
  const card: Card = {
    serial: recordingId(key),
    name: "Zoë Ñáñez ⚖ 李",
    recipient,
    key,
    licenses: [
      { state: "CA", checked: "2026-11-01" },
      { state: "NY", checked: "2025-02-28" },
    ],
    since: TIME,
    until: TIME + 86_400_000,
  };
  const bare = { ...card, name: "A", licenses: [] };
  const organization = {
    name: "Ayuda Legal — Legal Aid",
    custodian: await recipientOf(identityOf("custodian")),
    log: signerOf(ORIGIN, "log").verifier,
    receipts: signerOf(`${ORIGIN}/receipts`, "receipts").verifier,
  };
  return {
    notes: [
      signedText("example.org/key", "note", "one line\n"),
      signedText("schlüssel.example/名", "note", "two lines\n\nand an empty one — ünïcode 𝄞\n"),
    ],
    receipts: [receipt("kept", 0), receipt("awaited", 7), receipt("none", Number.MAX_SAFE_INTEGER)],
    cards: [card, bare].map((one) => signedText(organizationName(ORIGIN), "organization", writeCard(one))),
    revocations: [null, TIME - 1].map((lost) =>
      signedText(`${ORIGIN}/receipts`, "receipts", writeRevocation({ serial: card.serial, time: TIME, lost })),
    ),
    organizations: [signedText(organizationName(ORIGIN), "organization", writeOrganization(organization))],
    checkpoints: [
      signedText(ORIGIN, "log", writeCheckpoint({ origin: ORIGIN, size: 0, root: EMPTY_ROOT })),
      signedText(ORIGIN, "log", writeCheckpoint({ origin: ORIGIN, size: 5, root: leafHash(utf8("root")) })),
    ],
  };
}

/** One chain: opening, initialization, segment, gap, segment, closing; and an opening with all lines. */
async function makeStatements(): Promise<StatementVector[]> {
  const recipient = await recipientOf(identityOf("recording"));
  const full = openingOf("recording", recipient, { size: 42, root: leafHash(utf8("root")) });
  const spare: Opening = {
    ...openingOf("other recording", recipient, null),
    kind: "notes",
    media: "application/x-ndjson",
    continues: { recording: full.recording, digest: sha256(utf8("last")) },
    client: "accompany-web/0.1.0 none",
  };
  const list = [vectorOf("other recording", spare, null)];
  const opening = vectorOf("recording", full, null);
  list.push(opening);
  let chain = startChain(full, utf8(opening.note));
  const add = (make: (head: ReturnType<typeof headOf>) => Following) => {
    const statement = make(headOf(chain));
    const vector = vectorOf("recording", statement, opening);
    chain = followChain(chain, statement, utf8(vector.note));
    list.push(vector);
  };
  const segment = (offset: number, duration: number) => (head: ReturnType<typeof headOf>) =>
    ({ form: "segment", ...head, offset, duration, size: 4096 + offset, sha256: sha256(utf8(`segment ${offset}`)) }) as const;
  add(segment(0, 0));
  add(segment(35, 500));
  add((head) => ({ form: "gap", ...head, offset: 535, duration: 12_000, reason: "hidden" }));
  add(segment(12_535, 471));
  add((head) => ({ form: "closing", ...head, offset: 13_006, segments: 3, reason: "stopped" }));
  return list;
}

function headOf(chain: Chain) {
  const number = chain.last + 1;
  return { recording: chain.recording, number, previous: chain.digest, time: TIME + 1000 * number };
}

function openingOf(word: string, recipient: string, after: Opening["after"]): Opening {
  const key = ed25519.getPublicKey(seedOf(word));
  return {
    form: "opening",
    recording: recordingId(key),
    number: 0,
    time: TIME,
    key,
    kind: "film",
    media: "video/mp4;codecs=avc1.42001f,opus",
    recipient,
    grants: sha256(utf8("grants")),
    encounter: recordingId(seedOf("encounter")),
    continues: null,
    log: ORIGIN,
    after,
    client: `accompany-web/1.2.3+build.7 ${writeHex(sha256(utf8("build")))}`,
  };
}

function vectorOf(word: string, statement: Statement, opening: StatementVector | null): StatementVector {
  const text = writeStatement(statement);
  const note = signerOf(`recording/${statement.recording}`, word).sign(text);
  const { slot, digest } = statementEntry(opening ? utf8(opening.note) : note, statement.number, note);
  return {
    form: statement.form,
    seed: writeHex(seedOf(word)),
    text,
    note: readUtf8("note", note),
    digest: writeHex(digest),
    slot: writeHex(slot),
  };
}

/** One line fills its block to the last byte, the next one begins another. */
function makeChat(): Vectors["chat"] {
  const texts = ["¿Abro la puerta? 𝄞", 'No: "sin orden judicial", no.\n\\', "a".repeat(964), "a".repeat(963), "权".repeat(2000)];
  return texts.map((text, at) => {
    const line = { by: at % 2 === 0 ? "caller" : "attorney", time: writeTime(TIME + at), text } as const;
    return { ...line, segment: writeBase64(writeLine(line)) };
  });
}

function makeEntries(): Vectors["entries"] {
  const names: [string, string][] = [
    ["grant", "abc 0"],
    ["custody", "abc 1"],
    ["card", "serial"],
    ["revocation", "serial"],
    ["timestamp", "tsa-42"],
    ["release", writeHex(sha256(utf8("build")))],
    ["deletion", "abc"],
    ["package", "abc 17"],
  ];
  return names.map(([what, name]) => {
    const data = utf8(`${what} of ${name}\n`);
    const { slot, digest } = namedEntry(what, name, data);
    return { what, name, data: writeBase64(data), slot: writeHex(slot), digest: writeHex(digest) };
  });
}

function makeProofs(): Vectors["proofs"] {
  const leaves = Array.from({ length: 7 }, (_, at) => leafHash(utf8(`leaf ${at}`)));
  const root = (list: readonly Uint8Array[]): Uint8Array => {
    const [only] = list;
    if (list.length === 1 && only) return only;
    const middle = 2 ** Math.floor(Math.log2(list.length - 1));
    return nodeHash(root(list.slice(0, middle)), root(list.slice(middle)));
  };
  const path = (index: number, list: readonly Uint8Array[]): Uint8Array[] => {
    if (list.length === 1) return [];
    const middle = 2 ** Math.floor(Math.log2(list.length - 1));
    const [low, high] = [list.slice(0, middle), list.slice(middle)];
    return index < middle ? [...path(index, low), root(high)] : [...path(index - middle, high), root(low)];
  };
  return [0, 3, 4, 6].map((index) => ({
    index,
    size: leaves.length,
    leaf: writeHex(leaves[index] ?? EMPTY_ROOT),
    path: path(index, leaves).map(writeHex),
    root: writeHex(root(leaves)),
  }));
}

async function makeAge(): Promise<AgeVector[]> {
  // Empty, a grant, and exactly one chunk of age.
  const plaintexts = [
    new Uint8Array(),
    utf8(`${identityOf("recording")}\n`),
    new Uint8Array(65_536).fill(7),
  ];
  return await Promise.all(
    plaintexts.map(async (plaintext, at) => {
      const identity = identityOf(at % 2 ? "attorney" : "recording");
      const recipient = await recipientOf(identity);
      const file = writeBase64(await sealer(recipient)(plaintext));
      return { identity, recipient, file, plaintext: writeBase64(plaintext) };
    }),
  );
}

// --- bent inputs: one good value, slightly bent ---

async function makeRefused(statements: readonly StatementVector[], signed: SignedVectors): Promise<Refused[]> {
  return [...bentWords(), ...bentKeys(), ...bentNotes(signed), ...bentStatements(statements), ...bentTexts(signed)];
}

const refuse = (what: string, data: string | Uint8Array, why: string, key: string | null = null): Refused => ({
  what,
  data: writeBase64(typeof data === "string" ? utf8(data) : data),
  key,
  why,
});

function bentWords(): Refused[] {
  const times = [
    ["2026-11-21T20:14:03Z", "no decimals"],
    ["2026-11-21T20:14:03.12Z", "two decimals"],
    ["2026-11-21T20:14:03.120+00:00", "an offset for Z"],
    ["2026-11-21t20:14:03.120z", "lower case"],
    ["2026-02-30T00:00:00.000Z", "no such day"],
    ["2026-11-21T24:00:00.000Z", "no such hour"],
    ["2026-11-21T23:59:60.000Z", "a leap second"],
    ["2026-11-21T20:14:03.120Z\n", "a newline behind"],
    ["٢026-11-21T20:14:03.120Z", "an Arabic digit"],
  ];
  const numbers = ["", "00", "01", "+1", "-1", "1.0", "1e3", " 1", "9007199254740992", "１", "1\n"];
  const base64 = ["QQ", "QQ=", "QR==", "Q Q=", "QQ==\n", "-_==", "QQ==QQ==", "====", "é==="];
  const ids = ["a".repeat(31), "a".repeat(33), `${"a".repeat(31)}1`, "A".repeat(32), `${"a".repeat(32)}\n`];
  const hashes = ["ab".repeat(31), "AB".repeat(32), `${"ab".repeat(31)}g0`, `${"ab".repeat(32)}\n`];
  return [
    ...times.map(([data, why]) => refuse("time", data ?? "", why ?? "")),
    ...numbers.map((data) => refuse("number", data, "not decimal digits without leading zeros, below 2^53")),
    ...base64.map((data) => refuse("base64", data, "not padded, canonical base64")),
    ...ids.map((data) => refuse("id", data, "not 32 characters a-z2-7")),
    ...hashes.map((data) => refuse("hash", data, "not 64 lower-case hex digits")),
  ];
}

function bentKeys(): Refused[] {
  const lowOrder = ["01", "ec".padEnd(62, "f") + "7f", "00", "00".repeat(31) + "80", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"];
  const other = ["ed".padEnd(62, "f") + "7f", "f0".padEnd(62, "f") + "7f"];
  const unhex = (text: string) => Uint8Array.from(text.padEnd(64, "0").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const { verifier } = signerOf("example.org/key", "note");
  const vkey = String(verifier);
  const bent = [
    [vkey.replace("+", " "), "a space for a plus"],
    [vkey.slice(0, -1), "padding cut"],
    [vkey.replace(/\+[0-9a-f]{8}\+/, "+00000000+"), "another key id"],
    [vkey.toUpperCase(), "upper case"],
    [`${vkey}\n`, "a newline behind"],
  ];
  return [
    ...lowOrder.map((key) => refuse("public-key", unhex(key), "low order")),
    ...other.map((key) => refuse("public-key", unhex(key), "not canonical")),
    refuse("public-key", verifier.key.slice(1), "31 bytes"),
    ...bent.map(([data, why]) => refuse("vkey", data ?? "", why ?? "")),
  ];
}

function bentNotes({ notes }: SignedVectors): Refused[] {
  const [good] = notes;
  if (!good) return [];
  const signer = signerOf(good.name, "note");
  const other = signerOf(good.name, "another");
  const renamed = signerOf("example.org/other", "note");
  const lineOf = (note: string) => note.slice(note.lastIndexOf("\n\n") + 2);
  const flip = (place: number) => {
    const [signature] = Note.parse(utf8(good.note)).signatures;
    const value = Uint8Array.from(signature?.value ?? []);
    value[place] = (value[place] ?? 0) ^ 1;
    return `${good.text}\n${signatureLine(signer.verifier, value)}`;
  };
  const form = [
    [good.text, "no signature"],
    [`${good.text}${lineOf(good.note)}`, "no empty line"],
    [good.note.slice(0, -1), "no newline at the end"],
    [`${good.note}\n`, "an empty line at the end"],
    [good.note.replace("— ", "- "), "a hyphen for the dash"],
    [good.note.replace("— ", "—  "), "two spaces"],
    [good.note.replace("\n", "\r\n"), "a carriage return"],
    [good.note.replace("one", "o\u0001e"), "a control character"],
    [good.note.replace(/[A-Za-z0-9+/=]+\n$/, "QUJD\n"), "a signature of three bytes"],
    [`${"x".repeat(4096)}\n\n${lineOf(good.note)}`, "a text over 4 KiB"],
  ];
  const signed = [
    [good.note.replace("one line", "one lime"), "another text"],
    [flip(0), "R bent"],
    [flip(40), "S bent"],
    [readUtf8("note", other.sign(good.text)), "another key under the same name"],
    [readUtf8("note", renamed.sign(good.text)), "the same key under another name"],
    [good.note + lineOf(good.note), "signed twice"],
    [good.note + lineOf(readUtf8("note", renamed.sign(good.text))), "two signers"],
    [highS(good, signer.verifier), "S not canonical"],
  ];
  return [
    ...form.map(([data, why]) => refuse("note", data ?? "", why ?? "")),
    refuse("note", concat(utf8(good.note), Uint8Array.of(0xff)), "not UTF-8"),
    ...signed.map(([data, why]) => refuse("signed", data ?? "", why ?? "", good.vkey)),
  ];
}

/** The same signature with S + L: it satisfies the equation, but is not canonical. */
function highS(good: SignedText, verifier: Verifier): string {
  const value = Uint8Array.from(Note.parse(utf8(good.note)).signatures[0]?.value ?? []);
  let s = BigInt(`0x${writeHex(value.slice(32).reverse())}`) + ed25519.Point.Fn.ORDER;
  for (let at = 32; at < 64; at++) {
    value[at] = Number(s & 255n);
    s >>= 8n;
  }
  return `${good.text}\n${signatureLine(verifier, value)}`;
}

function bentStatements(statements: readonly StatementVector[]): Refused[] {
  const opening = statements.find(({ form }) => form === "opening");
  const following = statements.filter(({ form }) => form !== "opening");
  const main = statements[1];
  if (!opening || !main) return [];
  const name = Note.parse(utf8(main.note)).signatures[0]?.name ?? "";
  const signer = signerOf(name, "recording");
  const vkey = String(signer.verifier);
  const resign = (text: string) => signer.sign(text);
  const list: Refused[] = [];
  for (const { form, text } of [main, ...following.slice(1, 3), ...following.slice(-1)]) {
    const bent = [
      [text.replace("/v1\n", "/v2\n"), "another version"],
      [text.slice(0, -1), "no newline at the end"],
      [`${text}more 1\n`, "a line too many"],
      [text.replace("\nnumber ", "\nnumber 0"), "a leading zero"],
      [text.replace("\ntime ", "\ntime  "), "two spaces"],
      [text.replace(/\nrecording [a-z2-7]/, "\nrecording 1"), "no base32"],
      [text.replace(/\n(time [^\n]*)\n/, "\n"), "a line left out"],
      [text.replace(/\n$/, " \n"), "a space at the end of a line"],
    ];
    list.push(...bent.map(([data, why]) => refuse("statement", data ?? "", `${form}: ${why}`)));
  }
  const [gap] = following.filter(({ form }) => form === "gap");
  const openings = [
    [main.text.replace("kind film", "kind movie"), "an unknown kind"],
    [main.text.replace("codecs=", "codecs= "), "a space in media"],
    [main.text.replace("recipient age1pq1", "recipient age1"), "not a hybrid recipient"],
    [main.text.replace(/\nrecording [a-z2-7]{32}/, `\nrecording ${recordingId(seedOf("x"))}`), "another key's id"],
    [main.text.replace("continues none", `continues ${Note.parse(utf8(main.note)).signatures[0]?.name.slice(10)} ${"ab".repeat(32)}`), "continues itself"],
    [main.text.replace(/\nafter [^\n]*/, "\nafter 42"), "after without a root"],
    [main.text.replace(/\nclient [^\n]*/, "\nclient x none"), "a client without a version"],
  ];
  return [
    ...list,
    refuse("statement", (gap?.text ?? "").replace("hidden", "asleep"), "an unknown reason"),
    refuse("statement", (gap?.text ?? "").replace(/number \d+/, "number 0"), "number 0 is the opening's"),
    ...openings.map(([text, why]) => refuse("opening", resign(text ?? ""), why ?? "")),
    refuse("opening", gap?.note ?? "", "a gap"),
    refuse("opening", main.note.replace("film", "advice"), "not what was signed"),
    refuse("following", main.note, "an opening", vkey),
    refuse("following", (gap?.note ?? "").replace("hidden", "device"), "not what was signed", vkey),
    refuse("following", resign((gap?.text ?? "").replace(/\nrecording [a-z2-7]{32}/, `\nrecording ${recordingId(seedOf("x"))}`)), "another recording", vkey),
    refuse("following", gap?.note ?? "", "another recording's key", String(signerOf(`recording/${recordingId(ed25519.getPublicKey(seedOf("x")))}`, "x").verifier)),
  ];
}

function bentTexts({ receipts, cards, revocations, organizations, checkpoints }: SignedVectors): Refused[] {
  const bend = (what: string, word: string, good: SignedText | undefined, bents: [RegExp | string, string, string][]) =>
    bents.map(([from, to, why]) => {
      const text = (good?.text ?? "").replace(from, to);
      return refuse(what, signerOf(good?.name ?? "x", word).sign(text), why, good?.vkey ?? null);
    });
  const card = readCard(cards[0]?.text ?? "");
  return [
    ...bend("receipt", "receipts", receipts[0], [
      ["kept", "lost", "an unknown word"],
      ["index 0", "index 00", "a leading zero"],
      [/entry ([0-9a-f]{64}) /, "entry $1  ", "two spaces"],
      [/entry ([0-9a-f]{64}) .*/, "entry $1", "a slot without a digest"],
      ["/v1\n", "/v1 \n", "a space in the first line"],
    ]),
    ...bend("card", "organization", cards[0], [
      ["license CA", "license ca", "a state in lower case"],
      [/(license CA [^\n]*\n)(license NY [^\n]*\n)/, "$2$1", "states out of order"],
      [/(license CA [^\n]*\n)/, "$1$1", "a state twice"],
      [`name ${card.name}`, "name  A", "a space before the name"],
      [`name ${card.name}`, "name A\u00a0", "a space of another kind behind the name"],
      [`name ${card.name}`, `name ${"𝄞".repeat(121)}`, "a name of 121 characters"],
      [`name ${card.name}`, "name A\u2028B", "a line separator in the name"],
      ["recipient age1pq1", "recipient age1", "not a hybrid recipient"],
    ]),
    ...bend("revocation", "receipts", revocations[1], [
      [/lost .*/, `lost ${writeTime(TIME + 1)}`, "lost after it was revoked"],
      [/(time .*\n)(lost .*\n)/, "$2$1", "lines in another order"],
      [/(lost .*\n)/, "$1$1", "a line twice"],
      ["serial ", "serial 1", "no serial"],
    ]),
    ...bend("organization", "organization", organizations[0], [
      ["custodian age1pq1", "custodian age1", "not a hybrid recipient"],
      [/\nreceipts [^\n]*/, "", "a line left out"],
      [/\nlog ([^+]*)\+[0-9a-f]{8}/, "\nlog $1+00000000", "another key id"],
    ]),
    ...bend("checkpoint", "log", checkpoints[1], [
      ["\n5\n", "\n05\n", "a leading zero"],
      [/\n$/, "\nmore\n", "a line too many"],
      [/^[^\n]*/, "other.example.org", "another origin"],
      [/=\n$/, "\n", "base64 without padding"],
    ]),
  ];
}

/** Bends that need an age file: they are made from the one kept. */
export function bentAge([, grant]: readonly AgeVector[]): Refused[] {
  if (!grant) return [];
  const file = Uint8Array.from(atob(grant.file), (char) => char.charCodeAt(0));
  const text = String.fromCharCode(...file);
  const bytes = (latin1: string) => Uint8Array.from(latin1, (char) => char.charCodeAt(0));
  const flip = (at: number) => file.map((byte, place) => (place === at ? byte ^ 1 : byte));
  const stanza = text.slice(text.indexOf("-> "), text.indexOf("\n---") + 1);
  const bents: [Uint8Array, string][] = [
    [file.slice(0, -1), "cut by a byte"],
    [concat(file, Uint8Array.of(0)), "a byte too many"],
    [flip(file.length - 1), "the tag bent"],
    [flip(text.indexOf("\n--- ") + 6), "the MAC bent"],
    [flip(text.indexOf("mlkem768x25519 ") + 40), "the encapsulation bent"],
    [bytes(text.replace(stanza, stanza + stanza)), "two stanzas"],
    [bytes(text.replace("mlkem768x25519", "X25519")), "another kind of stanza"],
    [bytes(text.replace("/v1\n", "/v2\n")), "another version"],
    [new Uint8Array(), "nothing"],
  ];
  return bents.map(([data, why]) => refuse("age", data, why, grant.identity));
}
