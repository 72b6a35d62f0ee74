/** A page that dies while parts of its recording lie in memory alone, and what the next one can do. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Leftovers } from "../src/contracts";
import { sendAllLeftovers } from "../src/leftover-sender";
import { Queue } from "../src/queue";
import { MemoryFiles } from "../src/queue-files";
import { Uplink } from "../src/uplink";
import { Choosy, RECORD, beginRecording } from "./recorded";
import { FakeServer, FakeWire } from "./server";

/** The next life: what it tells at last, and how much it leaves that could go. */
async function nextLife(files: MemoryFiles, server: FakeServer): Promise<[Leftovers | undefined, number]> {
  const told: Leftovers[] = [];
  const left = await sendAllLeftovers(files, new FakeWire(server), (leftovers) => told.push(leftovers));
  return [told.at(-1), left];
}

/** Names of what lies in the folder of the one recording. */
const lying = (files: MemoryFiles) => [...(files.kept.values().next().value ?? [])].map(([name]) => name).sort();
const arrived = (server: FakeServer) => [...server.statements].map(([number, { bytes }]) => `${number} ${bytes}`);
const LARGE = 1_000;
const isLarge = (_: string, size: number) => size > LARGE;

describe("what the disk refused, when the page dies", () => {
  test("is stated, and what lies behind it arrives", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { record, gap, close } = await beginRecording(files, server);
    await record(2);
    files.refuses = (name, size) => size > LARGE && /[34]\.item/.test(name);
    await record(2);
    await gap();
    await record(1);
    await close();
    const [told, left] = await nextLife(files, server);
    expect(arrived(server)).toEqual(["0 none", "1 kept", "2 kept", "3 awaited", "4 awaited", "5 none", "6 kept", "7 none"]);
    expect(told).toEqual({ recordings: 0, waiting: 0, sent: 6, lost: 2, stranded: 0 });
    expect(left).toBe(0);
    // Neither what was said nor what a full disk took of it lies there any more.
    expect(lying(files)).toEqual(["last.0", "last.1", "record"]);
  });

  test("is stated although nothing lies behind it", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { record } = await beginRecording(files, server);
    files.refuses = isLarge;
    await record(2);
    expect((await nextLife(files, server))[0]).toEqual({ recordings: 0, waiting: 0, sent: 1, lost: 2, stranded: 0 });
    expect(arrived(server)).toEqual(["0 none", "1 awaited", "2 awaited"]);
  });

  test("is no hole even where the disk refused what it says too", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { record, close } = await beginRecording(files, server);
    await record(1);
    files.refuses = () => true;
    await record(2);
    files.refuses = isLarge;
    await close();
    const [told] = await nextLife(files, server);
    expect(arrived(server)).toEqual(["0 none", "1 kept", "2 awaited", "3 awaited", "4 none"]);
    expect(told).toEqual({ recordings: 0, waiting: 0, sent: 3, lost: 2, stranded: 0 });
  });

  test("without the opening nothing is written that nobody could send", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    files.refuses = (name) => name === "record";
    const { queue, record } = await beginRecording(files, server);
    await record(2);
    expect(queue.durable).toBe(false);
    expect(lying(files)).toEqual(["record"]);
    files.refuses = () => false;
    for (let room = 0; room < 3; room++) await record(1);
    expect(queue.durable).toBe(true);
    await nextLife(files, server);
    expect(arrived(server)).toEqual(["0 none", ...[1, 2, 3, 4, 5].map((number) => `${number} kept`)]);
  });

  test("nobody hears of it while no page is open: it is told by the next one that is", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { record, close } = await beginRecording(files, server);
    await record(1);
    files.refuses = isLarge;
    await record(1);
    await close();
    expect(await sendAllLeftovers(files, new FakeWire(server), null)).toBe(0);
    expect(arrived(server)).toEqual(["0 none", "1 kept", "2 awaited", "3 none"]);
    expect((await nextLife(files, server))[0]).toEqual({ recordings: 0, waiting: 0, sent: 0, lost: 1, stranded: 0 });
    expect((await nextLife(files, server))[0]?.lost).toBe(0);
  });
});

