/** Both ends of a call, with a line between them: what is prepared while it rings, and what an accept costs then. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withoutAddress } from "../src/call-ahead";
import { ConsoleCall, type SignedOffer } from "../src/call-console";
import { OFFER_LIFE } from "../src/call-notes";
import { PhoneCall } from "../src/call-phone";
import type { Recorder } from "../src/contracts";
import type { Ahead, Signal } from "../src/live-contracts";
import { writeCard } from "../src/evidence/cards";
import { Signer } from "../src/evidence/notes";
import { recordingId, writeStatement } from "../src/evidence/statements";
import { readUtf8 } from "../src/evidence/text";

const NOW = Date.parse("2026-11-21T20:14:03.120Z");
const ENCOUNTER = "e".repeat(32);
const SERIAL = "s".repeat(32);
const RECIPIENT = `age1pq1${"q".repeat(200)}`;
const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const sign = (signer: Signer, text: string): string => readUtf8("note", signer.sign(text));
const organization = new Signer("accompany.example/organization", seed(1));
const attorney = new Signer(`attorney/${SERIAL}`, seed(2));
const key = new Signer("x", seed(5)).verifier.key;
const recording = recordingId(key);
const phoneKey = new Signer(`recording/${recording}`, seed(5));
const CARD = sign(organization, writeCard({
  serial: SERIAL, name: "Ada Advocate", recipient: RECIPIENT, key: attorney.verifier.key,
  licenses: [{ state: "CA", checked: "2026-11-01" }], since: NOW - 1000, until: NOW + 86_400_000,
}));
const OPENING = sign(phoneKey, writeStatement({
  form: "opening", recording, number: 0, time: NOW, key, kind: "film", media: "video/mp4", recipient: RECIPIENT,
  grants: new Uint8Array(32), encounter: ENCOUNTER, continues: null, log: "accompany.example/log", after: null,
  client: "accompany-web/0.1.0 none",
}));

const print = (byte: string): string => Array.from({ length: 32 }, () => byte).join(":");
const sdp = (byte: string): string =>
  `v=0\r\nc=IN IP4 192.0.2.7\r\na=fingerprint:sha-256 ${print(byte)}\r\na=candidate:1 1 udp 1 192.0.2.7 5 typ host\r\n`;

/** As much of RTCPeerConnection as two ends need; each shows a certificate of its own. */
class FakeConnection {
  static made: FakeConnection[] = [];
  readonly own = `${FakeConnection.made.push(this)}`.padStart(2, "0");
  signalingState = "stable";
  connectionState = "new";
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  closed = false;
  restarts = 0;
  onnegotiationneeded: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;

  createDataChannel = (): object => ({ readyState: "connecting" });
  addTransceiver = (): void => undefined;
  addTrack = (): void => undefined;
  getTransceivers = (): [] => [];
  getSenders = (): [] => [];
  getReceivers = (): [] => [];
  setConfiguration = (): void => undefined;
  getStats = async (): Promise<Map<string, unknown>> => new Map<string, unknown>();
  addIceCandidate = async (): Promise<void> => undefined;
  close = (): void => void (this.closed = true);

  restartIce(): void {
    this.restarts += 1;
    this.onnegotiationneeded?.();
  }

  /** As the browser tells it. */
  turn(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.localDescription = { type, sdp: sdp(this.own) };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }
}

let now = NOW;
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(50);

function phoneOf(): { phone: PhoneCall; aheads: Ahead[]; sent: Signal[]; told: (number | null)[] } {
  const told: (number | null)[] = [];
  const aheads: Ahead[] = [];
  const sent: Signal[] = [];
  const nothing = (): (() => void) => () => undefined;
  const recorder = {
    encounter: ENCOUNTER,
    stream: Promise.resolve(null),
    opened: Promise.resolve({ recording, kind: "film", opening: OPENING }),
    state: { callPicture: 300_000, callVoice: 32_000 },
    watch: nothing, onHead: nothing, onStream: nothing, hearCall: (one: number | null) => void told.push(one),
    signAnswer: async (text: string) => sign(phoneKey, text),
  } as unknown as Recorder;
  const ports = {
    ways: async () => ({}),
    now: () => now,
    send: (signal: Signal) => sent.push(signal) > 0,
    ahead: (ahead: Ahead) => void aheads.push(ahead),
  };
  const phone = new PhoneCall({ recorder, organizationKey: String(organization.verifier), ports, bye: () => undefined });
  phone.offerAhead();
  return { phone, aheads, sent, told };
}

function consoleOf(): ConsoleCall {
  return new ConsoleCall({
    ports: { ways: async () => ({}), now: () => now, send: () => true },
    serial: SERIAL,
    sign: (text) => sign(attorney, text),
    head: () => undefined,
    bye: () => undefined,
  });
}

/** A press, a ring that was prepared for, and the accept as the server relays it. */
async function accepted(): Promise<ReturnType<typeof phoneOf> & { reply: SignedOffer }> {
  const end = phoneOf();
  await settled();
  const console = consoleOf();
  await console.ready(ENCOUNTER, end.aheads[0] ?? null);
  const reply = await console.answer(ENCOUNTER);
  end.phone.meet(CARD);
  return { ...end, reply };
}

