import { beforeEach, describe, expect, test, vi } from "vitest";
import { Tracks } from "../src/recorder-tracks";

interface Fake {
  kind: string;
  readyState: string;
  muted: boolean;
  stop(): void;
}

const fake = (kind: string): Fake => ({ kind, readyState: "live", muted: false, stop: vi.fn() });
const both = ["video", "audio"] as const;

describe("the tracks of an encounter", () => {
  let [picture, sound] = [fake("video"), fake("audio")];
  let tracks = new Tracks();

  beforeEach(() => {
    [picture, sound] = [fake("video"), fake("audio")];
    tracks = new Tracks();
    tracks.take([picture, sound] as unknown as MediaStreamTrack[]);
  });

  test("are interrupted once one was silent twice while the page was seen", () => {
    sound.muted = true;
    expect([false, false].map((hidden) => tracks.interrupted(both, hidden))).toEqual([null, "muted"]);
    expect(tracks.interrupted(both, true)).toBeNull();
    expect(tracks.interrupted(["video"], false)).toBeNull();
  });

  test("are interrupted by an end, seen or not, and that counts more than silence", () => {
    picture.readyState = "ended";
    sound.muted = true;
    expect([true, true, false].map((hidden) => tracks.interrupted(both, hidden))).toEqual([null, "device", "device"]);
    expect(both.map((kind) => [tracks.ended(kind), tracks.usable(kind)])).toEqual([
      [true, false],
      [false, false],
    ]);
  });

  test("that are not there are neither usable nor ended", () => {
    tracks.take([picture as unknown as MediaStreamTrack, undefined]);
    expect([tracks.of("audio"), tracks.usable("audio"), tracks.ended("audio")]).toEqual([undefined, false, false]);
    expect(tracks.usable("video")).toBe(true);
    tracks.release();
    expect(picture.stop).toHaveBeenCalledOnce();
    expect(sound.stop).not.toHaveBeenCalled();
  });
});
