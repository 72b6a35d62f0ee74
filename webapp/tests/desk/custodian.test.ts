import { ed25519 } from "@noble/curves/ed25519.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openPaper, sealPaper } from "../../src/attorney/sealed-papers";
import { byAttorney, fitting, giveCase, type Colleague, type LostCase } from "../../src/desk/custodian";
import type { Charter } from "../../src/desk/charter";
import { Device, makeKeys } from "../../src/device";
import { organizationName, writeCard } from "../../src/evidence/cards";
import { Signer, openNote } from "../../src/evidence/notes";
import { readBase64, readUtf8, writeBase32, writeBase64 } from "../../src/evidence/text";
import { generateAgeKeys, opener } from "../../src/seal/age";

const NOW = Date.parse("2026-11-21T20:14:03.120Z");
const ORIGIN = "help.example/log";
const id = (): string => writeBase32(crypto.getRandomValues(new Uint8Array(20)));
const lost = (part: Partial<LostCase>): LostCase => ({
  encounter: id(), state: "TX", pressed: "2026-11-21T20:14:03.120Z", why: "gone", serial: "fred", name: "Fred", recordings: 1, ...part,
});

afterEach(() => vi.unstubAllGlobals());

async function world() {
  const custodian = await generateAgeKeys();
  const ben = await generateAgeKeys();
  const seed = ed25519.utils.randomSecretKey();
  const organization = new Signer(organizationName(ORIGIN), seed);
  const charter = { origin: ORIGIN, key: String(organization.verifier), custodian: custodian.recipient } as Charter;
  const serial = id();
  const signed = (by: Signer): string =>
    readUtf8("card", by.sign(writeCard({
      serial, name: "Ben", recipient: ben.recipient, key: ed25519.getPublicKey(ed25519.utils.randomSecretKey()),
      licenses: [{ state: "TX", checked: "2026-11-01" }], since: NOW - 1000, until: NOW + 1000,
    })));
  const recorded = async (holder: string): Promise<{ device: Device; grants: string[]; identity: string }> => {
    const keys = await makeKeys([holder]);
    const purpose = { kind: "sound" as const, media: "audio/mp4", encounter: id(), log: ORIGIN, after: null, continues: null, client: "test/1 none" };
    return { device: new Device(keys, purpose, NOW), grants: keys.grants.map(writeBase64), identity: keys.age.identity };
  };
  return { custodian, ben, seed, organization, charter, serial, signed, recorded };
}

type Recorded = Awaited<ReturnType<Awaited<ReturnType<typeof world>>["recorded"]>>;

interface Papers {
  notes: { author: string; sealed: string }[];
  documents: { id: string; sealed: string }[];
  alone: number;
}
interface Given extends Papers {
  to: string;
  grants: Record<string, string>[];
}

/** A server that shows these recordings and papers, and what it was sent. */
function serving(recordings: Recorded[], papers: Partial<Papers> = {}): Given[] {
  const taken: Given[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit): Promise<Response> => {
    await Promise.resolve();
    if (init.method === "POST") {
      taken.push(JSON.parse(String(init.body)) as (typeof taken)[number]);
      return new Response(null, { status: 204 });
    }
    const shown = recordings.map(({ device, grants }) => ({
      recording: device.recording, kind: "sound", opening: readUtf8("opening", device.opening.note), grants,
    }));
    return Response.json({ recordings: shown, notes: [], documents: [], alone: 0, ...papers });
  });
  return taken;
}