describe("while the page lives", () => {
  test("what was refused is written as soon as there is room, the oldest first", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { queue, device, record } = await beginRecording(files, server);
    files.refuses = isLarge;
    await record(2);
    expect(queue.durable).toBe(false);
    files.refuses = () => false;
    await record(1);
    const lie = async () => (await Queue.load(files, device.recording))?.items.map(({ number, size }) => size > 0 && number);
    expect(await lie()).toEqual([0, 1, 3, false]);
    await record(1);
    expect(await lie()).toEqual([0, 1, 2, 3, 4]);
    expect(queue.durable).toBe(true);
  });

  test("after the closing too, in the room of what was sent", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { queue, record, close } = await beginRecording(files, server);
    await record(2);
    files.refuses = isLarge;
    await record(2);
    await close();
    files.refuses = () => false;
    const uplink: Uplink = new Uplink(queue, new FakeWire(server), {
      changed: () => queue.items.length === 4 && uplink.stop(),
      receipted: () => undefined,
    });
    await uplink.run();
    expect(queue.durable).toBe(true);
    expect((await nextLife(files, server))[0]).toEqual({ recordings: 0, waiting: 0, sent: 4, lost: 0, stranded: 0 });
  });

  test.each([
    ["refused again", 2, isLarge],
    ["written after all", 2, () => false],
    ["said", 1, isLarge],
  ])("what is sent while it is %s leaves nothing behind", async (_, steps, refuses) => {
    const files = new Choosy();
    const { queue, record } = await beginRecording(files, new FakeServer());
    const settle = async () => {
      const refused = queue.items.find(({ number }) => number === 1);
      if (refused) await queue.settle(refused, "digest", "receipt\n");
    };
    files.refuses = isLarge;
    if (steps === 1) files.meanwhile = (name) => (name === "00000001.said" ? settle() : Promise.resolve());
    await record(1);
    files.refuses = refuses;
    files.meanwhile = (name) => (name === "00000001.item" ? settle() : Promise.resolve());
    if (steps === 2) await record(1);
    expect(queue.items.map(({ number }) => number)).toEqual(steps === 2 ? [0, 2] : [0]);
    expect(lying(files).filter((name) => name.startsWith("00000001"))).toEqual([]);
  });

  test("what was said by itself goes once it is sent, or written after all", async () => {
    const files = new Choosy();
    const { queue, record } = await beginRecording(files, new FakeServer());
    files.refuses = isLarge;
    await record(2);
    expect(lying(files).filter((name) => name.endsWith(".said"))).toEqual(["00000001.said", "00000002.said"]);
    const [, first] = queue.items;
    if (first) await queue.settle(first, "digest", "receipt\n");
    expect(lying(files).filter((name) => name.endsWith(".said"))).toEqual(["00000002.said"]);
    files.refuses = () => false;
    await record(1);
    expect(lying(files)).toEqual(["00000000.item", "00000002.item", "00000003.item", "last.1", "record"]);
  });

  test("a grant that is refused holds nothing up", async () => {
    const [files, server] = [new Choosy(), new FakeServer()];
    const { queue, record } = await beginRecording(files, server);
    files.refuses = isLarge;
    await queue.add({ what: "grant", number: 0, duration: 0, note: "note\n" }, new Uint8Array(2 * LARGE));
    files.refuses = (name) => name.startsWith("00000001");
    await record(1);
    expect((await nextLife(files, server))[0]).toEqual({ recordings: 0, waiting: 0, sent: 2, lost: 0, stranded: 0 });
  });

  test("a part whose file is damaged is stated, and what follows goes on", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const { device, record } = await beginRecording(files, server);
    await record(3);
    const queue = await Queue.load(files, device.recording);
    files.kept.get(device.recording)?.set("00000002.item", Uint8Array.of(1));
    if (!queue) throw new Error("expected a queue");
    await new Uplink(queue, new FakeWire(server), { changed: () => undefined, receipted: () => undefined }).run(true);
    expect(arrived(server)).toEqual(["0 none", "1 kept", "2 awaited", "3 kept"]);
    expect(queue.items).toEqual([]);
  });
});

