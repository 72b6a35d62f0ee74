import { beforeEach, describe, expect, test } from "vitest";
import { readUtf8 } from "../src/evidence/text";
import { Queue } from "../src/queue";
import { MemoryFiles } from "../src/queue-files";
import { generateAgeKeys } from "../src/seal/age";
import { Uplink } from "../src/uplink";
import { Quota, type Recorded, TIME, beginRecording } from "./recorded";
import { FakeServer, FakeWire, problem } from "./server";

interface Scene extends Recorded {
  server: FakeServer;
  wire: FakeWire;
  files: MemoryFiles;
  uplink: Uplink;
  problems: (string | null)[];
}

let scene: Scene;

beforeEach(async () => {
  scene = await sceneOn(new MemoryFiles());
});

async function sceneOn(files: MemoryFiles): Promise<Scene> {
  const server = new FakeServer();
  const wire = new FakeWire(server);
  const made = await beginRecording(files, server);
  const problems: (string | null)[] = [];
  const uplink: Uplink = new Uplink(made.queue, wire, {
    changed: () => problems.push(uplink.problem),
    receipted: () => undefined,
  });
  return { ...made, server, wire, files, uplink, problems };
}

const record = (count: number) => scene.record(count);
const close = () => scene.close();

async function grant(): Promise<void> {
  const { recipient } = await generateAgeKeys();
  const { file, note } = await scene.device.grant(recipient, TIME);
  await scene.queue.add({ what: "grant", number: 0, duration: 0, note: readUtf8("note", note) }, file);
}

const left = () => scene.queue.items.map(({ what, number }) => `${what} ${number}`);
const stopAfter = (sleeps: number) => {
  scene.wire.onSleep = () => {
    if (scene.wire.slept.length >= sleeps) scene.uplink.stop();
  };
};

test("at the device's quota the oldest film is dropped last, and only when it is on the server", async () => {
  const files = new Quota(24_000);
  scene = await sceneOn(files);
  const { queue, server, uplink, device } = scene;
  await record(12);
  await close();
  const film = Array.from({ length: 12 }, (_, at) => `segment ${1 + at}`);
  const all = ["opening 0", ...film, "statement 13"];
  // What the disk refused is the newest: it is listed all the same, and sent from memory.
  expect(queue.refusals).toBeGreaterThan(0);
  expect(left()).toEqual(all);
  const kept = async () => {
    const found = (await Queue.load(files, device.recording))?.items ?? [];
    return found.flatMap(({ what, number, size }) => (what === "segment" && size > 0 ? [number] : []));
  };
  const before = await kept();
  expect(before.length).toBeGreaterThan(4);
  expect(before).toEqual(before.map((_, at) => 1 + at));
  // A server that takes what is said, but has no room for film: none of it goes.
  server.before = (path) => (path.includes("/segments/") ? problem(507, {}) : null);
  stopAfter(3);
  await uplink.run();
  expect(left().filter((one) => one.startsWith("segment"))).toEqual(film);
  expect((await kept()).slice(0, before.length)).toEqual(before);
  // With room again the oldest goes first, and each only once its bytes are there.
  server.before = () => null;
  const gone: number[] = [];
  const second = new Uplink(queue, scene.wire, {
    changed: () => undefined,
    receipted: ({ what, number }) => what === "segment" && gone.push(number),
  });
  server.after = (answer) => {
    const here = new Set(queue.items.map(({ number }) => number));
    const missing = film.map((_, at) => 1 + at).filter((number) => !here.has(number));
    expect(missing.filter((number) => server.statements.get(number)?.bytes !== "kept")).toEqual([]);
    return answer;
  };
  scene.wire.onSleep = () => second.stop();
  await second.run(true);
  expect(gone).toEqual(film.map((_, at) => 1 + at));
  expect(left()).toEqual([]);
  expect(await kept()).toEqual([]);
});

