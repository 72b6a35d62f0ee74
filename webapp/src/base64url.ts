/** Base64 as it stands in links (RFC 4648, section 5), without padding. Evidence is written in the other: `evidence/text`. */

import { readBase64, writeBase64 } from "./evidence/text";

export const writeBase64Url = (data: Uint8Array): string =>
  writeBase64(data).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** Returns the `size` bytes that `text` writes; throws Malformed. */
export function readBase64Url(text: string, size: number): Uint8Array<ArrayBuffer> {
  const padded = text.padEnd(Math.ceil(text.length / 4) * 4, "=");
  return readBase64(padded.replaceAll("-", "+").replaceAll("_", "/"), size);
}
