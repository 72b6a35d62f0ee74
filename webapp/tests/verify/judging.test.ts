/** Signatures and stamps beyond the corpus: public edge cases by both judges, and an expired signer. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { AccompanyError } from "../../src/errors";
import { Note, Verifier, checkPublicKey } from "../../src/evidence/notes";
import { readBase64, readHex, utf8, writeBase64 } from "../../src/evidence/text";
import { Notes, nativeAgrees } from "../../src/verify/notes";
import { checkStamp, readAnchors } from "../../src/verify/timestamps";
import { readCertificate } from "../../src/verify/certificate";
import { publicVectors } from "../public-vectors";

interface Edge {
  number: number;
  key: string;
  sig: string;
  msg: string;
  flags: string[] | null;
}

interface Wycheproof {
  testGroups: { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string; result: string }[] }[];
}

const edges = publicVectors<Edge[]>("ed25519", "ed25519vectors.json");
const wycheproof = publicVectors<Wycheproof>("wycheproof", "ed25519_test.json");

/** Whether a note of this text and this one signature line is taken for the key's. */
async function judged(notes: Notes, key: Verifier, text: string, signature: Uint8Array): Promise<boolean> {
  const note = Object.create(Note.prototype, {
    text: { value: text },
    signatures: { value: [{ name: key.name, id: key.id, value: signature }] },
  }) as Note;
  return await notes.signedBy(note, key, "note").then(
    () => true,
    (error: unknown) => {
      if (error instanceof AccompanyError) return false;
      throw error;
    },
  );
}

const unhex = (text: string) => readHex(text, text.length / 2);

test("this runtime's own Ed25519 judges as OpenSSL does, and is used", async () => {
  expect(await nativeAgrees()).toBe(true);
});

describe.each([
  ["the browser's own", true],
  ["ours", false],
])("by %s", (_, native) => {
  test.skipIf(!edges)("the C2SP edge cases are judged without the cofactor", async () => {
    const notes = await Notes.begin(native);
    let seen = 0;
    for (const { number, key, sig, msg, flags } of edges ?? []) {
      const has = (...names: string[]) => names.some((name) => flags?.includes(name));
      if (has("low_order_A", "non_canonical_A")) continue;
      const held = await judged(notes, new Verifier("x", checkPublicKey(unhex(key))), msg, unhex(sig));
      expect(held, String(number)).toBe(!has("low_order_residue", "non_canonical_R"));
      seen += 1;
    }
    expect(seen).toBeGreaterThan(300);
  });

  test.skipIf(!wycheproof)("Wycheproof's cases are judged as it says", async () => {
    const notes = await Notes.begin(native);
    for (const { publicKey, tests } of wycheproof?.testGroups ?? []) {
      const key = new Verifier("x", unhex(publicKey.pk));
      for (const { tcId, msg, sig, result } of tests) {
        // A note's text is a text: cases over other bytes are given to the key itself.
        const bytes = unhex(msg);
        const text = new TextDecoder().decode(bytes);
        const plain = writeBase64(utf8(text)) === writeBase64(bytes);
        const held = plain ? await judged(notes, key, text, unhex(sig)) : key.holds(bytes, unhex(sig));
        expect(held, String(tcId)).toBe(result === "valid");
      }
    }
  });
});

test("a signer whose certificate has expired since is judged at the time stamped", async () => {
  const file = resolve(import.meta.dirname, "../../../tests/vectors/expired-signer.json");
  const past = JSON.parse(readFileSync(file, "utf8")) as { text: string; token: string; roots: string };
  const roots = readAnchors(utf8(past.roots)).map((der) => readCertificate(der));
  const stamp = await checkStamp(readBase64(past.token), past.text, roots, roots);
  expect(stamp).toEqual({ time: 1795304713000, earliest: 1795304711500, latest: 1795304715499 });
  await expect(checkStamp(readBase64(past.token), `${past.text} `, roots, roots)).rejects.toThrow(AccompanyError);
});
