import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallRefused } from "../src/call-notes";
import type { Signal } from "../src/live-contracts";
import { Peer } from "../src/peer";

/** As much of RTCPeerConnection as negotiation needs: states, and what was really handed to it. */
class FakeConnection {
  static last: FakeConnection;
  signalingState: RTCSignalingState = "stable";
  connectionState: RTCPeerConnectionState = "new";
  localDescription: RTCSessionDescriptionInit | null = null;
  taken: RTCSessionDescriptionInit[] = [];
  candidates: RTCIceCandidateInit[] = [];
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  restarts = 0;
  /** how it may be reached, told before each restart */
  told: RTCConfiguration[] = [];
  bytes = 0;

  constructor(readonly configuration: RTCConfiguration) {
    FakeConnection.last = this;
  }

  createDataChannel = (): object => ({ readyState: "connecting" });
  addTransceiver = (): void => undefined;
  addTrack = (): void => undefined;
  getTransceivers = (): [] => [];
  getSenders = (): [] => [];
  getReceivers = (): [] => [];
  getStats = async (): Promise<Map<string, unknown>> => new Map([["t", { type: "transport", bytesReceived: this.bytes }]]);
  setConfiguration = (configuration: RTCConfiguration): void => void this.told.push(configuration);
  restartIce = (): void => void this.restarts++;
  close = (): void => undefined;

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.localDescription = { type, sdp: sdp("11") };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.taken.push(description);
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    this.candidates.push(candidate);
  }
}

const sdp = (byte: string): string =>
  `v=0\r\na=fingerprint:sha-256 ${Array.from({ length: 32 }, () => byte).join(":")}\r\n`;
const theirs = (type: "offer" | "answer", byte = "aa"): RTCSessionDescriptionInit => ({ type, sdp: sdp(byte) });
const AA = "aa".repeat(32);

function make(polite: boolean): { peer: Peer; pc: FakeConnection; sent: Signal[]; refused: string[]; doubts: () => number } {
  const sent: Signal[] = [];
  let doubts = 0;
  const refused: string[] = [];
  const nothing = (): void => undefined;
  const peer = new Peer(polite, {}, {
    configure: () => Promise.resolve({}),
    send: (signal) => void sent.push(signal),
    phase: nothing,
    track: nothing,
    opened: nothing,
    message: nothing,
    refused: (error) => void refused.push(error.what),
    doubt: () => void doubts++,
  });
  return { peer, pc: FakeConnection.last, sent, refused, doubts: () => doubts };
}

/** A phone after its first answer, or a console that has taken it. */
async function connected(polite: boolean): Promise<ReturnType<typeof make>> {
  const made = make(polite);
  if (polite) await made.peer.answer(theirs("offer"), AA, []);
  else {
    await made.peer.firstOffer([]);
    await made.peer.complete(theirs("answer"), AA);
  }
  made.peer.release();
  return made;
}

beforeEach(() => {
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});
afterEach(() => vi.unstubAllGlobals());

describe("another certificate", () => {
  test("is refused in the first offer, and never handed to the browser", async () => {
    const { peer, pc } = make(true);
    await expect(peer.answer(theirs("offer", "ab"), AA, [])).rejects.toThrow(CallRefused);
    expect(pc.taken).toEqual([]);
  });

  test("is refused in the first answer", async () => {
    const { peer, pc } = make(false);
    await peer.firstOffer([]);
    await expect(peer.complete(theirs("answer", "ab"), AA)).rejects.toThrow(CallRefused);
    expect(pc.taken).toEqual([]);
  });

  test.each([true, false])("is refused in a later offer (polite: %s)", async (polite) => {
    const { peer, pc, refused } = await connected(polite);
    const before = pc.taken.length;
    await peer.hear({ description: theirs("offer", "ab") });
    expect(refused).toEqual(["fingerprint"]);
    expect(pc.taken).toHaveLength(before);
  });

  test("is refused in a later answer", async () => {
    const { peer, pc, refused } = await connected(false);
    pc.onnegotiationneeded?.();
    await Promise.resolve();
    await peer.hear({ description: theirs("answer", "ab") });
    expect(refused).toEqual(["fingerprint"]);
    expect(pc.taken).toHaveLength(1);
  });
});

describe("perfect negotiation", () => {
  test("the same certificate may negotiate again, and is answered", async () => {
    const { peer, pc, sent } = await connected(false);
    await peer.hear({ description: theirs("offer") });
    expect(pc.taken.map(({ type }) => type)).toEqual(["answer", "offer"]);
    expect(sent).toEqual([{ description: { type: "answer", sdp: sdp("11") } }]);
  });

  test("when both offer at once, the console goes on with its own and the phone gives way", async () => {
    const console = await connected(false);
    console.pc.onnegotiationneeded?.();
    await console.peer.hear({ description: theirs("offer") });
    expect(console.pc.taken).toHaveLength(1);

    const phone = await connected(true);
    phone.pc.onnegotiationneeded?.();
    await phone.peer.hear({ description: theirs("offer") });
    expect(phone.pc.taken).toHaveLength(2);
  });

  test("an answer that nobody asked for is left out", async () => {
    const { peer, pc, refused } = await connected(false);
    await peer.hear({ description: theirs("answer") });
    expect(pc.taken).toHaveLength(1);
    expect(refused).toEqual([]);
  });
});

