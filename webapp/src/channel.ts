/**
 * The data channel's messages (docs/live.md) and the chat that runs over it, end to end. A message
 * waits here until a channel is open, is sent again on the next one until the other side says `seen`,
 * and is shown once however often it comes. The connection itself is in `peer.ts`.
 */

import type { Head } from "./contracts";
import {
  boolean,
  count,
  hex64,
  id32,
  isRecord,
  matching,
  record,
  time,
  BrokenMessage,
  type Read,
} from "./shape";
import { Store } from "./store";

export const CHAT_LIMIT = 2000;

/** How a side stands: its recording is silent on purpose, its picture is kept back or waits for a better line. */
export type State = { type: "private"; on: boolean } | { type: "pictureless"; on: boolean };

export type ChannelMessage =
  | { type: "chat"; id: string; text: string; time: string; before?: boolean }
  | { type: "seen"; id: string }
  | ({ type: "head" } & Head)
  | State
  | { type: "bye" };

const chatId = matching(/^[A-Za-z0-9+/]{22}==$/, "16 bytes in base64");

const chatText: Read<string> = (value, where) => {
  if (typeof value !== "string" || value.length === 0 || value.length > CHAT_LIMIT) {
    throw new BrokenMessage(where, `a text of 1 to ${CHAT_LIMIT} characters`);
  }
  return value;
};

const chat = record<{ id: string; text: string; time: string }>({ id: chatId, text: chatText, time });
const state = record<{ on: boolean }>({ on: boolean });
const head = record<Head>({ recording: id32, number: count, digest: hex64 });

/** Returns null for a type that is not known here. */
export function readChannelMessage(data: string): ChannelMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new BrokenMessage("channel", "JSON");
  }
  if (!isRecord(value)) throw new BrokenMessage("channel", "an object");
  switch (value["type"]) {
    case "chat": {
      const before = value["before"] === undefined ? {} : { before: boolean(value["before"], "chat.before") };
      return { type: "chat", ...chat(value, "chat"), ...before };
    }
    case "seen":
      return { type: "seen", id: chatId(value["id"], "seen.id") };
    case "head":
      return { type: "head", ...head(value, "head") };
    case "private":
    case "pictureless":
      return { type: value["type"], ...state(value, value["type"]) };
    case "bye":
      return { type: "bye" };
    default:
      return null;
  }
}

export interface ChatEntry {
  id: string;
  mine: boolean;
  text: string;
  time: string;
  /** the other side has it */
  seen: boolean;
  /** said by the attorney who had the call before; the phone tells it to whoever took over */
  before: boolean;
}

export class Chat {
  readonly entries = new Store<readonly ChatEntry[]>([]);
  readonly #send: (message: ChannelMessage) => boolean;

  constructor(send: (message: ChannelMessage) => boolean) {
    this.#send = send;
  }

  /** Says something; `id` is 16 random bytes in base64, `time` RFC 3339. Empty texts are not said. */
  say(text: string, id: string, now: string): void {
    const said = text.trim().slice(0, CHAT_LIMIT);
    if (said === "") return;
    const entry = { id, mine: true, text: said, time: now, seen: false, before: false };
    this.entries.set([...this.entries.value, entry]);
    this.#send({ type: "chat", id, text: said, time: now });
  }

  hear(message: Extract<ChannelMessage, { type: "chat" | "seen" }>): void {
    if (message.type === "seen") {
      const seen = (entry: ChatEntry): ChatEntry =>
        (entry.mine || entry.before) && entry.id === message.id ? { ...entry, seen: true } : entry;
      this.entries.set(this.entries.value.map(seen));
      return;
    }
    const { id, text, time: said, before = false } = message;
    // Answered every time: the `seen` before may have been lost with its connection.
    this.#send({ type: "seen", id });
    if (this.entries.value.some((entry) => !entry.mine && entry.id === id)) return;
    this.entries.set([...this.entries.value, { id, mine: false, text, time: said, seen: true, before }]);
  }

  /** Goes on with what was said with somebody else: whoever took over gets it all. */
  take(said: readonly ChatEntry[]): void {
    const before = said.map((entry) => ({ ...entry, seen: false, before: !entry.mine }));
    const known = new Set(before.map(({ id }) => id));
    this.entries.set([...before, ...this.entries.value.filter(({ id }) => !known.has(id))]);
    this.opened();
  }

  /** A channel opened: what was not seen goes again. */
  opened(): void {
    for (const { mine, seen, before, id, text, time: said } of this.entries.value) {
      if (seen || !(mine || before)) continue;
      this.#send({ type: "chat", id, text, time: said, ...(before ? { before } : {}) });
    }
  }
}

export function newChatId(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}
