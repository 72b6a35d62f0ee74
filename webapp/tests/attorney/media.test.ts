/** Own camera and microphone: checked when going on duty, kept by whoever it rang for meanwhile. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Media } from "../../src/attorney/media";

class Track {
  readyState = "live";
  constructor(readonly kind: string) {}
  stop = (): void => void (this.readyState = "ended");
}

/** A browser that asks its person: each question is answered when the test does. */
const asked: (() => void)[] = [];
let opened: Track[][] = [];

beforeEach(() => {
  asked.length = 0;
  opened = [];
  const getUserMedia = ({ video }: MediaStreamConstraints): Promise<unknown> =>
    new Promise((resolve) => {
      asked.push(() => {
        const tracks = (video === undefined ? ["audio"] : ["audio", "video"]).map((kind) => new Track(kind));
        opened.push(tracks);
        const having = (kind: string) => () => tracks.filter((one) => one.kind === kind);
        resolve({ getTracks: () => tracks, getAudioTracks: having("audio"), getVideoTracks: having("video") });
      });
    });
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
});
afterEach(() => void vi.unstubAllGlobals());

const states = (): string[] => opened.flat().map(({ readyState }) => readyState);
const settle = async (): Promise<void> => void (await new Promise((resolve) => setTimeout(resolve)));

test("going on duty lets camera and microphone go at once", async () => {
  const media = new Media(false);
  const checked = media.check();
  asked[0]?.();
  await checked;
  await settle();
  expect(states()).toEqual(["ended", "ended"]);
  expect(media.view.value).toMatchObject({ ready: "both", stream: null });
});

test("a ring while the browser still asks keeps what it opens", async () => {
  const media = new Media(false);
  const checked = media.check();
  const brought = media.open();
  asked[0]?.();
  await checked;
  await settle();
  expect(states()).toEqual(["live", "live"]);
  expect(media.view.value).toMatchObject({ ready: "both", stream: await brought });
  media.close();
  await settle();
  expect(states()).toEqual(["ended", "ended"]);
});

test("the other way round too: what a ring opened, a check leaves open", async () => {
  const media = new Media(true);
  const brought = media.open();
  const checked = media.check();
  asked[0]?.();
  await Promise.all([brought, checked]);
  await settle();
  expect(asked).toHaveLength(1);
  expect(states()).toEqual(["live"]);
});

test("what comes after it was closed is stopped and shown to nobody", async () => {
  const media = new Media(false);
  void media.open();
  media.close();
  asked[0]?.();
  await settle();
  expect(states()).toEqual(["ended", "ended"]);
  expect(media.view.value.stream).toBe(null);
  const again = media.open();
  asked[1]?.();
  await again;
  expect(media.view.value.stream).toBe(await again);
});
