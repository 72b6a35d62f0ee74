/**
 * The WebSocket that carries what happens while somebody waits for a voice (docs/live.md). It opens
 * again for ever, 0.5 → 5 s apart with jitter, at once when the network returns, and says again what
 * its owner wants the server to know. It keeps the server's clock.
 *
 * What the messages mean is not here; they are read in `messages.ts`.
 */

import { BrokenMessage } from "./shape";
import { Store, type Unwatch, type Watched } from "./store";

export type Connection = "connecting" | "open" | "waiting";

export interface LiveOptions<Out, In> {
  path: "/api/live/caller" | "/api/live/duty" | "/api/live/desk";
  read(value: unknown): In | null;
  /** what to say first on every connection: the press, or being on duty */
  greet(): readonly Out[];
  /** awaited before connecting again after a failure, for a session that must be renewed */
  prepare?(): Promise<void>;
  /** the longest wait between two attempts, in ms; 5 s where it is not said */
  longest?: number;
  /** how long a socket may be silent; null or not said: for ever */
  quiet?(): Quiet | null;
  /** called with what could not be read; the connection goes on */
  broken?(error: BrokenMessage): void;
}

/**
 * A socket over a network that is gone looks open for ever to a page that says nothing. After `ask` ms in
 * which nothing was heard the server is greeted again, and has `wait` ms to answer.
 */
export interface Quiet {
  readonly ask: number;
  readonly wait: number;
}

/** While a press rings: the answer may be the next thing that is said, and must not be waited for in vain. */
export const RINGING: Quiet = { ask: 2500, wait: 2500 };
/** In a call, where sound that stops is the first sign, and on duty: a ring would wait no longer than this. */
export const CALM: Quiet = { ask: 10_000, wait: 5000 };

/** How long a socket in doubt has for an answer, in ms. */
const DOUBT = 700;

/** After so long out of sight a socket is not trusted to be alive. */
const ASLEEP = 10_000;

/** How long to wait before attempt `tries` (0, 1, …), in milliseconds; `chance` in [0, 1). */
export function pause(tries: number, chance: number, longest = 5000): number {
  const most = Math.min(longest, 500 * 2 ** Math.min(tries, 10));
  return Math.round(Math.max(500, most * (0.5 + chance / 2)));
}

/** The server's clock, from the `time` of its answers; right to about a second on a bad line. */
export class ServerClock {
  #offset = 0;

  hear(time: string): void {
    const told = Date.parse(time);
    if (Number.isFinite(told)) this.#offset = told - Date.now();
  }

  /** Milliseconds since 1970 UTC, as the server would say. */
  now(): number {
    return Date.now() + this.#offset;
  }
}

export class Live<Out extends { type: string }, In extends { type: string }> {
  readonly clock: ServerClock;
  readonly #options: LiveOptions<Out, In>;
  readonly #connection = new Store<Connection>("connecting");
  readonly #listeners = new Set<(message: In) => void>();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #hiddenAt: number | null = null;
  #doubting: ReturnType<typeof setTimeout> | undefined;
  /** how long the doubt there is now may last */
  #patience = 0;
  #silent: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: LiveOptions<Out, In>, clock = new ServerClock()) {
    this.#options = options;
    this.clock = clock;
    addEventListener("online", this.refresh);
    addEventListener("offline", this.refresh);
    document.addEventListener("visibilitychange", this.#seen);
    this.#connect();
  }

  get connection(): Watched<Connection> {
    return this.#connection;
  }

  listen(callback: (message: In) => void): Unwatch {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Sends, if the socket is open; what must not be lost belongs in `greet`. */
  send(message: Out): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#doubting);
    clearTimeout(this.#silent);
    removeEventListener("online", this.refresh);
    removeEventListener("offline", this.refresh);
    document.removeEventListener("visibilitychange", this.#seen);
    this.#socket?.close(1000);
    this.#socket = null;
  }

  /**
   * The network may be gone. The greeting is said again, which the server answers always: where nothing
   * at all is heard soon, this opens afresh.
   */
  doubt(patience = DOUBT): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (this.#doubting === undefined) for (const message of this.#options.greet()) this.send(message);
    // It was asked already: whoever has a better reason to doubt waits no longer than for that reason.
    else if (patience >= this.#patience) return;
    clearTimeout(this.#doubting);
    this.#patience = patience;
    this.#doubting = setTimeout(() => {
      this.#doubting = undefined;
      this.refresh();
    }, patience);
  }

  /** Opens afresh. A socket over a network that is gone can look open for minutes. */
  readonly refresh = (): void => {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    clearTimeout(this.#silent);
    clearTimeout(this.#doubting);
    this.#doubting = undefined;
    const old = this.#socket;
    this.#socket = null;
    old?.close(1000);
    this.#connect();
  };

  /** A phone puts sockets of a hidden page to sleep without a word: back in view, it asks anew. */
  readonly #seen = (): void => {
    if (document.hidden) {
      this.#hiddenAt = performance.now();
      return;
    }
    const slept = this.#hiddenAt !== null && performance.now() - this.#hiddenAt > ASLEEP;
    this.#hiddenAt = null;
    if (slept || this.#connection.value === "waiting") this.refresh();
  };

  #connect(): void {
    this.#connection.set("connecting");
    const first = this.#tries === 0 || this.#options.prepare === undefined;
    if (first) this.#open();
    else this.#options.prepare?.().then(() => this.#open(), () => this.#later());
  }

  #open(): void {
    if (this.#closed) return;
    const socket = new WebSocket(new URL(this.#options.path, location.href.replace(/^http/, "ws")));
    this.#socket = socket;
    socket.onopen = () => {
      // The greeting first: whoever watches the connection has things to say that need it.
      for (const message of this.#options.greet()) this.send(message);
      this.#connection.set("open");
      this.#listenFrom();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => this.#hear(event.data);
    socket.onclose = () => {
      if (this.#socket === socket) this.#later();
    };
  }

  /** Something was heard just now: how long it is silent counts from here. */
  #listenFrom(): void {
    clearTimeout(this.#silent);
    const quiet = this.#options.quiet?.() ?? null;
    if (quiet !== null) this.#silent = setTimeout(() => this.doubt(quiet.wait), quiet.ask);
  }

  #later(): void {
    if (this.#closed) return;
    this.#socket = null;
    this.#connection.set("waiting");
    clearTimeout(this.#timer);
    const wait = pause(this.#tries++, Math.random(), this.#options.longest);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #hear(data: unknown): void {
    clearTimeout(this.#doubting);
    this.#doubting = undefined;
    const message = this.#read(data);
    if (message === null) return this.#listenFrom();
    // Only a server that speaks counts as reached: one that closes at once is asked ever less often.
    if (message.type !== "problem") this.#tries = 0;
    if ("time" in message && typeof message.time === "string") this.clock.hear(message.time);
    for (const listener of [...this.#listeners]) listener(message);
    // Last, since what was heard may say how long it may be silent from now on.
    this.#listenFrom();
  }

  #read(data: unknown): In | null {
    try {
      const value: unknown = JSON.parse(typeof data === "string" ? data : "null");
      return this.#options.read(value);
    } catch (error) {
      const broken = error instanceof SyntaxError ? new BrokenMessage("message", "JSON") : error;
      if (!(broken instanceof BrokenMessage)) throw error;
      this.#options.broken?.(broken);
      return null;
    }
  }
}
