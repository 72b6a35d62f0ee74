import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Live } from "../src/live";

class FakeSocket {
  static made: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  onclose: () => void = () => undefined;

  constructor() {
    FakeSocket.made.push(this);
  }

  send = (text: string): void => void this.sent.push((JSON.parse(text) as { type: string }).type);
  close = (): void => void (this.readyState = 3);
  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }
}

type Message = { type: string };

/** A socket that is open; its owner says `nudge` once it is. */
function make(): { live: Live<Message, Message>; socket: FakeSocket } {
  const live = new Live<Message, Message>({
    path: "/api/live/caller",
    read: (value) => value as Message,
    greet: () => [{ type: "press" }],
  });
  live.connection.watch((connection) => connection === "open" && live.send({ type: "nudge" }));
  const [socket] = FakeSocket.made as [FakeSocket];
  socket.open();
  return { live, socket };
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("location", { href: "http://127.0.0.1/" });
  vi.stubGlobal("document", { addEventListener: () => undefined, hidden: false });
  vi.stubGlobal("addEventListener", () => undefined);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

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
});
