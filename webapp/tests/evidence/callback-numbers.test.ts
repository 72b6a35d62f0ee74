/** A number to be called back on, as it is sealed here and in Python: one form, one size. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../../../tests/vectors/callback-numbers.json";
import { AccompanyError, Malformed } from "../../src/errors";
import {
  MESSAGES,
  PLAIN_BYTES,
  SEALED_BYTES,
  WHEN_CHARACTERS,
  openNumber,
  readNumber,
  sealNumber,
  tidyNumber,
  tidyWhen,
  writeNumber,
  type CallbackNumber,
} from "../../src/evidence/callback-numbers";
import { readBase64, utf8 } from "../../src/evidence/text";
import { generateAgeKeys, recipientOf, sealer } from "../../src/seal/age";

const ONE: CallbackNumber = { encounter: "a".repeat(32), number: "+15550107071", message: "no", when: "after six" };
const keys = await generateAgeKeys();

describe("vectors", () => {
  test.each([...vectors.from_python, ...vectors.from_typescript])("what either half sealed opens to the byte", async ({ text, file }) => {
    const found = await openNumber(readBase64(file), vectors.encounter, vectors.identity);
    expect(writeNumber(found)).toBe(text);
  });

  test("this half is among them", async () => {
    expect(vectors.from_typescript.length).toBeGreaterThan(0);
    const recipient = await recipientOf(vectors.identity);
    for (const { text } of vectors.from_typescript) {
      expect((await sealNumber(readNumber(text), recipient)).length).toBe(SEALED_BYTES);
    }
  });

  test.each(vectors.refused)("what either half refuses the other refuses: %j", async (text) => {
    expect(() => readNumber(text)).toThrow(Malformed);
    const data = new Uint8Array(PLAIN_BYTES);
    data.set(utf8(text));
    const sealed = await sealer(await recipientOf(vectors.identity))(data);
    await expect(openNumber(sealed, vectors.encounter, vectors.identity)).rejects.toThrow(AccompanyError);
  });
});

test("a number is read as it was written, whatever was typed for a time", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\+?[0-9]{7,15}$/), fc.constantFrom(...MESSAGES), fc.string({ unit: "binary", maxLength: 40 }), (number, message, typed) => {
      const when = tidyWhen(typed);
      if (when === null) return;
      const one = { encounter: ONE.encounter, number, message, when };
      expect(readNumber(writeNumber(one))).toEqual(one);
    }),
    { numRuns: 40 },
  );
});

test.each([{ ...ONE, when: "" }, { ...ONE, number: "5550107", when: "\u{1f550}".repeat(WHEN_CHARACTERS) }])(
  "every sealed number is as long as every other",
  async (one) => {
    const sealed = await sealNumber(one, keys.recipient);
    expect(sealed.length).toBe(SEALED_BYTES);
    expect(await openNumber(sealed, ONE.encounter, keys.identity)).toEqual(one);
  },
);

test("what is no number is refused, and nothing of it quoted", async () => {
  const sealed = await sealNumber(ONE, keys.recipient);
  const other = await generateAgeKeys();
  const bent = (text: string): Promise<Uint8Array> => {
    const data = new Uint8Array(PLAIN_BYTES);
    data.set(utf8(text));
    return sealer(keys.recipient)(data);
  };
  const files = [
    [sealed, "b".repeat(32), keys.identity],
    [sealed, ONE.encounter, other.identity],
    [sealed.subarray(1), ONE.encounter, keys.identity],
    [sealed.with(-1, (sealed.at(-1) ?? 0) ^ 1), ONE.encounter, keys.identity],
    [await bent(""), ONE.encounter, keys.identity],
    [await bent(`${writeNumber(ONE)}\0x`), ONE.encounter, keys.identity],
    [await bent(writeNumber(ONE).replace("no\n", "maybe\n")), ONE.encounter, keys.identity],
    [await sealer(keys.recipient)(utf8(writeNumber(ONE))), ONE.encounter, keys.identity],
  ] as const;
  for (const [file, encounter, identity] of files) {
    const refused: unknown = await openNumber(file, encounter, identity).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AccompanyError);
    expect(String(refused)).not.toContain("5550107071");
  }
});

test.each([
  ["+1 (555) 010-7071", "+15550107071"],
  ["0049 30 1234567", "+49301234567"],
  ["٠١٢٣٤٥٦٧٨٩", "0123456789"],
  ["۰۹۱۲۳۴۵۶۷", "091234567"],
  ["੫੫੫੦੧੦੭", "5550107"],
  ["\u202a555 0107\u202c", "5550107"],
  ["911", null],
  ["555-CALL", null],
  ["1234567890123456", null],
  ["", null],
])("%s is sent as %s", (typed, number) => {
  expect(tidyNumber(typed)).toBe(number);
});

test("a time that is too long is none", () => {
  expect(tidyWhen("x".repeat(WHEN_CHARACTERS + 1))).toBe(null);
  expect(tidyWhen(" after\nsix\u202e ")).toBe("after six");
});
