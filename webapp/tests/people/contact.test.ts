import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Service } from "../../src/contracts";
import { Signer } from "../../src/evidence/notes";
import { readUtf8 } from "../../src/evidence/text";
import { readAddress, readWords, recipientOfService, sealContact, writeContact } from "../../src/people/contact";
import { generateAgeKeys, opener } from "../../src/seal/age";

const CONTACT = {
  channel: "sms",
  address: "+15551234567",
  test: "A test.",
  pressed: "Me detuvo la policía.",
  safe: "I am safe.",
  overdue: "I am late.",
} as const;

describe("an address", () => {
  test.each([
    ["sms", "+1 (555) 123-4567", "+15551234567"],
    ["whatsapp", "0052 1 55 1234 5678", "+5215512345678"],
    ["email", " mum.a+b@example.org ", "mum.a+b@example.org"],
  ] as const)("%s %s is written in one form", (channel, typed, address) => {
    expect(readAddress(channel, typed)).toBe(address);
  });

  test.each([
    ["sms", "555 123 4567"],
    ["sms", "+0 555 123 4567"],
    ["sms", "mum@example.org"],
    ["sms", ""],
    ["email", "+15551234567"],
    ["email", "a@b"],
    ["email", "a@example.org, b@example.org"],
    ["email", "a%0ab@example.org"],
  ] as const)("%s %j is none", (channel, typed) => {
    expect(readAddress(channel, typed)).toBeNull();
  });
});

describe("words", () => {
  test("are put on one line", () => {
    expect(readWords("  I was\n  stopped. ", 300)).toBe("I was stopped.");
    expect(readWords("x".repeat(300), 300)).toHaveLength(300);
  });

  test.each(["", " \n ", "x".repeat(301), "see https://a.example", "www.a.example", "a.example/b", "me@a.example", "nul\0"])(
    "%j are none",
    (typed) => expect(readWords(typed, 300)).toBeNull(),
  );

  test("that are taken have nothing in them that ends a line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (typed) => {
        expect(readWords(typed, 300) ?? "").not.toMatch(/[\r\n\u2028\u2029\0]/);
      }),
    );
  });
});

describe("what is sealed", () => {
  test("opens to the contact with the service's key alone, and its size says little", async () => {
    const { identity, recipient } = await generateAgeKeys();
    const longer = { ...CONTACT, channel: "email" as const, address: "somebody.else@example.org", pressed: "y".repeat(200) };
    const [one, other] = [await sealContact(CONTACT, recipient), await sealContact(longer, recipient)];
    expect(JSON.parse(readUtf8("contact", await opener(identity)(one)))).toEqual(CONTACT);
    expect(one.length).toBe(other.length);
    await expect(opener((await generateAgeKeys()).identity)(one)).rejects.toThrow();
  });

  test("is padded with spaces, which JSON does not mind", () => {
    fc.assert(
      fc.property(fc.string(), (pressed) => {
        const data = writeContact({ ...CONTACT, pressed });
        expect(data.length % 1024).toBe(0);
        expect(JSON.parse(readUtf8("contact", data))).toEqual({ ...CONTACT, pressed });
      }),
    );
  });
});

describe("whom to seal to", () => {
  const signer = new Signer("log.example/organization", new Uint8Array(32).fill(7));
  const other = new Signer("log.example/organization", new Uint8Array(32).fill(8));
  const service = (by: Signer, text: string): Service =>
    ({
      origin: "log.example",
      organization_key: String(signer.verifier),
      telling: { note: readUtf8("note", by.sign(text)), channels: [], contacts: 5, characters: 300, minutes: [] },
    }) as unknown as Service;
  const TEXT = "accompany/telling/v1\nlog log.example\nrecipient age1pqx\n";

  test("is what the organization signed for this log", () => {
    expect(recipientOfService(service(signer, TEXT))).toBe("age1pqx");
  });

  test.each([
    ["another's signature", service(other, TEXT)],
    ["another log", service(signer, TEXT.replace("log.example", "log.other"))],
    ["another text", service(signer, TEXT.replace("telling", "organization"))],
    ["a line more", service(signer, `${TEXT}more x\n`)],
  ])("is not taken with %s", (_, bent) => {
    expect(() => recipientOfService(bent)).toThrow();
  });
});
