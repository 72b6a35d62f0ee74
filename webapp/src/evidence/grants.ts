/** What a grant's note says: whoever signs it means this sealed file, for this recording (PROTOCOL.md, "Grants"). */

import { sha256 } from "@noble/hashes/sha2.js";
import { writeHex, writeLines, writeTime } from "./text";

/** Returns the text to sign; `file` is the age file, `time` in milliseconds. */
export function grantText(recording: string, file: Uint8Array, time: number): string {
  return writeLines("accompany/grant/v1", [
    ["recording", recording],
    ["sha256", writeHex(sha256(file))],
    ["time", writeTime(time)],
  ]);
}
