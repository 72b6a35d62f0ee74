import { describe, expect, test } from "vitest";
import type { Leftovers } from "../src/contracts";
import { utf8 } from "../src/evidence/text";
import { sendAllLeftovers } from "../src/leftover-sender";
import { Queue } from "../src/queue";
import { MemoryFiles } from "../src/queue-files";
import { beginRecording } from "./recorded";
import { FakeServer, FakeWire, problem } from "./server";

/** What a killed page leaves: an opening and two segments, nothing sent, no closing. */
async function leave(files: MemoryFiles, server: FakeServer): Promise<string> {
  const { device, record } = await beginRecording(files, server);
  await record(2);
  return device.recording;
}

/** Has a recording in hand, as a page does that makes it. */
async function hold(recording: string) {
  const name = `accompany-recording-${recording}`;
  let letGo = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await new Promise<void>((held) => void navigator.locks.request(name, () => (held(), until)));
  const asked = async (): Promise<void> => {
    while (!(await navigator.locks.query()).pending?.some((one) => one.name === name)) await turn();
  };
  return { letGo, asked };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

async function send(files: MemoryFiles, server: FakeServer): Promise<Leftovers[]> {
  const told: Leftovers[] = [];
  await sendAllLeftovers(files, new FakeWire(server), (leftovers) => told.push(leftovers));
  return told;
}

describe("what earlier lives left", () => {
  test("is sent, and told as it goes", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const recording = await leave(files, server);
    const told = await send(files, server);
    expect(told.map(({ waiting, sent }) => [waiting, sent])).toEqual([[3, 0], [2, 1], [1, 2], [0, 3], [0, 3]]);
    expect(told.map(({ recordings }) => recordings)).toEqual([1, 1, 1, 0, 0]);
    expect((await Queue.load(files, recording))?.items).toEqual([]);
  });

  test("of several, none is called safe before all of them are", async () => {
    const files = new MemoryFiles();
    const servers = [new FakeServer(), new FakeServer(), new FakeServer()];
    const homes = new Map<string, FakeServer>();
    for (const server of servers) homes.set(await leave(files, server), server);
    const wire = new FakeWire(new FakeServer());
    wire.fetch = async (path, init) => {
      const said = path === "/api/recordings" ? new TextDecoder().decode(init.body as Uint8Array) : path;
      const [, home] = [...homes].find(([recording]) => said.includes(recording)) ?? [];
      return home?.fetch(path, init) ?? problem(404, {});
    };
    const told: Leftovers[] = [];
    await sendAllLeftovers(files, wire, (leftovers) => told.push(leftovers));
    expect(told.at(-1)).toEqual({ recordings: 0, waiting: 0, sent: 9, lost: 0, stranded: 0 });
    expect(told.filter(({ waiting, sent }) => waiting === 0 && sent < 9)).toEqual([]);
  });

  test("nothing left is told as nothing", async () => {
    expect(await send(new MemoryFiles(), new FakeServer())).toEqual([{ recordings: 0, waiting: 0, sent: 0, lost: 0, stranded: 0 }]);
  });

  test("a damaged recording does not hold up the others", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    await files.write("0damaged", "record", utf8("{"));
    await leave(files, server);
    expect((await send(files, server)).at(-1)).toEqual({ recordings: 0, waiting: 0, sent: 3, lost: 0, stranded: 0 });
  });

  test("what somebody had in hand who is gone a moment later is sent too", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const recording = await leave(files, server);
    const held = await hold(recording);
    const told: Leftovers[] = [];
    const sending = sendAllLeftovers(files, new FakeWire(server), (now) => told.push(now), 10_000);
    await held.asked();
    expect(told).toEqual([]);
    held.letGo();
    expect(await sending).toBe(0);
    expect(told.at(-1)).toEqual({ recordings: 0, waiting: 0, sent: 3, lost: 0, stranded: 0 });
  });

  test("what somebody keeps in hand is theirs to send", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const recording = await leave(files, server);
    const held = await hold(recording);
    expect(await sendAllLeftovers(files, new FakeWire(server), () => undefined, 20)).toBe(1);
    expect((await Queue.load(files, recording))?.items.length).toBe(3);
    held.letGo();
  });

  test("a recording that is refused stays, and the sender comes to an end", async () => {
    const [files, server] = [new MemoryFiles(), new FakeServer()];
    const recording = await leave(files, server);
    server.before = () => problem(403, {});
    const told: Leftovers[] = [];
    await sendAllLeftovers(files, new FakeWire(server), (leftovers) => told.push(leftovers));
    expect(told.at(-1)).toEqual({ recordings: 1, waiting: 3, sent: 0, lost: 0, stranded: 0 });
    expect((await Queue.load(files, recording))?.items.length).toBe(3);
  });
});
