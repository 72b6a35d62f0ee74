import fc from "fast-check";
import { expect, test } from "vitest";
import { identityOf, openKeys, sealKeys, tokenOf } from "../../src/account/vault";
import { readWords, wordsOf } from "../../src/account/words";
import { isNumber } from "../../src/account/passkeys";
import { sealer, recipientOf } from "../../src/seal/age";
import { utf8 } from "../../src/evidence/text";
import { freshKeys } from "../../src/keys";

const secret = Uint8Array.from({ length: 16 }, (_, n) => n);
const another = new Uint8Array(16);
const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 });

test("what a secret seals, that secret opens and no other", async () => {
  const keys = await freshKeys();
  const sealed = await sealKeys(keys, secret);
  expect(await openKeys(sealed, secret)).toEqual(keys);
  await expect(openKeys(sealed, another)).rejects.toThrow();
  const bent = sealed.slice();
  bent[bent.length - 1]! ^= 1;
  await expect(openKeys(bent, secret)).rejects.toThrow();
});

test("nothing of the keys can be read in what is sealed", async () => {
  const keys = await freshKeys();
  const text = new TextDecoder("latin1").decode(await sealKeys(keys, secret));
  expect(text).not.toContain(keys.identity);
  expect(text).not.toContain(identityOf(secret));
});

test("what opens and is no bundle of keys is refused", async () => {
  const seal = sealer(await recipientOf(identityOf(secret)));
  for (const text of ["{}", "[]", "null", '{"seed":"AA==","identity":"x"}', "text"]) {
    await expect(openKeys(await seal(utf8(text)), secret)).rejects.toThrow();
  }
});

test("identity and token of one secret are the same for ever, and apart", () => {
  expect(identityOf(secret)).toBe(identityOf(secret.slice()));
  expect(identityOf(secret)).toMatch(/^AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}$/);
  expect(identityOf(secret)).not.toBe(identityOf(another));
  expect(tokenOf(secret)).toHaveLength(32);
  expect(tokenOf(secret)).not.toEqual(tokenOf(another));
});

test("twelve words say a secret, however they are typed", () => {
  fc.assert(
    fc.property(secrets, (given) => {
      const words = wordsOf(given);
      expect(words).toHaveLength(12);
      expect(readWords(words.join(" "))).toEqual(given);
      expect(readWords(words.map((word, n) => ` ${n + 1}. ${word.toUpperCase()}\n`).join(""))).toEqual(given);
      expect(readWords(words.map((word) => word.slice(0, 4)).join(", "))).toEqual(given);
      expect(readWords(words.slice(1).join(" "))).toBeNull();
      expect(readWords([...words, ...words].join(" "))).toBeNull();
    }),
    { numRuns: 20 },
  );
});

test("what is no sheet is none", () => {
  for (const text of ["", "abandon", "twelve words that are in no list at all of them not one here"]) {
    expect(readWords(text)).toBeNull();
  }
  expect(readWords("abandon ".repeat(12))).toBeNull();
});

test("an address that is a number has no passkeys", () => {
  for (const host of ["127.0.0.1", "192.168.1.7", "[::1]", "::1"]) expect(isNumber(host)).toBe(true);
  for (const host of ["localhost", "duty.example.org", "1and1.example"]) expect(isNumber(host)).toBe(false);
});
