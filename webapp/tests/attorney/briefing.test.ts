/** To whom a console speaks follows from what the server says; each caller has a connection of their own. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Briefing } from "../../src/attorney/briefing";
import type { Signal } from "../../src/live-contracts";

const [ONE, TWO] = ["1".repeat(32), "2".repeat(32)] as const;
const PRINT = Array.from({ length: 32 }, () => "aa").join(":");

class FakeConnection {
  static made: FakeConnection[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription: RTCSessionDescriptionInit | null = null;
  asked: { kind: unknown; direction: string | undefined }[] = [];
  closed = false;

  constructor() {
    FakeConnection.made.push(this);
  }

  createDataChannel = (): object => ({ readyState: "connecting" });
  addTransceiver = (one: unknown, init?: RTCRtpTransceiverInit): void =>
    void this.asked.push({ kind: typeof one === "string" ? one : (one as MediaStreamTrack).kind, direction: init?.direction });
  getTransceivers = (): [] => [];
  getSenders = (): [] => [];
  getReceivers = (): [] => [];
  close = (): void => void (this.closed = true);
  setLocalDescription = async (): Promise<void> =>
    void (this.localDescription = { type: "offer", sdp: `v=0\r\na=fingerprint:sha-256 ${PRINT}\r\nm=audio 9 x\r\n` });
}

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

function make(): { briefing: Briefing; sent: [string, Signal][]; over: () => number } {
  const sent: [string, Signal][] = [];
  let ended = 0;
  const briefing = new Briefing({
    ways: async () => ({}),
    now: () => 0,
    send: (encounter, signal) => sent.push([encounter, signal]) > 0,
    sign: (text) => `signed ${text}`,
    sound: async () => [{ kind: "audio" } as MediaStreamTrack],
    over: () => void (ended += 1),
  });
  return { briefing, sent, over: () => ended };
}

const here = (encounter: string): { encounter: string; here: boolean } => ({ encounter, here: true });

test("each caller is offered a connection of their own, by sound alone", async () => {
  const { briefing, sent } = make();
  briefing.told([here(ONE), here(TWO)]);
  // Said again, nothing begins again.
  briefing.told([here(TWO), here(ONE)]);
  await vi.waitFor(() => expect(sent.filter(([, { note }]) => note !== undefined)).toHaveLength(2));
  expect(sent.map(([encounter]) => encounter).sort()).toEqual([ONE, TWO]);
  for (const [encounter, { note }] of sent) expect(note).toContain(`encounter ${encounter}`);
  expect(FakeConnection.made.map(({ asked }) => asked)).toEqual(
    [1, 2].map(() => [{ kind: "audio", direction: "sendrecv" }]),
  );
  expect(briefing.view.value).toEqual({ to: 2, heard: 0 });
  briefing.close();
});

test("who is answered leaves; once nobody is left, the microphone is let go", async () => {
  const { briefing, sent, over } = make();
  briefing.told([here(ONE), here(TWO)]);
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  briefing.told([here(TWO)]);
  expect(FakeConnection.made.map(({ closed }) => closed).sort()).toEqual([false, true]);
  expect(briefing.hear({ encounter: ONE, seat: "caller" })).toBe(false);
  expect(briefing.hear({ encounter: TWO, seat: "caller" })).toBe(true);
  // What is for a call is not for it.
  expect(briefing.hear({ encounter: TWO })).toBe(false);
  expect([briefing.view.value.to, over()]).toEqual([1, 0]);
  briefing.told([]);
  briefing.told([]);
  expect(FakeConnection.made.every(({ closed }) => closed)).toBe(true);
  expect([briefing.view.value.to, over()]).toEqual([0, 1]);
});
