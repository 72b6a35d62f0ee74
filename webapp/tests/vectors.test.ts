/** Both vector files hold here, and ours is what this half writes (`-u` writes it anew). */

import { describe, expect, test } from "vitest";
import { readChat, writeLine } from "../src/chat-kept";
import { AccompanyError } from "../src/errors";
import { openCard, openOrganization, readCard, readOrganization, writeCard, writeOrganization } from "../src/evidence/cards";
import { openCheckpoint, readCheckpoint, writeCheckpoint } from "../src/evidence/checkpoints";
import { checkInclusion } from "../src/evidence/merkle";
import { Note, Signer, Verifier, checkPublicKey, openNote } from "../src/evidence/notes";
import { namedEntry, openReceipt, readReceipt, statementEntry, writeReceipt } from "../src/evidence/receipts";
import { readRevocation, writeRevocation } from "../src/evidence/revocations";
import { openFollowing, openOpening, readStatement, recordingVerifier, writeStatement } from "../src/evidence/statements";
import {
  readBase32,
  readBase64,
  readHex,
  readNumber,
  readTime,
  readUtf8,
  utf8,
  writeBase64,
  writeHex,
  writeTime,
} from "../src/evidence/text";
import { checkHeader, opener, recipientOf } from "../src/seal/age";
import { type AgeVector, type Refused, type SignedText, type Vectors, bentAge, makeVectors } from "./vectors";

const found = import.meta.glob("../../tests/vectors/from-*.json", { eager: true, import: "default" }) as Record<
  string,
  Vectors
>;
const OURS = "../../tests/vectors/from-typescript.json";

test("what this half writes is what from-typescript.json says", async () => {
  const kept = await stillOpening(found[OURS]?.age ?? []);
  const vectors = await makeVectors(kept);
  vectors.refused.push(...bentAge(vectors.age));
  await expect(`${JSON.stringify(vectors, null, 1)}\n`).toMatchFileSnapshot(OURS);
});

async function stillOpening(list: readonly AgeVector[]): Promise<AgeVector[]> {
  const opened = await Promise.all(
    list.map(({ identity, file }) => opener(identity)(readBase64(file)).then(() => true, () => false)),
  );
  return opened.every(Boolean) ? [...list] : [];
}

describe.each(Object.entries(found))("%s", (_, vectors) => {
  const signed = (list: keyof Vectors & ("notes" | "receipts" | "cards" | "revocations" | "organizations" | "checkpoints")) =>
    vectors[list] as SignedText[];

  test("notes are signed to the same bytes, and open", () => {
    const lists = (["notes", "receipts", "cards", "revocations", "organizations", "checkpoints"] as const).flatMap(signed);
    for (const { name, seed, text, note, vkey } of lists) {
      const signer = new Signer(name, readHex(seed, 32));
      expect(readUtf8("note", signer.sign(text))).toBe(note);
      expect(String(signer.verifier)).toBe(vkey);
      expect(openNote(utf8(note), Verifier.parse(vkey))).toBe(text);
      expect(String(Note.parse(utf8(note)))).toBe(note);
    }
  });

  test("texts are read and written again to the same bytes", () => {
    for (const { text } of signed("receipts")) expect(writeReceipt(readReceipt(text))).toBe(text);
    for (const { text } of signed("cards")) expect(writeCard(readCard(text))).toBe(text);
    for (const { text } of signed("revocations")) expect(writeRevocation(readRevocation(text))).toBe(text);
    for (const { text } of signed("organizations")) expect(writeOrganization(readOrganization(text))).toBe(text);
    for (const { text } of signed("checkpoints")) expect(writeCheckpoint(readCheckpoint(text))).toBe(text);
    for (const { milliseconds, text } of vectors.times) {
      expect(writeTime(milliseconds)).toBe(text);
      expect(readTime(text)).toBe(milliseconds);
    }
  });

  test("statements are written, signed and bound to the log alike", () => {
    let opening: Uint8Array = new Uint8Array();
    for (const { form, seed, text, note, digest, slot } of vectors.statements) {
      const statement = readStatement(text);
      expect(statement.form).toBe(form);
      expect(writeStatement(statement)).toBe(text);
      const signer = new Signer(`recording/${statement.recording}`, readHex(seed, 32));
      expect(readUtf8("note", signer.sign(text))).toBe(note);
      if (form === "opening") opening = utf8(note);
      const again = form === "opening" ? openOpening(utf8(note)) : openFollowing(utf8(note), signer.verifier);
      expect(again).toEqual(statement);
      const entry = statementEntry(opening, statement.number, utf8(note));
      expect([writeHex(entry.slot), writeHex(entry.digest)]).toEqual([slot, digest]);
    }
  });

  test("entries and proofs come out alike", () => {
    for (const { what, name, data, slot, digest } of vectors.entries) {
      const entry = namedEntry(what, name, readBase64(data));
      expect([writeHex(entry.slot), writeHex(entry.digest)]).toEqual([slot, digest]);
    }
    for (const { index, size, leaf, path, root } of vectors.proofs) {
      const hashes = path.map((hash) => readHex(hash, 32));
      checkInclusion(index, size, readHex(leaf, 32), hashes, readHex(root, 32));
    }
  });

  test("a chat is written and read alike", () => {
    for (const { segment, ...line } of vectors.chat) {
      expect(writeBase64(writeLine(line))).toBe(segment);
      expect(readChat(readUtf8("chat", readBase64(segment)))).toEqual([line]);
    }
  });

  test("age files open", async () => {
    for (const { identity, recipient, file, plaintext } of vectors.age) {
      expect(await recipientOf(identity)).toBe(recipient);
      expect(writeBase64(await opener(identity)(readBase64(file)))).toBe(plaintext);
    }
  });

  test.each(vectors.refused.map((one, at) => [at, one.what, one.why, one] as const))(
    "%i: %s is refused: %s",
    async (_at, _what, _why, refused) => {
      await expect(async () => await read(refused)).rejects.toThrow(AccompanyError);
    },
  );
});

async function read({ what, data, key }: Refused): Promise<unknown> {
  const bytes = readBase64(data);
  const text = () => readUtf8(what, bytes);
  const verifier = () => Verifier.parse(key ?? "");
  switch (what) {
    case "time":
      return readTime(text());
    case "number":
      return readNumber(text());
    case "id":
      return readBase32(text());
    case "base64":
      return readBase64(text());
    case "hash":
      return readHex(text(), 32);
    case "vkey":
      return Verifier.parse(text());
    case "public-key":
      return checkPublicKey(bytes);
    case "note":
      return Note.parse(bytes);
    case "signed":
      return openNote(bytes, verifier());
    case "statement":
      return readStatement(text());
    case "opening":
      return openOpening(bytes);
    case "following":
      return openFollowing(bytes, recordingVerifier(verifier().key));
    case "receipt":
      return openReceipt(bytes, verifier());
    case "card":
      return openCard(bytes, verifier());
    case "revocation":
      return readRevocation(openNote(bytes, verifier()));
    case "organization":
      return openOrganization(bytes, verifier());
    case "checkpoint":
      return openCheckpoint(bytes, verifier());
    case "age":
      checkHeader(bytes);
      return await opener(key ?? "")(bytes);
    default:
      throw new Error(`unknown reader ${what}`);
  }
}