describe("the uplink", () => {
  test("sends the opening, then the initialization, then grants, then the rest in order", async () => {
    await record(3);
    await grant();
    await close();
    await scene.uplink.run(true);
    expect(scene.server.asked).toEqual([
      "POST",
      "PUT segments/1",
      "POST grants",
      "PUT segments/2",
      "PUT segments/3",
      "PUT statements/4",
    ]);
    expect(left()).toEqual([]);
    expect([...scene.server.statements.values()].map(({ bytes }) => bytes)).toEqual(["none", "kept", "kept", "kept", "none"]);
    expect(scene.problems.at(-1)).toBeNull();
  });

  test("keeps on without a network: half a second at first, five at most, and nothing is lost", async () => {
    await record(1);
    scene.server.before = () => {
      throw new TypeError("network");
    };
    stopAfter(6);
    await scene.uplink.run();
    expect(scene.wire.slept).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
    expect(left()).toEqual(["opening 0", "segment 1"]);
    expect(scene.uplink.problem).toBe("offline");
  });

  test("an answer that was lost on the way brings the same receipt the next time", async () => {
    await record(2);
    let lost = 3;
    scene.server.after = (answer) => {
      if (lost-- > 0) throw new TypeError("network");
      return answer;
    };
    await scene.uplink.run(true);
    expect(left()).toEqual([]);
    expect(scene.server.statements.size).toBe(3);
  });

  test.each([
    ["another key's", (text: string) => text.replace(/— .*/, (line) => `${line.slice(0, -12)}AAAAAAAAAAA=`)],
    ["about another thing", (text: string) => text.replace(/entry [0-9a-f]{2}/, "entry 00")],
    ["of another log", (text: string) => text.replace("log log", "log lag")],
    ["not one", () => "thank you"],
  ])("a receipt that is %s deletes nothing", async (_, bend) => {
    scene.server.after = async (answer) => new Response(bend(await answer.text()), { status: answer.status });
    stopAfter(2);
    await scene.uplink.run();
    expect(left()).toEqual(["opening 0"]);
    expect(scene.uplink.problem).toBe("receipt");
  });

  test("a receipt that does not say the bytes are kept deletes none", async () => {
    await record(1);
    scene.server.after = async (answer, path) => {
      const kept = scene.server.statements.get(1);
      if (!path.endsWith("segments/1") || !kept) return answer;
      kept.bytes = "awaited";
      return await scene.server["receipt"](kept, 201);
    };
    stopAfter(1);
    await scene.uplink.run();
    expect(left()).toEqual(["segment 1"]);
    expect(scene.uplink.problem).toBe("receipt");
  });

  test("while the server's disk is full the statements go on alone, and the bytes follow", async () => {
    await record(3);
    await close();
    let full = true;
    scene.server.before = (path) => (full && path.includes("/segments/") ? problem(507, {}) : null);
    scene.wire.onSleep = () => {
      expect(scene.problems).toContain("storage-full");
      full = false;
    };
    await scene.uplink.run(true);
    expect(left()).toEqual([]);
    expect(scene.server.asked.slice(0, 6)).toEqual([
      "POST",
      "PUT segments/1",
      "PUT statements/1",
      "PUT statements/2",
      "PUT statements/3",
      "PUT statements/4",
    ]);
    expect([...scene.server.statements.values()].every(({ bytes }) => bytes !== "awaited")).toBe(true);
    expect(scene.uplink.problem).toBeNull();
  });

  test("a refused segment stays, its statement goes alone, and the chain goes on", async () => {
    await record(3);
    scene.server.before = (path) => (path.endsWith("/segments/2") ? problem(413, {}) : null);
    await scene.uplink.run(true);
    expect(left()).toEqual(["segment 2"]);
    expect(scene.server.statements.get(2)?.bytes).toBe("awaited");
    expect(scene.server.statements.get(3)?.bytes).toBe("kept");
    expect(scene.uplink.problem).toBe("refused:413");
  });

  test("a refused segment is tried again after half a minute", async () => {
    await record(1);
    scene.server.before = (path) => (path.endsWith("/segments/1") && scene.wire.time < 30_000 ? problem(422, {}) : null);
    scene.wire.onSleep = () => {
      if (scene.queue.items.length === 0) scene.uplink.stop();
    };
    await scene.uplink.run();
    expect(left()).toEqual([]);
    expect(scene.wire.slept[0]).toBe(30_001);
    expect(scene.uplink.problem).toBeNull();
  });

  test("a refused opening holds everything, and says why", async () => {
    await record(1);
    await grant();
    scene.server.before = () => problem(401, {});
    await scene.uplink.run(true);
    expect(scene.server.asked).toEqual(["POST"]);
    expect(left()).toEqual(["opening 0", "segment 1", "grant 0"]);
    expect(scene.uplink.problem).toBe("refused:401");
  });

  test("a refused statement holds what follows it, but not a grant", async () => {
    await record(2);
    await scene.uplink.run(true);
    await record(2);
    await grant();
    scene.server.before = (path) => (/\/3$/.test(path) ? problem(422, {}) : null);
    await scene.uplink.run(true);
    expect(left()).toEqual(["segment 3", "segment 4"]);
    expect(scene.server.grants.length).toBe(1);
    expect(scene.server.statements.has(4)).toBe(false);
  });

  test("a server that forgot the end of the chain gets it again, where it is still here", async () => {
    await record(3);
    let full = true;
    scene.server.before = (path) => (full && path.includes("/segments/") ? problem(507, {}) : null);
    scene.wire.onSleep = () => {
      scene.server.loseFrom(2);
      full = false;
    };
    await scene.uplink.run(true);
    expect(left()).toEqual([]);
    expect([...scene.server.statements.keys()].sort()).toEqual([0, 1, 2, 3]);
  });

  test("a number taken by another statement is never overwritten: both stay, and it is said", async () => {
    await record(1);
    await scene.uplink.run(true);
    await record(1);
    scene.server.before = (path) => (/\/2$/.test(path) ? problem(409, { last: 2, digest: "00".repeat(32) }) : null);
    await scene.uplink.run(true);
    expect(left()).toEqual(["segment 2"]);
    expect(scene.uplink.problem).toBe("refused:409");
  });

  test("what is sent carries no cookie and follows no redirect", async () => {
    const seen: RequestInit[] = [];
    scene.server.before = (_, init) => {
      seen.push(init);
      return null;
    };
    await record(1);
    await scene.uplink.run(true);
    for (const init of seen) expect(init).toMatchObject({ credentials: "omit", redirect: "error", cache: "no-store" });
  });

  test("another life sends the rest without any key", async () => {
    await record(2);
    await close();
    const queue = await Queue.load(scene.files, scene.device.recording);
    if (!queue) throw new Error("expected a queue");
    await new Uplink(queue, scene.wire, { changed: () => undefined, receipted: () => undefined }).run(true);
    expect(queue.items).toEqual([]);
    expect(scene.server.statements.size).toBe(4);
    const again = await Queue.load(scene.files, scene.device.recording);
    expect(again?.last?.number).toBe(3);
  });
});
