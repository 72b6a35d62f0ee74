/**
 * How the call's voice is sent: Opus with its in-band correction, which browsers offer by themselves,
 * and every packet twice (RED, RFC 2198) where both ends know it. Which is sent follows from the order
 * in the descriptions alone: Chromium takes no other word for it.
 */

/** Bits a second of Opus, unless less is asked for. */
export const VOICE = 32_000;

type Codecs = Pick<typeof RTCRtpReceiver, "getCapabilities">;

const named = (name: string) => (codec: RTCRtpCodec) => codec.mimeType.toLowerCase() === `audio/${name}`;

/** Puts RED first, Opus second, in what the next description says of sound; without RED, nothing is changed. */
export function preferTwice(
  pc: RTCPeerConnection,
  known: Codecs | undefined = globalThis.RTCRtpReceiver as Codecs | undefined,
): void {
  const codecs = known?.getCapabilities("audio")?.codecs ?? [];
  const red = codecs.filter(named("red"));
  const opus = codecs.filter(named("opus"));
  if (red.length === 0 || opus.length === 0) return;
  const rest = codecs.filter((codec) => !red.includes(codec) && !opus.includes(codec));
  for (const transceiver of pc.getTransceivers()) {
    if (transceiver.receiver.track.kind === "audio") transceiver.setCodecPreferences([...red, ...opus, ...rest]);
  }
}

/** Sends voice at so many bits a second; what goes twice costs half as much again. */
export async function limitVoice(sender: RTCRtpSender, bits: number): Promise<void> {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings;
  if (!encoding) return;
  encoding.maxBitrate = bits;
  await sender.setParameters(parameters).catch(() => undefined);
}
