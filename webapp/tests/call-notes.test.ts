import { describe, expect, test } from "vitest";
import {
  CallRefused,
  OFFER_LIFE,
  acceptAhead,
  acceptAnswer,
  acceptCard,
  acceptOffer,
  fingerprintOf,
  noteDigest,
  writeAhead,
  writeAnswer,
  writeOffer,
} from "../src/call-notes";
import { writeCard, type Card } from "../src/evidence/cards";
import { Signer } from "../src/evidence/notes";
import { recordingId, writeStatement, type Opening } from "../src/evidence/statements";
import { readUtf8 } from "../src/evidence/text";

const NOW = Date.parse("2026-11-21T20:14:03.120Z");
const ENCOUNTER = "e".repeat(32);
const OTHER = "f".repeat(32);
const SERIAL = "s".repeat(32);
const RECIPIENT = `age1pq1${"q".repeat(200)}`;

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const sign = (signer: Signer, text: string): string => readUtf8("note", signer.sign(text));

const organization = new Signer("accompany.example/organization", seed(1));
const vkey = String(organization.verifier);
const attorney = new Signer(`attorney/${SERIAL}`, seed(2));
const impostor = new Signer(`attorney/${SERIAL}`, seed(3));

const CARD: Card = {
  serial: SERIAL,
  name: "Ada Advocate",
  recipient: RECIPIENT,
  key: attorney.verifier.key,
  licenses: [{ state: "CA", checked: "2026-11-01" }],
  since: NOW - 1000,
  until: NOW + 86_400_000,
};
const cardNote = (card: Card = CARD, by: Signer = organization): string => sign(by, writeCard(card));

function print(byte: string): string {
  return Array.from({ length: 32 }, () => byte).join(":");
}

function description(type: "offer" | "answer", ...prints: string[]): RTCSessionDescriptionInit {
  const lines = ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111"];
  for (const each of prints) lines.push(`a=fingerprint:sha-256 ${each}`, "m=video 9 UDP/TLS/RTP/SAVPF 96");
  return { type, sdp: `${lines.join("\r\n")}\r\n` };
}

const AA = "aa".repeat(32);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CallRefused) return error.what;
    throw error;
  }
  return "accepted";
}

describe("the fingerprint a description shows", () => {
  test("is hex, however it was written", () => {
    expect(fingerprintOf(description("offer", print("AA"), print("aa")))).toBe(AA);
  });

  test.each([
    ["none", { type: "offer", sdp: "v=0\r\n" } as const],
    ["no text at all", { type: "offer" } as const],
    ["two that differ", description("offer", print("AA"), print("AB"))],
    ["another hash beside it", {
      type: "offer",
      sdp: `a=fingerprint:sha-256 ${print("AA")}\r\na=fingerprint:sha-1 ${print("AA").slice(0, 59)}\r\n`,
    } as const],
    ["one hidden after spaces", {
      type: "offer",
      sdp: `a=fingerprint:sha-256 ${print("AA")}\r\n a=fingerprint:sha-256 ${print("AB")}\r\n`,
    } as const],
    ["one hidden behind a lone carriage return", {
      type: "offer",
      sdp: `a=fingerprint:sha-256 ${print("AA")}\ra=fingerprint:sha-256 ${print("AB")}\n`,
    } as const],
    ["one in capitals", {
      type: "offer",
      sdp: `a=fingerprint:sha-256 ${print("AA")}\r\nA=FINGERPRINT:sha-256 ${print("AB")}\r\n`,
    } as const],
    ["a short one", description("offer", "AA:AA")],
  ])("%s is refused", (_, given) => {
    expect(refusal(() => fingerprintOf(given))).toBe("fingerprint");
  });
});

describe("the attorney's card", () => {
  test("is believed by the organization's key, within its time", () => {
    expect(acceptCard(cardNote(), vkey, NOW).name).toBe("Ada Advocate");
  });

  test.each([
    ["signed by somebody else", () => acceptCard(cardNote(CARD, new Signer(organization.name, seed(9))), vkey, NOW)],
    ["not yet valid", () => acceptCard(cardNote(), vkey, CARD.since - 1)],
    ["no longer valid", () => acceptCard(cardNote(), vkey, CARD.until)],
    ["no note", () => acceptCard("hello", vkey, NOW)],
    ["with another name written in", () => acceptCard(cardNote().replace("Ada", "Eve"), vkey, NOW)],
  ])("%s is refused", (_, work) => {
    expect(refusal(work)).toBe("card");
  });
});

describe("the phone takes an offer", () => {
  const text = writeOffer({ encounter: ENCOUNTER, fingerprint: AA, expires: NOW + OFFER_LIFE });
  const offer = description("offer", print("AA"));
  const expected = { encounter: ENCOUNTER, now: NOW };
  const take = (note: string, given = offer, card = CARD, want = expected): string =>
    refusal(() => acceptOffer(card, note, given, want));

  test("of the card's key, for this encounter, in time", () => {
    expect(acceptOffer(CARD, sign(attorney, text), offer, expected)).toBe(AA);
  });

  test("not with a certificate that was put in its place", () => {
    expect(take(sign(attorney, text), description("offer", print("AB")))).toBe("fingerprint");
  });

  test("not of another key under the same name", () => {
    expect(take(sign(impostor, text))).toBe("offer");
  });

  test("not of another attorney than the card names", () => {
    const stranger = new Signer(`attorney/${"t".repeat(32)}`, seed(4));
    expect(take(sign(stranger, text))).toBe("offer");
  });

  test("not for another encounter", () => {
    expect(take(sign(attorney, text), offer, CARD, { encounter: OTHER, now: NOW })).toBe("encounter");
  });

  test("not after its expiry, and not one that was signed far ahead", () => {
    const late = { encounter: ENCOUNTER, now: NOW + OFFER_LIFE + 1 };
    const early = { encounter: ENCOUNTER, now: NOW - OFFER_LIFE - 1 };
    expect(take(sign(attorney, text), offer, CARD, late)).toBe("expired");
    expect(take(sign(attorney, text), offer, CARD, early)).toBe("expired");
  });

  test("not an answer under an offer's note", () => {
    expect(take(sign(attorney, text), description("answer", print("AA")))).toBe("offer");
  });

  test("not a text with one line more", () => {
    expect(take(sign(attorney, `${text}note 1\n`))).toBe("offer");
  });
});

