import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConsoleCall } from "../src/call-console";
import type { Signal } from "../src/live-contracts";

const sdp = (byte: string): string =>
  `v=0\r\na=fingerprint:sha-256 ${Array.from({ length: 32 }, () => byte).join(":")}\r\n`;

/** As much of RTCPeerConnection as a call needs that is connected at once; `heard` is its sound's clock. */
class FakeConnection {
  static made: FakeConnection[] = [];
  static heard = 0;
  connectionState = "new";
  signalingState = "stable";
  localDescription = { type: "offer", sdp: sdp("11") };
  onconnectionstatechange: () => void = () => undefined;

  constructor() {
    FakeConnection.made.push(this);
  }

  createDataChannel = (): object => ({ readyState: "connecting" });
  addTransceiver = (): void => undefined;
  getTransceivers = (): [] => [];
  getSenders = (): [] => [];
  getReceivers = (): object[] => [
    { track: { kind: "audio" }, getSynchronizationSources: () => [{ timestamp: FakeConnection.heard }] },
  ];
  setConfiguration = (): void => undefined;
  restartIce = (): void => undefined;
  close = (): void => undefined;
  /** as a browser is about to when it is closed in the middle: it never says that it did it */
  addIceCandidate = (): Promise<void> => new Promise(() => undefined);
  setLocalDescription = async (): Promise<void> => void (this.signalingState = "have-local-offer");
  setRemoteDescription = async (): Promise<void> => {
    this.signalingState = "stable";
    this.connectionState = "connected";
    this.onconnectionstatechange();
  };
}

/** An interpreter's connection with an attorney, as it is once it was answered and sound came for two seconds. */
async function connected(): Promise<{ console: ConsoleCall; signed: () => number }> {
  const sent: Signal[] = [];
  const console = new ConsoleCall({
    ports: { ways: async () => ({}), now: () => 0, send: (signal) => sent.push(signal) > 0 },
    sign: (text) => text,
    head: () => undefined,
    bye: () => undefined,
    sound: true,
    accept: () => "aa".repeat(32),
  });
  console.rejoin("encounter");
  await vi.advanceTimersByTimeAsync(0);
  console.hear({ note: "an answer", description: { type: "answer", sdp: sdp("aa") } });
  await flow(2000);
  return { console, signed: () => sent.filter(({ note }) => note !== undefined).length };
}

async function flow(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    FakeConnection.heard++;
    await vi.advanceTimersByTimeAsync(100);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
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

test("who is back on a new page gets a new signed offer within three seconds, not when all has failed", async () => {
  const { console, signed } = await connected();
  expect(console.call.view.value.phase).toBe("connected");
  expect(signed()).toBe(1);
  console.callerHere(false);
  await vi.advanceTimersByTimeAsync(1000);
  console.callerHere(true);
  await vi.advanceTimersByTimeAsync(3000);
  expect(signed()).toBe(2);
  console.close();
});

test("who was gone for a moment only keeps the connection", async () => {
  const { console, signed } = await connected();
  console.callerHere(false);
  await flow(1000);
  console.callerHere(true);
  await flow(5000);
  expect(signed()).toBe(1);
  expect(FakeConnection.made).toHaveLength(1);
  console.close();
});

test("a connection closed while it takes an address holds up nothing: the answer to the next offer is taken", async () => {
  const { console, signed } = await connected();
  console.callerHere(false);
  await vi.advanceTimersByTimeAsync(1000);
  console.hear({ candidate: { candidate: "candidate:1" } });
  console.callerHere(true);
  await vi.advanceTimersByTimeAsync(3000);
  expect(signed()).toBe(2);
  console.hear({ note: "an answer", description: { type: "answer", sdp: sdp("aa") } });
  await vi.advanceTimersByTimeAsync(0);
  expect(console.call.view.value.phase).toBe("connected");
  console.close();
});

test("a step that fails holds up none of those after it", async () => {
  const reported: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
  const { console } = await connected();
  const after = vi.fn(async () => undefined);
  const wrong = new Error("wrong");
  console.call.inTurn(() => Promise.reject(wrong));
  console.call.inTurn(after);
  await vi.advanceTimersByTimeAsync(0);
  expect(after).toHaveBeenCalledOnce();
  expect(reported).toEqual([wrong]);
  console.close();
});
