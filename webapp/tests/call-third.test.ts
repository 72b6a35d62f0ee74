import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  CallRefused,
  OFFER_LIFE,
  acceptCard,
  acceptReply,
  acceptThird,
  checkSoundOnly,
  noteDigest,
  writeOffer,
  writeReply,
} from "../src/call-notes";
import { Third } from "../src/call-third";
import type { CallPorts } from "../src/call";
import type { Recorder } from "../src/contracts";
import type { Seat, Signal } from "../src/live-contracts";
import { phoneBeside } from "../src/phone-third";
import { writeCard, type Card } from "../src/evidence/cards";
import { Signer } from "../src/evidence/notes";
import { readUtf8 } from "../src/evidence/text";

const NOW = Date.parse("2026-11-21T20:14:03.120Z");
const ENCOUNTER = "e".repeat(32);
const SERIAL = "s".repeat(32);
const OTHER = "r".repeat(32);
const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const sign = (signer: Signer, text: string): string => readUtf8("note", signer.sign(text));

const organization = new Signer("accompany.example/organization", seed(1));
const vkey = String(organization.verifier);
const signer = new Signer(`attorney/${SERIAL}`, seed(2));
const LAWYER: Card = {
  serial: SERIAL,
  name: "Ada Advocate",
  recipient: `age1pq1${"q".repeat(200)}`,
  key: signer.verifier.key,
  licenses: [{ state: "CA", checked: "2026-11-01" }],
  since: NOW - 1000,
  until: NOW + 86_400_000,
};
const INTERPRETER: Card = { ...LAWYER, name: "Ines Interpreter", licenses: [] };
const note = (card: Card): string => sign(organization, writeCard(card));

const PRINT = Array.from({ length: 32 }, () => "aa").join(":");
const AA = "aa".repeat(32);
const SOUND = "m=audio 9 UDP/TLS/RTP/SAVPF 111";
const CHANNEL = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel";
function description(type: "offer" | "answer", ...media: string[]): RTCSessionDescriptionInit {
  return { type, sdp: ["v=0", `a=fingerprint:sha-256 ${PRINT}`, ...media, ""].join("\r\n") };
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CallRefused) return error.what;
    throw error;
  }
  return "accepted";
}

describe("whose card it is", () => {
  test("an interpreter's names no state, an attorney's does, and neither passes for the other", () => {
    expect(acceptThird(note(INTERPRETER), vkey, NOW).name).toBe("Ines Interpreter");
    expect(refusal(() => acceptThird(note(LAWYER), vkey, NOW))).toBe("card");
    expect(acceptCard(note(LAWYER), vkey, NOW).name).toBe("Ada Advocate");
    expect(refusal(() => acceptCard(note(INTERPRETER), vkey, NOW))).toBe("card");
    expect(refusal(() => acceptThird(note(INTERPRETER), vkey, INTERPRETER.until))).toBe("card");
  });
});

describe("a connection with an interpreter", () => {
  test("has one sound and the data channel", () => {
    expect(refusal(() => checkSoundOnly(description("offer", SOUND, CHANNEL)))).toBe("accepted");
    expect(refusal(() => checkSoundOnly(description("offer", CHANNEL)))).toBe("accepted");
  });

  test.each([
    ["a picture", ["m=video 9 UDP/TLS/RTP/SAVPF 96"]],
    ["a picture after a space", [" m=video 9 UDP/TLS/RTP/SAVPF 96"]],
    ["a picture in capitals", ["M=VIDEO 9 UDP/TLS/RTP/SAVPF 96"]],
    ["a second sound", [SOUND]],
    ["something else", ["m=text 9 UDP/TLS/RTP/SAVPF 96"]],
  ])("%s beside them is refused", (_, media) => {
    expect(refusal(() => checkSoundOnly(description("offer", SOUND, CHANNEL, ...media)))).toBe("offer");
    expect(refusal(() => checkSoundOnly(description("answer", SOUND, CHANNEL, ...media)))).toBe("answer");
  });
});