describe("what no server takes any more", () => {
  test("behind a number that is nowhere is not called waiting", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const { device, record } = await beginRecording(files, server);
    await record(4);
    await files.remove(device.recording, "00000002.item");
    const [told, left] = await nextLife(files, server);
    expect(told).toEqual({ recordings: 0, waiting: 0, sent: 2, lost: 0, stranded: 2 });
    expect(left).toBe(0);
    // Nothing is deleted: whoever holds a grant can still open it, and a server that has the number takes it.
    expect((await Queue.load(files, device.recording))?.items.map(({ number }) => number)).toEqual([3, 4]);
  });

  test("of a recording that the server does not know any more", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const { device, queue, record } = await beginRecording(files, server);
    await record(2);
    await queue.add({ what: "grant", number: 0, duration: 0, note: "note\n" }, Uint8Array.of(1));
    await files.remove(device.recording, "00000000.item");
    expect(await nextLife(files, server)).toEqual([{ recordings: 0, waiting: 0, sent: 0, lost: 0, stranded: 3 }, 0]);
  });
});

/** A disk that refuses by turns, and keeps how it looked after every step of a write. */
class Filmed extends MemoryFiles {
  override readonly where = "opfs" as "memory";
  readonly looks: { readonly settled: number; readonly files: MemoryFiles }[] = [];
  settled = -1;
  constructor(private readonly refusals: (size: number) => boolean) {
    super();
  }

  override async write(folder: string, name: string, data: Uint8Array): Promise<void> {
    const refused = this.refusals(data.length);
    await super.write(folder, name, data.subarray(0, data.length / 2));
    this.look();
    if (refused) throw new DOMException("full", "QuotaExceededError");
    await super.write(folder, name, data);
    this.look();
  }

  override async remove(folder: string, name: string): Promise<void> {
    await super.remove(folder, name);
    this.look();
  }

  private look(): void {
    const files = new MemoryFiles();
    for (const [folder, names] of this.kept) files.kept.set(folder, new Map(names));
    this.looks.push({ settled: this.settled, files });
  }
}

const SIZES = { film: LARGE, statement: 0 };

test("wherever the disk refuses and whenever the page dies, no number is missing before another", async () => {
  const step = fc.constantFrom("film", "statement", "settle");
  // 0: all is taken, 1: what is large is refused, 2: everything is.
  const moods = fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), moods, async (steps, turns) => {
      let at = 0;
      const files = new Filmed((size) => (turns[at++ % turns.length] ?? 0) > (size > LARGE ? 0 : 1));
      const queue = await Queue.create(files, RECORD);
      await queue.add({ what: "opening", number: 0, duration: 0, note: RECORD.opening }, Uint8Array.of(0));
      let number = 0;
      for (const one of steps) {
        const [oldest] = queue.items;
        if (one === "settle" && oldest) {
          files.settled = oldest.number;
          await queue.settle(oldest, "digest", "receipt\n");
        } else if (one !== "settle") {
          const what = one === "film" ? "segment" : "statement";
          await queue.add({ what, number: ++number, duration: 0, note: `note ${number}\n` }, new Uint8Array(SIZES[one]));
        }
      }
      for (const { settled, files: found } of files.looks) {
        const loaded = await Queue.load(found, RECORD.recording);
        const numbers = (loaded?.items ?? []).map((item) => item.number).sort((a, b) => a - b);
        const first = numbers[0] ?? 0;
        expect(first).toBeLessThanOrEqual(settled + 1);
        expect(numbers).toEqual(numbers.map((_, index) => first + index));
      }
    }),
    { numRuns: 300 },
  );
});
