import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CALM, Live, RINGING, type Quiet } from "../src/live";
import { FakeSocket, offThePage, onAPage } from "./sockets";

type Message = { type: string };

/** A socket that is open; its owner says `nudge` once it is. */
function make(quiet: () => Quiet | null = () => null): { live: Live<Message, Message>; socket: FakeSocket } {
  const live = new Live<Message, Message>({
    path: "/api/live/caller",
    read: (value) => value as Message,
    greet: () => [{ type: "press" }],
    quiet,
  });
  live.connection.watch((connection) => connection === "open" && live.send({ type: "nudge" }));
  const [socket] = FakeSocket.made as [FakeSocket];
  socket.open();
  return { live, socket };
}

beforeEach(onAPage);
afterEach(offThePage);

describe("a socket", () => {
  test("greets before its owner says anything else", () => {
    expect(make().socket.sent).toEqual(["press", "nudge"]);
  });

  test("in doubt that is answered stays", () => {
    const { live, socket } = make();
    live.doubt();
    live.doubt();
    expect(socket.sent).toEqual(["press", "nudge", "press"]);
    vi.advanceTimersByTime(600);
    socket.onmessage({ data: '{"type": "standing"}' });
    vi.advanceTimersByTime(5000);
    expect(FakeSocket.made).toHaveLength(1);
  });

  test("in doubt that nobody answers is opened afresh, and greets there", () => {
    const { live, socket } = make();
    live.doubt();
    vi.advanceTimersByTime(700);
    expect(FakeSocket.made).toHaveLength(2);
    expect(socket.readyState).toBe(3);
    FakeSocket.made[1]?.open();
    expect(FakeSocket.made[1]?.sent).toEqual(["press", "nudge"]);
  });

  const told = (socket: FakeSocket): void => socket.onmessage({ data: '{"type": "standing"}' });

  test("on which nothing is heard while it rings is asked, and opened afresh where nobody answers", () => {
    const { socket } = make(() => RINGING);
    vi.advanceTimersByTime(2400);
    told(socket);
    vi.advanceTimersByTime(2400);
    expect(socket.sent).toEqual(["press", "nudge"]);
    vi.advanceTimersByTime(100);
    expect(socket.sent).toEqual(["press", "nudge", "press"]);
    vi.advanceTimersByTime(2400);
    expect(FakeSocket.made).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(FakeSocket.made).toHaveLength(2);
    // One that does not even open is not asked: a slow line has the time that it takes.
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(2);
  });

  test("that answers whenever it is asked stays for ever", () => {
    const { socket } = make(() => RINGING);
    for (let asked = 1; asked < 50; asked++) {
      vi.advanceTimersByTime(2500);
      expect(socket.sent).toHaveLength(2 + asked);
      vi.advanceTimersByTime(2000);
      told(socket);
    }
    expect(FakeSocket.made).toHaveLength(1);
  });

  test("is asked as seldom as its owner says at the time", () => {
    let quiet: Quiet | null = RINGING;
    const { live, socket } = make(() => quiet);
    quiet = CALM;
    told(socket);
    vi.advanceTimersByTime(9900);
    expect(socket.sent).toHaveLength(2);
    vi.advanceTimersByTime(100);
    expect(socket.sent).toHaveLength(3);
    quiet = null;
    told(socket);
    vi.advanceTimersByTime(600_000);
    expect(socket.sent).toHaveLength(3);
    live.close();
  });

  test("that is asked patiently is doubted sooner once sound stops, and asked no second time", () => {
    const { live, socket } = make(() => CALM);
    vi.advanceTimersByTime(10_000);
    live.doubt();
    live.doubt();
    expect(socket.sent).toEqual(["press", "nudge", "press"]);
    vi.advanceTimersByTime(700);
    expect(FakeSocket.made).toHaveLength(2);
  });

  test("that is closed is asked nothing", () => {
    const { live, socket } = make(() => RINGING);
    live.close();
    vi.advanceTimersByTime(60_000);
    expect([socket.sent, FakeSocket.made.length]).toEqual([["press", "nudge"], 1]);
  });
});
