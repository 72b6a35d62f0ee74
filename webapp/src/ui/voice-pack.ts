/**
 * The recorded prompts of an organization, of the language in use: fetched once it is quiet, kept in this
 * browser for the time without a line. Not here: when one is played (voice.ts).
 */

import { isRecord } from "../shape";
import type { Prompt } from "./voice";

const KEPT = "accompany-voices";
/** Prompts as addresses of sounds in memory, of one language. */
let pack: { readonly tag: string; readonly sounds: ReadonlyMap<string, string> } | null = null;
/** The language asked for last: a pack that comes after a later wish takes no other's place. */
let wanted = "";

export function recorded(tag: string, prompt: Prompt): string | null {
  return pack?.tag === tag ? (pack.sounds.get(prompt) ?? null) : null;
}

/** Reads what the server answers; what is no sound is left out. */
export function readPack(answer: unknown): Map<string, Blob> {
  const found = new Map<string, Blob>();
  if (!isRecord(answer) || !isRecord(answer["prompts"])) return found;
  for (const [name, value] of Object.entries(answer["prompts"])) {
    if (!isRecord(value) || typeof value["type"] !== "string" || typeof value["sound"] !== "string") continue;
    if (!value["type"].startsWith("audio/")) continue;
    try {
      const bytes = Uint8Array.from(atob(value["sound"]), (letter) => letter.charCodeAt(0));
      found.set(name, new Blob([bytes], { type: value["type"] }));
    } catch {
      // Not base64: one sound that cannot be read takes no other away.
    }
  }
  return found;
}

async function ask(address: string): Promise<unknown> {
  const cache = await globalThis.caches?.open(KEPT).catch(() => undefined);
  try {
    const answer = await fetch(address, { credentials: "omit" });
    if (!answer.ok) throw new TypeError(`${address}: ${answer.status}`);
    await cache?.put(address, answer.clone());
    return await answer.json();
  } catch {
    return await (await cache?.match(address))?.json();
  }
}

/** Makes the prompts of a language ready to be played; nothing where there are none. */
export async function loadPack(tag: string): Promise<void> {
  wanted = tag;
  const found = readPack(await ask(`/api/voices/${tag}`));
  if (wanted !== tag) return;
  for (const address of pack?.sounds.values() ?? []) URL.revokeObjectURL(address);
  pack = { tag, sounds: new Map([...found].map(([name, blob]) => [name, URL.createObjectURL(blob)])) };
}
