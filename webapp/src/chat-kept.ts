/**
 * A recording of kind `notes`: the chat of an encounter, a line of JSON in each segment, as
 * docs/format.md says. The phone keeps both sides' lines, each once, as they were written there.
 */

import type { ChatEntry } from "./channel";
import { utf8 } from "./evidence/text";
import { BrokenMessage, isRecord, record, string, time, word } from "./shape";

export const NOTES_MEDIA = "application/x-ndjson";
const FORM = "accompany/chat/v1";
/** A segment is as long as the next multiple of so many bytes: its size says little of what was written. */
const BLOCK = 1024;

export interface ChatLine {
  readonly by: "caller" | "attorney";
  /** RFC 3339, by the clock of whoever wrote it */
  readonly time: string;
  readonly text: string;
}

function padded(value: object): Uint8Array {
  const bytes = utf8(JSON.stringify(value));
  const whole = new Uint8Array(Math.ceil((bytes.length + 1) / BLOCK) * BLOCK).fill(0x20);
  whole.set(bytes);
  whole[whole.length - 1] = 0x0a;
  return whole;
}

/** The first segment, before any line. */
export const chatHead = (): Uint8Array => padded({ chat: FORM });

export const writeLine = ({ by, time: written, text }: ChatLine): Uint8Array => padded({ by, time: written, text });

const readLine = record<ChatLine>({ by: word("caller", "attorney"), time, text: string });

/** Returns what was written, by segment after the first; null for one that says nothing here. */
export function readChat(media: string): (ChatLine | null)[] {
  const values = media.split("\n").slice(0, -1).map(valueIn);
  return values.filter((value) => !isRecord(value) || value["chat"] !== FORM).map(lineIn);
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function lineIn(value: unknown): ChatLine | null {
  try {
    return readLine(value, "line");
  } catch (error) {
    if (error instanceof BrokenMessage) return null;
    throw error;
  }
}

/** A recording that takes what is written. */
export interface Notes {
  write(data: Uint8Array): void;
}

export class ChatKeeper {
  readonly #passed = new Set<string>();
  readonly #open: () => Notes;
  #notes: Notes | null = null;

  /** *open*: gives the recording once there is something to keep. */
  constructor(open: () => Notes) {
    this.#open = open;
  }

  /** Keeps what is new in `entries`; nothing of what is written while one speaks privately, ever. */
  keep(entries: readonly ChatEntry[], privately: boolean): void {
    for (const { id, mine, time: written, text } of entries) {
      const name = `${mine} ${id}`;
      if (this.#passed.has(name)) continue;
      this.#passed.add(name);
      if (privately) continue;
      if (this.#notes === null) {
        this.#notes = this.#open();
        this.#notes.write(chatHead());
      }
      this.#notes.write(writeLine({ by: mine ? "caller" : "attorney", time: written, text }));
    }
  }
}
