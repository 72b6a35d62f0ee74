/** The chat as the phone keeps it: each line once, nothing of what is private, sizes that say little. */

import { describe, expect, test, vi } from "vitest";
import type { ChatEntry } from "../src/channel";
import { ChatKeeper, chatHead, readChat, writeLine } from "../src/chat-kept";
import { Device, type Signed, makeKeys } from "../src/device";
import type { ToWorker } from "../src/recorder-messages";
import { generateAgeKeys, opener } from "../src/seal/age";
import { Strand } from "../src/strand";

const TIME = "2026-11-22T03:00:00.000Z";
const entry = (id: string, mine: boolean, text: string): ChatEntry => ({ id, mine, text, time: TIME, seen: false, before: false });
const textOf = (data: readonly Uint8Array[]): string => data.map((one) => new TextDecoder().decode(one)).join("");

function keeping() {
  const kept: Uint8Array[] = [];
  const open = vi.fn(() => ({ write: (data: Uint8Array) => void kept.push(data) }));
  return { keeper: new ChatKeeper(open), kept, open };
}

describe("what is kept of a chat", () => {
  test("is both sides' lines, each once, after a head, and nothing before there is one", () => {
    const { keeper, kept, open } = keeping();
    keeper.keep([], false);
    expect(open).not.toHaveBeenCalled();
    const asked = entry("1", true, "Do I open?");
    keeper.keep([asked], false);
    keeper.keep([{ ...asked, seen: true }, entry("1", false, "No.")], false);
    // A colleague's connection begins with all that was said before.
    keeper.keep([{ ...asked, seen: false }, { ...entry("1", false, "No."), before: true }, entry("2", false, "I am here.")], false);
    expect(open).toHaveBeenCalledTimes(1);
    expect(kept[0]).toEqual(chatHead());
    expect(readChat(textOf(kept))).toEqual([
      { by: "caller", time: TIME, text: "Do I open?" },
      { by: "attorney", time: TIME, text: "No." },
      { by: "attorney", time: TIME, text: "I am here." },
    ]);
  });

  test("is nothing of what is written privately, then or later", () => {
    const { keeper, kept, open } = keeping();
    const secret = entry("1", true, "between us");
    keeper.keep([secret], true);
    expect(open).not.toHaveBeenCalled();
    keeper.keep([secret, entry("2", true, "for all")], false);
    expect(readChat(textOf(kept)).map((line) => line?.text)).toEqual(["for all"]);
  });

  test("is as long for a word as for a sentence, and without its head or with a bent line still read", () => {
    const [word, sentence] = ["No", "Stay calm and say that you want to remain silent. ".repeat(10)].map((text) =>
      writeLine({ by: "attorney", time: TIME, text }),
    );
    expect(word?.length).toBe(1024);
    expect(sentence?.length).toBe(1024);
    expect(chatHead()).toHaveLength(1024);
    const lines = readChat(textOf([word!, new TextEncoder().encode('{"by":"judge"}\nnone\n'), sentence!]));
    expect(lines.map((line) => line?.by ?? null)).toEqual(["attorney", null, null, "attorney"]);
    expect(readChat("")).toEqual([]);
  });
});

describe("the recording that takes it", () => {
  /** Makes what the worker would make of what the page says to it. */
  async function statedBy(said: readonly ToWorker[]) {
    const holder = await generateAgeKeys();
    const keys = await makeKeys([holder.recipient]);
    const purpose = { kind: "notes", media: "application/x-ndjson", encounter: "e".repeat(32), log: "log", after: null, continues: null, client: "test/1 none" } as const;
    const device = new Device(keys, purpose, 0);
    const made: Signed[] = [];
    for (const one of said) {
      if (one.do === "segment") made.push(await device.segment(one.data, one, one.duration));
      if (one.do === "gap") made.push(device.gap(one, one.duration, one.reason));
      if (one.do === "close") made.push(device.closing(one, one.reason));
    }
    const open = opener(keys.age.identity);
    const sealed = made.flatMap((one) => (one.sealed === null ? [] : [one.sealed]));
    return { sealed, text: textOf(await Promise.all(sealed.map(open))) };
  }

  test("has a beginning without length, a moment for each line, and says when it was private", async () => {
    const said: ToWorker[] = [];
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const none = (): void => undefined;
    const strand = new Strand(0, null, { plan: null }, null, { send: (one) => void said.push(one), changed: none, flowing: none, failed: none });
    strand.start();
    strand.markOpened();
    const keeper = new ChatKeeper(() => strand);
    now = 900;
    keeper.keep([entry("1", true, "CANARY")], false);
    now = 2_000;
    strand.setPrivate(true);
    now = 4_000;
    strand.setPrivate(false);
    now = 60_000;
    await strand.stop("stopped");
    strand.write(chatHead());
    vi.restoreAllMocks();

    const form = (one: ToWorker) => ("offset" in one ? [one.do, one.offset, "duration" in one ? one.duration : null] : [one.do, null, null]);
    expect(said.map(form)).toEqual([
      ["open", null, null],
      ["segment", 900, 0],
      ["segment", 900, 1],
      ["gap", 2_000, 2_000],
      ["close", 60_000, null],
    ]);
    expect(said[0]).toMatchObject({ kind: "notes", media: "application/x-ndjson" });
    const { sealed, text } = await statedBy(said);
    expect(readChat(text)).toEqual([{ by: "caller", time: TIME, text: "CANARY" }]);
    for (const one of sealed) expect(textOf([one])).not.toContain("CANARY");
    expect(new Set(sealed.map(({ length }) => length)).size).toBe(1);
  });
});