describe("candidates", () => {
  test("wait until the first description is on its way", async () => {
    const { peer, pc, sent } = make(true);
    await peer.answer(theirs("offer"), AA, []);
    const candidate = { candidate: "candidate:1" };
    pc.onicecandidate?.({ candidate: { ...candidate, toJSON: () => candidate } });
    expect(sent).toEqual([]);
    peer.release();
    expect(sent).toEqual([{ candidate }]);
  });

  test("of the other side wait until its answer was verified", async () => {
    const { peer, pc } = make(false);
    await peer.firstOffer([]);
    await peer.hear({ candidate: { candidate: "candidate:1" } });
    expect(pc.candidates).toEqual([]);
    await peer.complete(theirs("answer"), AA);
    expect(pc.candidates).toEqual([{ candidate: "candidate:1" }]);
  });
});

describe("what a browser never settles, since the connection was closed first", () => {
  const never = (): Promise<void> => new Promise(() => undefined);

  test("ends with the connection: whoever waits goes on", async () => {
    const { peer, pc } = await connected(false);
    pc.addIceCandidate = never;
    const heard = peer.hear({ candidate: { candidate: "candidate:1" } });
    peer.close();
    await heard;
  });

  test.each(["answer", "complete"] as const)("also a first description (%s)", async (step) => {
    const { peer, pc } = make(step === "answer");
    if (step === "complete") await peer.firstOffer([]);
    pc.setRemoteDescription = never;
    const taken = step === "answer" ? peer.answer(theirs("offer"), AA, []) : peer.complete(theirs("answer"), AA);
    peer.close();
    await expect(taken).rejects.toThrow(DOMException);
  });
});

describe("after an interruption", () => {
  test("an offer that was lost with its socket is said again", async () => {
    const { peer, pc, sent } = await connected(true);
    pc.onnegotiationneeded?.();
    await Promise.resolve();
    peer.nudge();
    expect(sent.filter(({ description }) => description?.type === "offer")).toHaveLength(2);
    expect(pc.restarts).toBe(0);
  });

  test("so is one beside which the other side's was ignored: each would wait for the other", async () => {
    const { peer, pc, sent } = await connected(false);
    pc.onnegotiationneeded?.();
    await Promise.resolve();
    sent.length = 0;
    await peer.hear({ description: theirs("offer") });
    expect(sent).toEqual([{ description: { type: "offer", sdp: sdp("11") } }]);
    await peer.hear({ description: theirs("answer") });
    sent.length = 0;
    await peer.hear({ description: theirs("offer") });
    expect(sent.map(({ description }) => description?.type)).toEqual(["answer"]);
  });

  test("a connection whose offer nobody answered is not well, whatever the browser says", async () => {
    const { peer, pc } = await connected(false);
    pc.connectionState = "connected";
    expect(peer.well).toBe(true);
    pc.onnegotiationneeded?.();
    await Promise.resolve();
    expect(peer.well).toBe(false);
    await peer.hear({ description: theirs("answer") });
    expect(peer.well).toBe(true);
  });

  test("otherwise the way is looked for again", async () => {
    const { peer, pc } = await connected(true);
    peer.nudge();
    await vi.waitFor(() => expect(pc.restarts).toBe(1));
  });

  /** As the browser says it: no check of the way was answered for a while. */
  async function disconnected(): Promise<FakeConnection> {
    vi.useFakeTimers();
    const { pc, doubts } = await connected(true);
    pc.connectionState = "disconnected";
    pc.onconnectionstatechange?.();
    // What goes over the same network may be gone with it.
    expect(doubts()).toBe(1);
    return pc;
  }
  afterEach(() => vi.useRealTimers());

  test("two seconds without a byte begin a restart, with fresh names of the relay, and so on for ever", async () => {
    const pc = await disconnected();
    await vi.advanceTimersByTimeAsync(1900);
    expect(pc.restarts).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    expect([pc.restarts, pc.told.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(5000 * 20);
    expect([pc.restarts, pc.told.length]).toEqual([21, 21]);
    pc.connectionState = "connected";
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pc.restarts).toBe(21);
  });

  test("a way over which bytes still come is left alone, but not for ever: it may carry one way", async () => {
    const pc = await disconnected();
    const come = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        pc.bytes += 100;
        await vi.advanceTimersByTimeAsync(1000);
      }
    };
    await come(10);
    expect(pc.restarts).toBe(0);
    await come(10);
    expect(pc.restarts).toBeGreaterThan(0);
  });

  test("a way over which bytes come no more is looked for again", async () => {
    const pc = await disconnected();
    pc.bytes += 100;
    await vi.advanceTimersByTimeAsync(6000);
    expect(pc.restarts).toBe(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(pc.restarts).toBe(1);
  });
});
