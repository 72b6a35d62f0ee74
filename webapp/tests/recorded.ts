/** A recording as the phone makes it, with real keys, on whatever place a test gives it. */

import { Device, makeKeys } from "../src/device";
import { readUtf8, utf8 } from "../src/evidence/text";
import { type Item, Queue, type RecordFile } from "../src/queue";
import { MemoryFiles } from "../src/queue-files";
import { generateAgeKeys } from "../src/seal/age";
import { type FakeServer, ORIGIN } from "./server";

export const TIME = Date.UTC(2026, 10, 21, 20, 14);

/** Of a recording of which nothing is checked. */
export const RECORD: RecordFile = {
  recording: "a".repeat(32),
  kind: "film",
  encounter: "b".repeat(32),
  opening: "opening\n",
  secret: "c2VjcmV0",
  origin: "log.example.org",
  receipts: "log.example.org/receipts+00000000+AAAA",
  checkpoint: null,
};

export interface Recorded {
  readonly device: Device;
  readonly queue: Queue;
  /** makes so many segments more, 500 ms each */
  record(count: number): Promise<void>;
  gap(): Promise<Item>;
  close(): Promise<Item>;
}

/** Begins a recording whose receipts are this server's; its opening waits in the queue. */
export async function beginRecording(
  files: MemoryFiles,
  server: FakeServer,
  kind: "film" | "sound" = "film",
): Promise<Recorded> {
  const keys = await makeKeys([(await generateAgeKeys()).recipient]);
  const purpose = { kind, media: "video/mp4", encounter: "e".repeat(32), log: ORIGIN, after: null, continues: null, client: "test/1 none" };
  const device = new Device(keys, purpose, TIME);
  const opening = readUtf8("opening", device.opening.note);
  const queue = await Queue.create(files, {
    recording: device.recording,
    kind,
    encounter: "e".repeat(32),
    opening,
    secret: "",
    origin: ORIGIN,
    receipts: String(server.receipts.verifier),
    checkpoint: null,
  });
  await queue.add({ what: "opening", number: 0, duration: 0, note: opening }, utf8(JSON.stringify({ opening })));
  let made = 0;
  const state = ({ note, number }: { note: Uint8Array; number: number }) =>
    queue.add({ what: "statement", number, duration: 0, note: readUtf8("note", note) }, utf8(""));
  return {
    device,
    queue,
    async record(count) {
      for (const last = made + count; made < last; made++) {
        const signed = await device.segment(Uint8Array.of(made), { time: TIME, offset: 500 * made }, 500);
        const note = readUtf8("note", signed.note);
        await queue.add({ what: "segment", number: signed.number, duration: 500, note }, signed.sealed ?? utf8(""));
      }
    },
    gap: () => state(device.gap({ time: TIME, offset: 500 * made }, 200, "device")),
    close: () => state(device.closing({ time: TIME, offset: 500 * made }, "stopped")),
  };
}

/** A disk that refuses what a test says; what it refuses is torn, as a full disk leaves it. */
export class Choosy extends MemoryFiles {
  override readonly where = "opfs" as "memory";
  refuses: (name: string, size: number) => boolean = () => false;
  /** what happens while a file is written */
  meanwhile: (name: string) => Promise<void> = () => Promise.resolve();

  override async write(folder: string, name: string, data: Uint8Array): Promise<void> {
    await this.meanwhile(name);
    if (this.refuses(name, data.length)) {
      await super.write(folder, name, data.subarray(0, data.length / 2));
      throw new DOMException("full", "QuotaExceededError");
    }
    await super.write(folder, name, data);
  }
}

/** A disk of so many bytes, which refuses what would be more. */
export class Quota extends MemoryFiles {
  override readonly where = "opfs" as "memory";
  constructor(private readonly room: number) {
    super();
  }

  get used(): number {
    const all = [...this.kept.values()].flatMap((folder) => [...folder.values()]);
    return all.reduce((sum, { length }) => sum + length, 0);
  }

  override async write(folder: string, name: string, data: Uint8Array): Promise<void> {
    const before = this.kept.get(folder)?.get(name)?.length ?? 0;
    if (this.used - before + data.length > this.room) throw new DOMException("full", "QuotaExceededError");
    await super.write(folder, name, data);
  }
}
