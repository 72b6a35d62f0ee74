import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Queue, frame, unframe } from "../src/queue";
import { type Files, MemoryFiles } from "../src/queue-files";
import { RECORD as record } from "./recorded";

const segment = (number: number) => ({ what: "segment", number, duration: 500, note: `note ${number}\n` }) as const;
const bytes = (...values: number[]) => Uint8Array.from(values);

async function filled(files: Files): Promise<Queue> {
  const queue = await Queue.create(files, record);
  await queue.add({ what: "opening", number: 0, duration: 0, note: record.opening }, bytes(0));
  for (const number of [1, 2, 3]) await queue.add(segment(number), bytes(number, number));
  return queue;
}

describe("a frame", () => {
  test("comes back whole", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.uint8Array(), (header, body) => {
        const read = unframe(frame(header, body));
        expect(read?.body).toEqual(new Uint8Array(body));
        expect(JSON.stringify(read?.header)).toBe(JSON.stringify(header));
      }),
    );
  });

  test("is nothing wherever it is cut, and whatever bit of it is bent", () => {
    const good = frame({ what: "segment" }, bytes(1, 2, 3, 4, 5));
    for (let at = 0; at < good.length; at++) {
      expect(unframe(good.slice(0, at)), `cut at ${at}`).toBeNull();
      const bent = Uint8Array.from(good);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(unframe(bent), `bent at ${at}`).toBeNull();
    }
    expect(unframe(frame({}, bytes(1)).subarray(0, 0))).toBeNull();
    expect(unframe(null)).toBeNull();
  });
});

describe("the queue", () => {
  test("another life of the page finds everything as it was, in its order", async () => {
    const files = new MemoryFiles();
    const before = await filled(files);
    const after = await Queue.load(files, record.recording);
    expect(after?.record).toEqual(record);
    expect(after?.items).toEqual(before.items);
    expect(after?.unsafe).toBe(1500);
    const [, , second] = after?.items ?? [];
    expect(second && (await after?.body(second))).toEqual(bytes(2, 2));
  });

  test("what is settled is gone for good, and the last receipt stays", async () => {
    const files = new MemoryFiles();
    const queue = await filled(files);
    for (const item of [...queue.items].slice(0, 3)) await queue.settle(item, `digest ${item.number}`, "receipt\n");
    const after = await Queue.load(files, record.recording);
    expect(after?.items.map(({ number }) => number)).toEqual([3]);
    expect(after?.last).toEqual({ closed: false, count: 3, number: 2, digest: "digest 2", receipt: "receipt\n" });
  });

  test("a torn last file is skipped, and the others are still there", async () => {
    const files = new MemoryFiles();
    await filled(files);
    const folder = files.kept.get(record.recording);
    const torn = folder?.get("00000003.item");
    folder?.set("00000003.item", (torn ?? bytes()).slice(0, 40));
    folder?.set("last.0", bytes(1, 2, 3));
    const after = await Queue.load(files, record.recording);
    expect(after?.items.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(after?.damaged).toBe(1);
  });

  test("the next thing's file is opened ahead; left empty by a kill it is no damage", async () => {
    const files = new MemoryFiles();
    const ahead: string[] = [];
    files.ahead = (folder?: string, name?: string) => {
      ahead.push(`${name}`);
      files.kept.get(`${folder}`)?.set(`${name}`, new Uint8Array());
    };
    await filled(files);
    expect(ahead).toEqual([0, 1, 2, 3, 4].map((order) => `0000000${order}.item`));
    const after = await Queue.load(files, record.recording);
    expect(after?.items.length).toBe(4);
    expect(after?.damaged).toBe(0);
  });

  test("after a closing no file is opened ahead", async () => {
    const files = new MemoryFiles();
    const queue = await filled(files);
    let opened = 0;
    files.ahead = () => void (opened += 1);
    await queue.add({ what: "statement", number: 4, duration: 0, note: "accompany/closing/v1\n" }, bytes());
    expect(opened).toBe(0);
  });

  test("a new thing never takes the name of one that is still there", async () => {
    const files = new MemoryFiles();
    await filled(files);
    const after = await Queue.load(files, record.recording);
    const added = await after?.add(segment(4), bytes(4));
    expect(added?.name).toBe("00000004.item");
  });

  test("of a file that is damaged while the page lives what it said is left", async () => {
    const files = new MemoryFiles();
    await filled(files);
    const queue = await Queue.load(files, record.recording);
    files.kept.get(record.recording)?.set("00000001.item", bytes(9));
    const first = queue?.items[1];
    expect(first && (await queue?.body(first))).toBeNull();
    expect(queue?.items.map((item) => queue.lost(item))).toEqual([false, true, false, false]);
  });

  test("where the disk refuses, memory holds it, and it is said", async () => {
    class Full extends MemoryFiles {
      override readonly where = "opfs" as "memory";
      override async write(folder: string, name: string, data: Uint8Array): Promise<void> {
        if (name.endsWith(".item")) throw new DOMException("full", "QuotaExceededError");
        await super.write(folder, name, data);
      }
    }
    const queue = await Queue.create(new Full(), record);
    const item = await queue.add(segment(1), new Uint8Array(20 * 1024 * 1024));
    expect(queue.durable).toBe(false);
    expect((await queue.body(item))?.length).toBe(20 * 1024 * 1024);
    // Once the server has it, nothing would be gone with the page any more.
    await queue.settle(item, "digest", "receipt");
    expect(queue.durable).toBe(true);
  });

  test("a folder without its record tells of no recording", async () => {
    const files = new MemoryFiles();
    await files.write("x", "00000000.item", frame(segment(1), bytes(1)));
    expect(await Queue.load(files, "x")).toBeNull();
  });
});