beforeEach(() => {
  vi.useFakeTimers();
  now = NOW;
  FakeConnection.made = [];
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("MediaStream", class {
    getTracks = (): [] => [];
  });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("what is offered ahead says nothing of where the phone is", async () => {
  const { aheads, sent } = phoneOf();
  await settled();
  expect(aheads).toHaveLength(1);
  expect(JSON.stringify(aheads)).not.toContain("192.0.2.7");
  FakeConnection.made[0]?.onicecandidate?.({ candidate: { candidate: "x", toJSON: () => ({ candidate: "x" }) } });
  expect(sent).toEqual([{ candidate: { candidate: "x" } }]);
  expect(withoutAddress({ type: "offer", sdp: sdp("01") }).sdp).toBe(
    `v=0\r\nc=IN IP4 0.0.0.0\r\na=fingerprint:sha-256 ${print("01")}\r\n`,
  );
});

test("an accept is one message: the phone takes it, and sends none back", async () => {
  const { phone, sent, reply } = await accepted();
  expect(reply.description.type).toBe("answer");
  phone.hear(reply);
  await settled();
  const [ahead] = FakeConnection.made;
  expect(ahead?.remoteDescription).toEqual(reply.description);
  expect(phone.call.view.value).toMatchObject({ phase: "joining", refused: null });
  expect(sent.filter(({ note }) => note)).toEqual([]);
});

test.each([
  ["with a certificate that was put in its place", ({ note }: SignedOffer) => ({ note, description: { type: "answer" as const, sdp: sdp("ac") } }), "fingerprint"],
  ["by another key", ({ note, description }: SignedOffer) => ({
    note: sign(new Signer(attorney.name, seed(3)), note.slice(0, note.indexOf("\n\n") + 1)), description,
  }), "answer"],
])("a reply %s is refused, and nobody is connected", async (_, bend, what) => {
  const { phone, reply } = await accepted();
  phone.hear(bend(reply));
  await settled();
  expect(phone.call.view.value.refused).toBe(what);
  expect(phone.call.peer).toBeNull();
  expect(FakeConnection.made[0]?.remoteDescription).toBeNull();
});

test("a reply that is too old is refused", async () => {
  const { phone, reply } = await accepted();
  now = NOW + OFFER_LIFE + 1;
  phone.hear(reply);
  await settled();
  expect(phone.call.view.value.refused).toBe("expired");
});

test("it is signed anew before it runs out; a reply to the one before still holds", async () => {
  const { phone, aheads, reply } = await accepted();
  now = NOW + 45_000;
  await vi.advanceTimersByTimeAsync(45_000);
  expect(aheads).toHaveLength(2);
  expect(aheads[1]?.note).not.toBe(aheads[0]?.note);
  phone.hear(reply);
  await settled();
  expect(phone.call.view.value.refused).toBeNull();
  expect(phone.call.peer).not.toBeNull();
});

test("a console that finds a wrong note offers as ever", async () => {
  const { aheads } = phoneOf();
  await settled();
  const [ahead] = aheads;
  if (!ahead) throw new Error("nothing was offered");
  const console = consoleOf();
  await console.ready(ENCOUNTER, { ...ahead, description: { type: "offer", sdp: sdp("ac") } });
  expect((await console.answer(ENCOUNTER)).description.type).toBe("offer");
  console.close();
});

test("where nothing comes of a reply, the console offers anew within five seconds", async () => {
  const { aheads } = phoneOf();
  await settled();
  const sent: Signal[] = [];
  const console = new ConsoleCall({
    ports: { ways: async () => ({}), now: () => now, send: (signal) => sent.push(signal) > 0 },
    serial: SERIAL, sign: (text) => sign(attorney, text), head: () => undefined, bye: () => undefined,
  });
  await console.ready(ENCOUNTER, aheads[0] ?? null);
  await console.answer(ENCOUNTER);
  console.sent();
  await vi.advanceTimersByTimeAsync(5000);
  expect(sent.filter(({ note }) => note).map(({ description }) => description?.type)).toEqual(["offer"]);
  console.close();
});

/** Both ends connected by what was offered ahead; whatever either says from then on. */
async function connected(): Promise<{ phone: PhoneCall; said: Signal[]; console: ConsoleCall; told: Signal[]; ends: [FakeConnection, FakeConnection] }> {
  const { phone, aheads, sent: said } = phoneOf();
  await settled();
  const told: Signal[] = [];
  const console = new ConsoleCall({
    ports: { ways: async () => ({}), now: () => now, send: (signal) => told.push(signal) > 0 },
    serial: SERIAL, sign: (text) => sign(attorney, text), head: () => undefined, bye: () => undefined,
  });
  await console.ready(ENCOUNTER, aheads[0] ?? null);
  const replying = FakeConnection.made.find(({ remoteDescription }) => remoteDescription !== null);
  const reply = await console.answer(ENCOUNTER);
  console.sent();
  phone.meet(CARD);
  phone.hear(reply);
  await settled();
  const [ahead] = FakeConnection.made;
  if (!ahead || !replying) throw new Error("nobody is connected");
  for (const end of [ahead, replying]) end.turn("connected");
  said.splice(0);
  return { phone, said, console, told, ends: [ahead, replying] };
}

test("after an outage either end restarts the connection that was offered ahead, without a new note", async () => {
  const { phone, said, console, told, ends: [ours, theirs] } = await connected();
  ours.turn("disconnected");
  theirs.turn("disconnected");
  // The socket is back first, as after a changed network.
  phone.again();
  await settled();
  expect(ours.restarts).toBe(1);
  const offer = said.find(({ description }) => description?.type === "offer");
  expect(offer?.note).toBeUndefined();
  if (!offer) throw new Error("nothing was offered");
  console.hear(offer);
  await settled();
  expect(theirs.remoteDescription).toEqual(offer.description);
  const answer = told.find(({ description }) => description?.type === "answer");
  expect(answer?.note).toBeUndefined();
  if (!answer) throw new Error("nothing was answered");
  phone.hear(answer);
  await settled();
  expect([ours.remoteDescription, ours.signalingState]).toEqual([answer.description, "stable"]);
  expect(phone.call.view.value.refused).toBeNull();
  // Nobody made another connection, and what was offered ahead is said no more.
  expect([ours.closed, theirs.closed, phone.call.peer?.connected]).toEqual([false, false, false]);
  ours.turn("connected");
  expect(phone.call.view.value.phase).toBe("connected");
  console.close();
});

test("a restart that shows another certificate is refused, also after an offer ahead", async () => {
  const { phone, ends: [ours] } = await connected();
  const before = ours.remoteDescription;
  phone.hear({ description: { type: "offer", sdp: sdp("ac") } });
  await settled();
  expect([ours.remoteDescription, phone.call.view.value.refused]).toEqual([before, "fingerprint"]);
});

test("a reply that was lost in an outage: the phone answers the offer that follows, and drops its own", async () => {
  const { phone, sent } = phoneOf();
  await settled();
  const late = consoleOf();
  phone.meet(CARD);
  await late.prepare();
  phone.hear(await late.answer(ENCOUNTER));
  await settled();
  expect(sent.filter(({ note }) => note).map(({ description }) => description?.type)).toEqual(["answer"]);
  expect(FakeConnection.made[0]?.closed).toBe(true);
  expect(phone.call.view.value.refused).toBeNull();
  late.close();
});

test("a phone that is cut off while it rings says its offer again, with its ways, on the new socket", async () => {
  const { phone, aheads, sent } = phoneOf();
  await settled();
  FakeConnection.made[0]?.onicecandidate?.({ candidate: { candidate: "x", toJSON: () => ({ candidate: "x" }) } });
  phone.again();
  expect(aheads).toHaveLength(2);
  expect(aheads[1]).toEqual(aheads[0]);
  expect(sent).toEqual([{ candidate: { candidate: "x" } }, { candidate: { candidate: "x" } }]);
});

test.each([
  ["tells the fingerprint of a certificate", [{ algorithm: "sha-256", value: print("01") }], 1],
  ["does not, as Firefox", undefined, 0],
])("a browser that %s offers ahead", async (_, shown, given) => {
  const certificate = shown === undefined ? {} : { getFingerprints: () => shown };
  const made: RTCConfiguration[] = [];
  vi.stubGlobal("RTCPeerConnection", class extends FakeConnection {
    static generateCertificate = async (): Promise<unknown> => certificate;
    constructor(configuration: RTCConfiguration) {
      super();
      made.push(configuration);
    }
  });
  const { phone, reply, aheads } = await accepted();
  expect(aheads[0]?.note).toContain("fingerprint 0101");
  expect(made[0]?.certificates ?? []).toHaveLength(given);
  phone.hear(reply);
  await settled();
  expect(phone.call.view.value).toMatchObject({ phase: "joining", refused: null });
});

test("what the browser says of a call once it is over is not told: film would wait for that call for ever", async () => {
  const { phone, reply, told } = await accepted();
  phone.hear({ note: reply.note, description: reply.description });
  await settled();
  const [connection] = FakeConnection.made;
  const stats: ((found: Map<string, unknown>) => void)[] = [];
  connection?.turn("connected");
  if (connection) connection.getStats = () => new Promise((resolve) => stats.push(resolve));
  const sound = { type: "remote-inbound-rtp", kind: "audio", roundTripTime: 0.9 };
  await vi.advanceTimersByTimeAsync(1000);
  stats.pop()?.(new Map([["one", sound]]));
  await settled();
  expect(told.at(-1)).toBe(900);
  await vi.advanceTimersByTimeAsync(1000);
  const ended = phone.end();
  await vi.advanceTimersByTimeAsync(1000);
  await ended;
  expect(told.at(-1)).toBe(null);
  const before = told.length;
  for (const tell of stats) tell(new Map([["one", sound]]));
  await settled();
  expect(told.length).toBe(before);
});
