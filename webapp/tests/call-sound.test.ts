import { describe, expect, test, vi } from "vitest";
import { VOICE, limitVoice, preferTwice } from "../src/call-sound";

const codec = (mimeType: string): RTCRtpCodec => ({ mimeType, clockRate: 48_000 });
const [OPUS, RED, G722, H264] = ["audio/opus", "audio/red", "audio/G722", "video/H264"].map(codec) as [
  RTCRtpCodec, RTCRtpCodec, RTCRtpCodec, RTCRtpCodec,
];

/** A connection of one sound and one picture; says what was preferred for each. */
function preferred(codecs: RTCRtpCodec[]): Record<string, RTCRtpCodec[]> {
  const found: Record<string, RTCRtpCodec[]> = {};
  const transceivers = ["audio", "video"].map((kind) => ({
    receiver: { track: { kind } },
    setCodecPreferences: (given: RTCRtpCodec[]) => void (found[kind] = given),
  }));
  const pc = { getTransceivers: () => transceivers } as unknown as RTCPeerConnection;
  preferTwice(pc, { getCapabilities: () => ({ codecs, headerExtensions: [] }) });
  return found;
}

describe("what is said of sound", () => {
  test("names RED first and then Opus, and leaves pictures alone", () => {
    expect(preferred([OPUS, RED, G722, H264])).toEqual({ audio: [RED, OPUS, G722, H264] });
  });

  test("is as it is where a browser knows no RED", () => {
    expect(preferred([OPUS, G722])).toEqual({});
  });
});

describe("the ladder", () => {
  test("makes the voice smaller and larger, and a browser that refuses ends no call", async () => {
    const encoding: RTCRtpEncodingParameters = { active: true };
    const setParameters = vi.fn(async ({ encodings }: RTCRtpSendParameters) => void Object.assign(encoding, encodings[0]));
    const sender = { getParameters: () => ({ encodings: [{ ...encoding }] }), setParameters } as unknown as RTCRtpSender;
    await limitVoice(sender, 24_000);
    expect(encoding).toEqual({ active: true, maxBitrate: 24_000 });
    await limitVoice(sender, VOICE);
    expect(encoding).toEqual({ active: true, maxBitrate: VOICE });
    setParameters.mockRejectedValueOnce(new DOMException("no", "InvalidModificationError"));
    await limitVoice(sender, 24_000);
    expect(encoding.maxBitrate).toBe(VOICE);
  });
});
