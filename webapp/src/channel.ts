/**
 * The data channel's messages (docs/live.md) and the chat that runs over it, end to end. A message
 * waits here until a channel is open, is sent again on the next one until the other side says `seen`,
 * and is shown once however often it comes. The connection itself is in `peer.ts`.
 */

import type { Head } from "./contracts";
import {
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

export type ChannelMessage =
  | { type: "chat"; id: string; text: string; time: string }
  | { type: "seen"; id: string }
  | ({ type: "head" } & Head)
  | { type: "bye" };

const chatId = matching(/^[A-Za-z0-9+/]{22}==$/, "16 bytes in base64");

const chatText: Read<string> = (value, where) => {
  if (typeof value !== "string" || value.length === 0 || value.length > CHAT_LIMIT) {
    throw new BrokenMessage(where, `a text of 1 to ${CHAT_LIMIT} characters`);
  }
  return value;
};

const chat = record<{ id: string; text: string; time: string }>({ id: chatId, text: chatText, time });
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
    case "chat":
      return { type: "chat", ...chat(value, "chat") };
    case "seen":
      return { type: "seen", id: chatId(value["id"], "seen.id") };
    case "head":
      return { type: "head", ...head(value, "head") };
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
    const entry = { id, mine: true, text: said, time: now, seen: false };
    this.entries.set([...this.entries.value, entry]);
    this.#send({ type: "chat", id, text: said, time: now });
  }

  hear(message: Extract<ChannelMessage, { type: "chat" | "seen" }>): void {
    if (message.type === "seen") {
      const seen = (entry: ChatEntry): ChatEntry =>
        entry.mine && entry.id === message.id ? { ...entry, seen: true } : entry;
      this.entries.set(this.entries.value.map(seen));
      return;
    }
    const { id, text, time: said } = message;
    // Answered every time: the `seen` before may have been lost with its connection.
    this.#send({ type: "seen", id });
    if (this.entries.value.some((entry) => !entry.mine && entry.id === id)) return;
    this.entries.set([...this.entries.value, { id, mine: false, text, time: said, seen: true }]);
  }

  /** A channel opened: what was not seen goes again. */
  opened(): void {
    for (const { mine, seen, id, text, time: said } of this.entries.value) {
      if (mine && !seen) this.#send({ type: "chat", id, text, time: said });
    }
  }
}

export function newChatId(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}
