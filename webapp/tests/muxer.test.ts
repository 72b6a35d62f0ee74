import { EncodedAudioPacketSource, EncodedPacket, Mp4OutputFormat, NullTarget, Output } from "mediabunny";
import { describe, expect, test } from "vitest";
import { endFragment, forgetFragments } from "../src/muxer";

const META = { decoderConfig: { codec: "opus", numberOfChannels: 1, sampleRate: 48_000 } };
const PACKET = 0.02;

/** A muxer of fragments of a second, fed with as many seconds of sound as are asked for. */
async function muxing(each: (output: Output) => void = () => undefined) {
  const fragments: number[] = [];
  const output: Output = new Output({
    format: new Mp4OutputFormat({
      fastStart: "fragmented",
      minimumFragmentDuration: 1,
      onMdat: (data) => {
        fragments.push(data.length);
        each(output);
      },
    }),
    target: new NullTarget(),
  });
  const source = new EncodedAudioPacketSource("opus");
  output.addAudioTrack(source);
  await output.start();
  let packets = 0;
  const feed = async (seconds: number): Promise<void> => {
    for (const until = packets + Math.round(seconds / PACKET); packets < until; packets++) {
      await source.add(new EncodedPacket(new Uint8Array(60), "key", packets * PACKET, PACKET), META);
    }
  };
  return { output, fragments, feed };
}

/** How many objects can be reached from *start*. */
function reachable(start: object): number {
  const found = new Set<object>();
  const waiting: object[] = [start];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    if (ArrayBuffer.isView(one)) continue;
    const values = one instanceof Map || one instanceof Set ? [...one.entries()].flat() : Object.values(one);
    for (const value of values) if (typeof value === "object" && value !== null) waiting.push(value as object);
  }
  return found.size;
}

describe("the library's muxer", () => {
  test("keeps nothing of the fragments before, however long it runs", async () => {
    const { output, fragments, feed } = await muxing(forgetFragments);
    await feed(20);
    const before = reachable(output);
    await feed(100);
    expect(fragments.length).toBeGreaterThan(100);
    expect(reachable(output)).toBeLessThan(before + 100);
  });

  test("keeps every sample where nobody lets them go", async () => {
    const { output, feed } = await muxing();
    await feed(20);
    const before = reachable(output);
    await feed(100);
    expect(reachable(output)).toBeGreaterThan(before + 4_000);
  });

  test("ends a fragment that is asked for, though it is not as long as it should be", async () => {
    const { output, fragments, feed } = await muxing();
    await feed(0.5);
    expect(fragments).toEqual([]);
    await endFragment(output);
    expect(fragments.length).toBe(1);
    await endFragment(output);
    expect(fragments.length).toBe(1);
  });
});
