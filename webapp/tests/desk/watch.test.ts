import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Person } from "../../src/desk/person";
import { Watch } from "../../src/desk/watch";
import { ServerClock } from "../../src/live";
import { FakeSocket, offThePage, onAPage } from "../sockets";

const cora: Person = { id: "cora", sign: (text) => text };
const BOARD = JSON.stringify({
  type: "board",
  ...{ presses: [], people: [], callbacks: [], silent: [], keys: [] },
  ...{ surge: false, webhooks: 0, settled: 0, time: "2026-11-23T10:00:00.000Z" },
});

beforeEach(onAPage);
afterEach(offThePage);

describe("a coordinator's board", () => {
  test("on which nothing is heard is asked for, and its socket opened afresh where nobody answers", () => {
    const watch = new Watch(cora, new ServerClock());
    const [socket] = FakeSocket.made as [FakeSocket];
    socket.open();
    expect(socket.sent).toEqual(["look"]);
    socket.onmessage({ data: BOARD });
    expect(watch.view.value.board?.settled).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(socket.sent).toEqual(["look", "look"]);
    socket.onmessage({ data: BOARD });
    vi.advanceTimersByTime(14_900);
    expect([socket.sent.length, FakeSocket.made.length]).toEqual([3, 1]);
    vi.advanceTimersByTime(100);
    expect(FakeSocket.made).toHaveLength(2);
    expect(socket.readyState).toBe(3);
    FakeSocket.made[1]?.open();
    expect(FakeSocket.made[1]?.sent).toEqual(["look"]);
  });
});
