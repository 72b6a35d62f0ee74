/** Wishing a recording deleted, and taking the wish back, by its deletion key (docs/format.md). */

import { now } from "./clock";
import { Signer } from "./evidence/notes";
import { readTime, writeTime } from "./evidence/text";
import { request } from "./service";
import { boolean, record, string } from "./shape";

/** The note that wishes a recording deleted. */
export const deletionNote = (recording: string, key: Uint8Array, time: number): Uint8Array =>
  note("deletion", recording, key, time);

export const undeletionNote = (recording: string, key: Uint8Array, time: number): Uint8Array =>
  note("undeletion", recording, key, time);

function note(wish: "deletion" | "undeletion", recording: string, key: Uint8Array, time: number): Uint8Array {
  const text = `accompany/${wish}/v1\nrecording ${recording}\ntime ${writeTime(time)}\n`;
  return new Signer(`recording/${recording}/deletion`, key).sign(text);
}

const readWish = record<{ due: string; held: boolean }>({ due: string, held: boolean });

/** Asks for it; returns when it is due, ms since 1970 UTC, and whether a legal hold stands in its way. */
export async function askDeletion(recording: string, key: Uint8Array): Promise<{ due: number; held: boolean }> {
  const body = new Uint8Array(deletionNote(recording, key, now()));
  const response = await request(`/api/recordings/${recording}`, { method: "DELETE", body });
  const { due, held } = readWish(await response.json(), "deletion");
  return { due: readTime(due), held };
}

export async function takeBackDeletion(recording: string, key: Uint8Array): Promise<void> {
  const body = new Uint8Array(undeletionNote(recording, key, now()));
  await request(`/api/recordings/${recording}/deletion`, { method: "DELETE", body });
}