describe("the interpreter takes an attorney's reply", () => {
  const offered = "the interpreter's signed offer";
  const reply = {
    encounter: ENCOUNTER,
    serial: SERIAL,
    fingerprint: AA,
    offer: noteDigest(offered),
    expires: NOW + OFFER_LIFE,
  };
  const take = (bent: Partial<typeof reply> = {}, by = signer, shown = description("answer", SOUND)): string =>
    refusal(() =>
      acceptReply(offered, LAWYER, sign(by, writeReply({ ...reply, ...bent })), shown, { encounter: ENCOUNTER, now: NOW }),
    );

  test("of the card's key, to this offer, for this encounter, in time", () => {
    expect(take()).toBe("accepted");
  });

  test.each([
    ["of another key under the same name", () => take({}, new Signer(`attorney/${SERIAL}`, seed(3))), "answer"],
    ["that names another card", () => take({ serial: OTHER }), "answer"],
    ["to another offer", () => take({ offer: noteDigest("another") }), "offer"],
    ["for another encounter", () => take({ encounter: OTHER }), "encounter"],
    ["that is too old", () => take({ expires: NOW - 1 }), "expired"],
    ["with another certificate", () => take({ fingerprint: "bb".repeat(32) }), "fingerprint"],
    ["that is an offer", () => take({}, signer, description("offer", SOUND)), "answer"],
  ])("not one %s", (_, work, what) => {
    expect(work()).toBe(what);
  });
});

