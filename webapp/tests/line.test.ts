import { describe, expect, test } from "vitest";
import { Line, type Rank, type Sender } from "../src/line";
import { MemoryFiles } from "../src/queue-files";
import { Uplink } from "../src/uplink";
import { beginRecording } from "./recorded";
import { FakeServer, FakeWire } from "./server";

/** Sends things of the given ranks in their order, and writes down what was sent. */
function sender(name: string, ranks: readonly Rank[], sent: string[]): Sender {
  const left = [...ranks];
  return {
    stopped: false,
    next() {
      const rank = left[0];
      if (rank === undefined) return null;
      const send = async () => void sent.push(`${name} ${left.shift()}`);
      return { rank, send };
    },
    untilSomething: () => 60_000,
    mayWait: () => false,
  };
}

describe("the line", () => {
  test("gives equals their turns", async () => {
    const line = new Line(new FakeWire(new FakeServer()));
    const sent: string[] = [];
    line.add(sender("film", [0, 0, 0], sent));
    line.add(sender("sound", [0, 0], sent));
    await line.run(true);
    expect(sent).toEqual(["film 0", "sound 0", "film 0", "sound 0", "film 0"]);
  });

  test("lets the most urgent of all recordings go first, one after the other", async () => {
    const line = new Line(new FakeWire(new FakeServer()));
    const sent: string[] = [];
    line.add(sender("film", [0, 1, 3, 3], sent));
    line.add(sender("sound", [0, 1, 2, 2], sent));
    await line.run(true);
    expect(sent).toEqual(["film 0", "sound 0", "film 1", "sound 1", "sound 2", "sound 2", "film 3", "film 3"]);
  });
});

async function recorded(kind: "film" | "sound", line: (wire: FakeWire) => Line) {
  const server = new FakeServer();
  const wire = new FakeWire(server);
  const { queue, record } = await beginRecording(new MemoryFiles(), server, kind);
  await record(3);
  const shared = line(wire);
  const uplink = new Uplink(queue, wire, { changed: () => undefined, receipted: () => undefined }, shared);
  return { server, queue, uplink, line: shared };
}

const held = (wire: FakeWire) => {
  const line = new Line(wire);
  line.hold(true);
  return line;
};

/** A line on which requests took long and brought little. */
const poor = (wire: FakeWire) => {
  const line = new Line(wire);
  for (const at of [-4000, -3000, -2000, -1000]) {
    line.goodput.begin(at);
    line.goodput.end(20_000, at + 1000);
  }
  return line;
};

describe("while the call needs the line", () => {
  test("a film's statements go and its bytes wait", async () => {
    const { server, queue, uplink, line } = await recorded("film", held);
    await uplink.run(true);
    expect(server.asked).toEqual(["POST", "PUT segments/1", "PUT statements/2", "PUT statements/3"]);
    expect(queue.items.map(({ number }) => number)).toEqual([2, 3]);
    line.hold(false);
    await uplink.run(true);
    expect(server.asked.slice(4)).toEqual(["PUT segments/2", "PUT segments/3"]);
    expect(queue.items).toEqual([]);
  });

  test("sound goes on", async () => {
    const { queue, uplink } = await recorded("sound", held);
    await uplink.run(true);
    expect(queue.items).toEqual([]);
  });
});

describe("on a poor line", () => {
  test("sound goes whole and before all that a film says", async () => {
    const { server, uplink } = await recorded("sound", poor);
    expect(uplink.next()?.rank).toBe(0);
    await uplink.run(true);
    expect(server.asked).toEqual(["POST", "PUT segments/1", "PUT segments/2", "PUT segments/3"]);
    const film = await recorded("film", poor);
    await film.uplink.next()?.send();
    await film.uplink.next()?.send();
    expect(film.uplink.next()?.rank).toBe(1);
  });

  test("what is said goes before any of what is shown, and is not sent twice", async () => {
    const { server, queue, uplink } = await recorded("film", poor);
    const headers: boolean[] = [];
    server.before = (path, init) => {
      if (path.includes("/segments/")) headers.push(new Headers(init.headers).has("Statement"));
      return null;
    };
    await uplink.run(true);
    expect(server.asked).toEqual([
      "POST",
      "PUT segments/1",
      "PUT statements/2",
      "PUT statements/3",
      "PUT segments/2",
      "PUT segments/3",
    ]);
    expect(headers).toEqual([true, false, false]);
    expect(queue.items).toEqual([]);
  });
});
