/** Who had a recording in hand, and what its caller said of privilege: the lines of custody.jsonl. */

import { readUtf8 } from "../evidence/text";
import { CUSTODY } from "../verify/layout";
import { Zip } from "../zip";

export interface CustodyLine {
  readonly time: string;
  readonly what: string;
  readonly by: string;
}

/** Lines of custody.jsonl; one that is not in form is left out here, and the verifier says so. */
export function custodyIn(text: string): CustodyLine[] {
  return text.split("\n").flatMap((line) => {
    try {
      const { time, what, by } = Object(JSON.parse(line)) as Record<string, unknown>;
      return typeof time === "string" && typeof what === "string" && typeof by === "string" ? [{ time, what, by }] : [];
    } catch {
      return [];
    }
  });
}

/** Those of a package; none where they were left out of it. */
export async function custodyOf(sealed: Blob): Promise<CustodyLine[]> {
  const zip = await Zip.open(sealed);
  const name = zip.names.find((one) => one.endsWith(`/${CUSTODY}`));
  return name === undefined ? [] : custodyIn(readUtf8("custody", await zip.read(name)));
}

/** What the caller said last; null where nothing. */
export function privilegeIn(lines: readonly CustodyLine[]): "kept" | "waived" | null {
  const said = lines.findLast(({ what }) => /^privilege (kept|waived)$/.test(what))?.what;
  return said === undefined ? null : said === "privilege kept" ? "kept" : "waived";
}