/** As much of RTCPeerConnection as an answer needs. */
class FakeConnection {
  static made: FakeConnection[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription: RTCSessionDescriptionInit | null = null;
  added: string[] = [];
  taken: RTCSessionDescriptionInit[] = [];
  closed = false;

  constructor() {
    FakeConnection.made.push(this);
  }

  createDataChannel = (): object => ({ readyState: "connecting" });
  addTrack = (track: MediaStreamTrack): void => void this.added.push(track.kind);
  getSenders = (): [] => [];
  close = (): void => void (this.closed = true);
  setRemoteDescription = async (one: RTCSessionDescriptionInit): Promise<void> => void this.taken.push(one);
  setLocalDescription = async (): Promise<void> => void (this.localDescription = description("answer", SOUND, CHANNEL));
}

describe("the third, as caller and attorney have it", () => {
  beforeEach(() => {
    FakeConnection.made = [];
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("MediaStream", class {
      getTracks = (): [] => [];
    });
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("removeEventListener", () => undefined);
  });
  afterEach(() => vi.unstubAllGlobals());

  const offer = (media: string[] = [SOUND, CHANNEL], by = signer): Signal => ({
    note: sign(by, writeOffer({ encounter: ENCOUNTER, fingerprint: AA, expires: NOW + OFFER_LIFE })),
    description: description("offer", ...media),
  });

  /** A phone's recorder, as far as somebody beside the call needs it. */
  const recorder = (): Recorder => ({
    encounter: ENCOUNTER,
    stream: Promise.resolve({ getAudioTracks: () => [{ kind: "audio", clone: () => ({ kind: "audio", stop: () => undefined }) }] }),
    opened: Promise.resolve({ recording: "r".repeat(32), kind: "film", opening: "an opening" }),
    onStream: () => () => undefined,
    signAnswer: async (text: string) => `signed ${text}`,
  } as unknown as Recorder);

  test("an attorney who speaks to many is sent nothing, an interpreter is", async () => {
    const sent: Signal[] = [];
    const ports = (seat: Seat): CallPorts => ({
      ways: async () => ({}), now: () => NOW, send: (signal) => sent.push({ ...signal, seat }) > 0,
    });
    const beside = phoneBeside(recorder(), vkey, ports);
    beside.tell({ third: null, speaker: { card: note(LAWYER), here: true, support: false } });
    expect(beside.hear({ ...offer(), seat: "speaker" })).toBe(true);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.seat).toBe("speaker");
    expect(FakeConnection.made.map(({ added }) => added)).toEqual([[]]);
    beside.tell({ third: { card: note(INTERPRETER), here: true, support: false }, speaker: null });
    expect(FakeConnection.made[0]?.closed).toBe(true);
    expect(beside.hear({ ...offer(), seat: "interpreter" })).toBe(true);
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(FakeConnection.made.map(({ added }) => added)).toEqual([[], ["audio"]]);
    expect(beside.hear({ ...offer(), seat: "colleague" })).toBe(false);
    expect(beside.hear(offer())).toBe(false);
    beside.end();
  });

  test.each([
    ["whoever has no license", INTERPRETER, offer()],
    ["a picture", LAWYER, offer([SOUND, CHANNEL, "m=video 9 UDP/TLS/RTP/SAVPF 96"])],
    ["another key", LAWYER, offer([SOUND, CHANNEL], new Signer(`attorney/${SERIAL}`, seed(3)))],
  ])("%s speaks to nobody", async (_, card, signal) => {
    const sent: Signal[] = [];
    const beside = phoneBeside(recorder(), vkey, () => ({
      ways: async () => ({}), now: () => NOW, send: (one) => sent.push(one) > 0,
    }));
    beside.tell({ third: null, speaker: { card: note(card), here: true, support: false } });
    beside.hear({ ...signal, seat: "speaker" });
    await vi.waitFor(() => {
      const { refused, call } = beside.speaker.view.value;
      expect(refused || call?.refused === "offer").toBe(true);
    });
    expect(sent).toEqual([]);
    beside.end();
  });

  function make(): { third: Third; sent: Signal[] } {
    const sent: Signal[] = [];
    const third = new Third({
      encounter: ENCOUNTER,
      organizationKey: vkey,
      ports: { ways: async () => ({}), now: () => NOW, send: (signal) => sent.push(signal) > 0 },
      sound: async () => [{ kind: "audio" } as MediaStreamTrack],
      sign: async ({ offer: digest }) => ({ note: `answers ${digest}` }),
    });
    return { third, sent };
  }

  test("answers an interpreter's offer with sound, also one that came before the card", async () => {
    const { third, sent } = make();
    const signal = offer();
    third.hear(signal);
    third.tell({ card: null, here: false, support: false });
    expect(third.view.value.rung).toBe(true);
    third.tell({ card: note(INTERPRETER), here: true, support: false });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.note).toBe(`answers ${noteDigest(signal.note ?? "")}`);
    expect(FakeConnection.made.map(({ added }) => added)).toEqual([["audio"]]);
    expect(third.view.value.card?.name).toBe("Ines Interpreter");
  });

  test.each([
    ["a lawyer as the third", LAWYER, offer()],
    ["an offer of another key", INTERPRETER, offer([SOUND, CHANNEL], new Signer(`attorney/${SERIAL}`, seed(3)))],
    ["an offer with a picture", INTERPRETER, offer([SOUND, CHANNEL, "m=video 9 UDP/TLS/RTP/SAVPF 96"])],
  ])("refuses %s, and says so", async (_, card, signal) => {
    const { third, sent } = make();
    third.tell({ card: note(card), here: true, support: false });
    third.hear(signal);
    await vi.waitFor(() => {
      const { refused, call } = third.view.value;
      expect(refused || call?.refused === "offer").toBe(true);
    });
    expect(sent).toEqual([]);
    expect(FakeConnection.made.flatMap(({ taken }) => taken)).toEqual([]);
  });

  test("is gone once the server says so, and the next one is somebody else", async () => {
    const { third, sent } = make();
    third.tell({ card: note(INTERPRETER), here: true, support: false });
    third.hear(offer());
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    third.tell(null);
    expect(third.view.value).toEqual({ rung: false, support: false, card: null, here: false, call: null, refused: false });
    expect(FakeConnection.made.map(({ closed }) => closed)).toEqual([true]);
  });
});