describe("the console takes an answer", () => {
  const recording = new Signer("recording/x", seed(5));
  const id = recordingId(recording.verifier.key);
  const phone = new Signer(`recording/${id}`, seed(5));
  const other = new Signer(`recording/${recordingId(new Signer("x", seed(6)).verifier.key)}`, seed(6));

  const opening = (encounter = ENCOUNTER, by = phone): string => {
    const statement: Opening = {
      form: "opening",
      recording: recordingId(by.verifier.key),
      number: 0,
      time: NOW,
      key: by.verifier.key,
      kind: "film",
      media: "video/mp4",
      recipient: RECIPIENT,
      grants: new Uint8Array(32),
      encounter,
      continues: null,
      log: "accompany.example/log",
      after: null,
      client: "accompany-web/0.1.0 none",
    };
    return sign(by, writeStatement(statement));
  };

  const offered = sign(attorney, writeOffer({ encounter: ENCOUNTER, fingerprint: AA, expires: NOW + OFFER_LIFE }));
  const said = { encounter: ENCOUNTER, recording: id, fingerprint: AA, offer: noteDigest(offered), expires: NOW + OFFER_LIFE };
  const answer = description("answer", print("AA"));
  const expected = { encounter: ENCOUNTER, now: NOW };
  const take = (note: string, open = opening(), given = answer): string =>
    refusal(() => acceptAnswer(offered, open, note, given, expected));

  test("of the key that opened a recording of this encounter", () => {
    const found = acceptAnswer(offered, opening(), sign(phone, writeAnswer(said)), answer, expected);
    expect(found).toEqual({ recording: id, fingerprint: AA });
  });

  test("not with a certificate that was put in its place", () => {
    const forged = description("answer", print("AC"));
    expect(take(sign(phone, writeAnswer(said)), opening(), forged)).toBe("fingerprint");
  });

  test("not of a recording of another encounter", () => {
    expect(take(sign(phone, writeAnswer(said)), opening(OTHER))).toBe("encounter");
  });

  test("not for another encounter than its opening's", () => {
    expect(take(sign(phone, writeAnswer({ ...said, encounter: OTHER })))).toBe("encounter");
  });

  test("not of a key that opened nothing", () => {
    expect(take(sign(other, writeAnswer(said)))).toBe("answer");
  });

  test("not naming another recording than its opening", () => {
    expect(take(sign(phone, writeAnswer({ ...said, recording: other.name.slice(10) })))).toBe("answer");
  });

  test("not to another offer: an old answer cannot be played again", () => {
    expect(take(sign(phone, writeAnswer({ ...said, offer: "00".repeat(32) })))).toBe("offer");
  });

  test("not after its expiry", () => {
    expect(take(sign(phone, writeAnswer({ ...said, expires: NOW - 1 })))).toBe("expired");
  });

  test("not with an opening that was changed", () => {
    const bent = opening().replace("kind film", "kind sound");
    expect(take(sign(phone, writeAnswer(said)), bent)).toBe("opening");
  });

  describe("that was offered ahead", () => {
    const ahead = { encounter: ENCOUNTER, recording: id, fingerprint: AA, expires: NOW + OFFER_LIFE };
    const offer = description("offer", print("AA"));
    const prepare = (bent: Partial<typeof ahead> = {}, by = phone, open = opening(), shown = offer): string => {
      const note = sign(by, writeAhead({ ...ahead, ...bent }));
      return refusal(() => acceptAhead({ note, opening: open, description: shown }, expected));
    };

    test("by the key that opened a recording of this encounter", () => {
      const given = { note: sign(phone, writeAhead(ahead)), opening: opening(), description: offer };
      expect(acceptAhead(given, expected)).toEqual({ recording: id, fingerprint: AA });
    });

    test.each([
      ["with a certificate that was put in its place", () => prepare({}, phone, opening(), description("offer", print("AC"))), "fingerprint"],
      ["of a recording of another encounter", () => prepare({}, phone, opening(OTHER)), "encounter"],
      ["for another encounter than its opening's", () => prepare({ encounter: OTHER }), "encounter"],
      ["of a key that opened nothing", () => prepare({}, other), "offer"],
      ["naming another recording than its opening", () => prepare({ recording: other.name.slice(10) }), "offer"],
      ["after its expiry", () => prepare({ expires: NOW - 1 }), "expired"],
      ["for longer than an offer lives", () => prepare({ expires: NOW + 10 * OFFER_LIFE }), "expired"],
      ["that is an answer", () => prepare({}, phone, opening(), answer), "offer"],
    ])("not %s", (_, work, what) => {
      expect(work()).toBe(what);
    });

    test("nor an answer's note in its place", () => {
      const note = sign(phone, writeAnswer(said));
      expect(refusal(() => acceptAhead({ note, opening: opening(), description: offer }, expected))).toBe("offer");
    });
  });
});