describe("a case without an attorney", () => {
  test("is sealed to the other card by the organization's key, and what it cannot open stays shut", async () => {
    const { custodian, ben, seed, organization, charter, serial, signed, recorded } = await world();
    const [one, advice] = [await recorded(custodian.recipient), await recorded(ben.recipient)];
    const taken = serving([one, advice]);
    const to: Colleague = { serial, name: "Ben", states: ["TX"], card: signed(organization) };
    const outcome = await giveCase(lost({}), to, { seed, identity: custodian.identity }, charter, NOW);
    expect(outcome).toEqual({ given: 1, shut: 1, papers: 0, alone: 0 });
    const [given] = taken[0]?.grants ?? [];
    expect(taken[0]?.to).toBe(serial);
    expect(given?.["recording"]).toBe(one.device.recording);
    const opened = await opener(ben.identity)(readBase64(given?.["grant"] ?? ""));
    expect(readUtf8("grant", opened).trim()).toBe(one.identity);
    const note = openNote(readBase64(given?.["note"] ?? ""), organization.verifier, "grant");
    expect(note).toContain(`recording ${one.device.recording}\n`);
  });

  test("has its notes and documents sealed anew, each as it was, and says how many nobody here can open", async () => {
    const { custodian, ben, seed, organization, charter, serial, signed, recorded } = await world();
    const stranger = await generateAgeKeys();
    const author = id();
    const papers = {
      notes: [
        { author, sealed: await sealPaper({ note: "signed", text: "No warrant." }, custodian.recipient) },
        { author: id(), sealed: await sealPaper({ note: "signed", text: "not for this key" }, stranger.recipient) },
      ],
      documents: [{ id: id(), sealed: await sealPaper({ note: "signed", identity: "AGE", name: "a.pdf", type: "x" }, custodian.recipient) }],
      alone: 2,
    };
    const taken = serving([await recorded(custodian.recipient)], papers);
    const to: Colleague = { serial, name: "Ben", states: ["TX"], card: signed(organization) };
    const outcome = await giveCase(lost({}), to, { seed, identity: custodian.identity }, charter, NOW);
    expect(outcome).toEqual({ given: 1, shut: 0, papers: 2, alone: 3 });
    const [sent] = taken;
    expect(sent?.notes.map((one) => one.author)).toEqual([author]);
    expect(await openPaper(sent?.notes[0]?.sealed ?? "", ben.identity)).toMatchObject({ note: "signed", text: "No warrant." });
    await expect(openPaper(sent?.notes[0]?.sealed ?? "", custodian.identity)).rejects.toThrow();
    expect(sent?.documents.map((one) => one.id)).toEqual([papers.documents[0]?.id]);
    expect(await openPaper(sent?.documents[0]?.sealed ?? "", ben.identity)).toMatchObject({ identity: "AGE", name: "a.pdf" });
  });

  test("is sealed to nobody whose card the organization did not sign", async () => {
    const { custodian, seed, charter, serial, signed, recorded } = await world();
    const taken = serving([await recorded(custodian.recipient)]);
    const forged = signed(new Signer(organizationName(ORIGIN), ed25519.utils.randomSecretKey()));
    const to: Colleague = { serial, name: "Ben", states: ["TX"], card: forged };
    await expect(giveCase(lost({}), to, { seed, identity: custodian.identity }, charter, NOW)).rejects.toThrow();
    expect(taken).toEqual([]);
  });

  test("a grant that holds another recording's key is not given on", async () => {
    const { custodian, seed, organization, charter, serial, signed, recorded } = await world();
    const [one, other] = [await recorded(custodian.recipient), await recorded(custodian.recipient)];
    const taken = serving([{ ...one, grants: other.grants }]);
    const to: Colleague = { serial, name: "Ben", states: ["TX"], card: signed(organization) };
    expect(await giveCase(lost({}), to, { seed, identity: custodian.identity }, charter, NOW)).toEqual({ given: 0, shut: 1, papers: 0, alone: 0 });
    expect(taken).toEqual([]);
  });

  test("goes only to somebody licensed in every state, all of one attorney together", () => {
    const [texas, ohio] = [lost({}), lost({ state: "OH" })];
    const both = { serial: "b", name: "Both", states: ["OH", "TX"], card: "" };
    expect(fitting([texas, ohio], [{ ...both, states: ["TX"] }, both])).toEqual([both]);
    const gina = lost({ serial: "gina" });
    expect(byAttorney([texas, gina, ohio])).toEqual([[texas, ohio], [gina]]);
  });
});
