import { describe, expect, test } from "vitest";
import { missingOf, readCode, readLink, writeLink } from "../../src/caller/choices";
import { unbroken } from "../../src/ui/frame";
import { browserPinOf } from "../../src/caller/pin";
import { pinOf, trust } from "../../src/caller/trust";
import type { Service } from "../../src/contracts";
import { writeOrganization } from "../../src/evidence/cards";
import { Signer } from "../../src/evidence/notes";
import { readUtf8 } from "../../src/evidence/text";

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const ORIGIN = "accompany.example/log";
const organization = new Signer(`${ORIGIN}/organization`, seed(1));

function serviceBy(signer: Signer, origin = ORIGIN): Service {
  const said = {
    name: "Legal Aid",
    custodian: `age1pq1${"q".repeat(200)}`,
    log: new Signer(origin, seed(2)).verifier,
    receipts: new Signer(`${origin}/receipts`, seed(3)).verifier,
  };
  return {
    origin: ORIGIN,
    organization_key: String(signer.verifier),
    organization: readUtf8("note", signer.sign(writeOrganization(said))),
    policy: "",
    demonstration: false,
    hotline: null,
    hotline_sms: null,
    officer_card: {},
    engagement: {},
    telling: { note: "", channels: [], contacts: 5, characters: 300, minutes: [0, 15] },
    states: ["CA", "TX"],
    languages: ["en", "es"],
    ice: [],
    relay: false,
    time: "2026-11-21T20:14:03.120Z",
  };
}

const service = serviceBy(organization);

const NOTHING = { code: null, pin: null, state: null, language: null };

describe("whose server this is", () => {
  test("the organization that the link pins is believed", () => {
    const found = trust(service, pinOf(service.organization_key));
    expect(found).toMatchObject({ organization: { name: "Legal Aid" } });
  });

  test("the first time, without a link, it is taken on trust", () => {
    expect(trust(service, null)).toHaveProperty("organization");
  });

  test("another key than the pinned one is refused, however well it signs", () => {
    const other = serviceBy(new Signer(organization.name, seed(9)));
    expect(trust(other, pinOf(service.organization_key))).toEqual({ refused: "key" });
  });

  test("a note by another key than the one shown is refused", () => {
    const mixed = { ...service, organization: serviceBy(new Signer(organization.name, seed(9))).organization };
    expect(trust(mixed, null)).toEqual({ refused: "note" });
  });

  test("a note about another log is refused", () => {
    expect(trust(serviceBy(organization, "elsewhere.example/log"), null)).toEqual({ refused: "note" });
  });

  test("a pin is the same, whoever hashes", async () => {
    expect(await browserPinOf(service.organization_key)).toBe(pinOf(service.organization_key));
  });

  test("a pin is 32 characters of base32", () => {
    expect(pinOf(service.organization_key)).toMatch(/^[a-z2-7]{32}$/);
  });
});

describe("what a link says", () => {
  test("code and key", () => {
    const pin = "a".repeat(32);
    expect(readLink(`#code=ab12-cd34&key=${pin}`)).toEqual({ ...NOTHING, code: "AB12-CD34", pin });
  });

  test("what is not in form is left out", () => {
    expect(readLink("#code=hello&key=short&state=Texas&language=<b>")).toEqual(NOTHING);
    expect(readLink("")).toEqual(NOTHING);
  });

  test("what was chosen comes back from a link of one's own, and what was not is not in it", () => {
    const [choices, pin] = [{ code: "AB12-CD34", state: "TX", language: "zh-Hans" }, "b".repeat(32)];
    expect(readLink(writeLink(choices, pin))).toEqual({ ...choices, pin });
    expect(writeLink({ code: "AB", state: "", language: "es" }, null)).toBe("#language=es");
  });

  test("a code is read as people type it", () => {
    for (const typed of ["AB12-CD34", " ab12 cd34 ", "ab12cd34", "ab12–cd34"]) {
      expect(readCode(typed)).toBe("AB12-CD34");
    }
    expect(readCode("ab12-cd3")).toBeNull();
  });

  test("a code is shown in one piece, and read again as it is copied from there", () => {
    const shown = unbroken("AB12-CD34");
    // A word joiner on either side of the hyphen: no line ends there (UAX 14).
    expect([...shown].map((one) => one.codePointAt(0)).slice(4, 7)).toEqual([0x2060, 0x2d, 0x2060]);
    expect(readCode(shown)).toBe("AB12-CD34");
    // On a page that is read from right to left it is kept in its own direction as well; the field takes twelve.
    expect(readCode(`\u2068${shown}\u2069`.slice(0, 12))).toBe("AB12-CD34");
    expect(readLink(`#code=${encodeURIComponent(shown)}`).code).toBe("AB12-CD34");
  });
});

test("a press says the first thing that is missing, in the order of the page", () => {
  const choices = { state: "CA", language: "es", code: "AB12-CD34" };
  expect(missingOf(choices, service)).toBeNull();
  expect(missingOf({ ...choices, code: "AB12" }, service)).toBe("code");
  expect(missingOf({ ...choices, language: "xx", code: "" }, service)).toBe("language");
  expect(missingOf({ state: "", language: "", code: "" }, service)).toBe("state");
});
