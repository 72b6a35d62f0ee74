/** The organization's words for the limited engagement, as a page shows them, and their digest. */

import { utf8, writeHex } from "./evidence/text";

/** Returns the words in *language*, else in English; null where the organization has none. */
export function engagementIn(words: Readonly<Record<string, string[]>>, language: string): string[] | null {
  return words[language] ?? words["en"] ?? null;
}

/** Hex SHA-256 of the lines, each with its newline: what the chain of custody says was shown. */
export async function digestOfLines(lines: readonly string[]): Promise<string> {
  const text = new Uint8Array(utf8(lines.map((line) => `${line}\n`).join("")));
  return writeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}
