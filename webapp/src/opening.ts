/** What an opening is made of besides keys: the log's last checkpoint, and where it is filed. */

import { sha256 } from "@noble/hashes/sha2.js";
import { openCheckpoint } from "./evidence/checkpoints";
import { Verifier } from "./evidence/notes";
import { concat, utf8, writeBase64, writeHex } from "./evidence/text";

/** Returns what a recording is filed under; whoever shows the `secret`, 32 bytes, may read it. */
export function locatorOf(secret: Uint8Array): string {
  return writeHex(sha256(concat(utf8("accompany/locator/v1\n"), secret)));
}

/**
 * Returns the log's live checkpoint, checked with the log's key; null if it cannot be had before
 * `signal` aborts. Recording never waits for it.
 */
export async function fetchCheckpoint(
  logKey: string,
  guestCode: string,
  signal: AbortSignal,
): Promise<{ text: string; size: number; root: Uint8Array } | null> {
  try {
    const headers = { Authorization: `Bearer ${writeBase64(utf8(guestCode))}` };
    const response = await fetch("/log/checkpoint", { headers, cache: "no-store", credentials: "omit", signal });
    if (!response.ok) return null;
    const text = await response.text();
    const { size, root } = openCheckpoint(utf8(text), Verifier.parse(logKey));
    return { text, size, root };
  } catch {
    return null;
  }
}
