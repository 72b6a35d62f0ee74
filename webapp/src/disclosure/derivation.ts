/**
 * derivation.json: from what, how and with what each item came about, for a court to follow. Twin of
 * src/accompany/client/derivation.py; the tool it names is this page. Pure.
 */

import type { Chain, Opening, SegmentStatement } from "../evidence/statements";
import { utf8, writeHex, writeTime } from "../evidence/text";
import { COURT_COPY } from "../verify/layout";
import type { FileKey } from "../verify/listing";
import type { Weighed } from "./bag-files";
import type { CourtCopy } from "./court-copy";

interface Derived {
  opening: Opening;
  chain: Chain;
  segments: readonly SegmentStatement[];
  keys: readonly FileKey[];
  sealed: Blob;
  package: Pick<Weighed, "sha256">;
  media: Weighed & { path: string };
  copy: (CourtCopy & Pick<Weighed, "sha256">) | null;
  /** why there is no court copy */
  why: string;
  now: number;
}

/** Numbers as people write them, `3-9`, and the reason, for each stretch withheld. */
export function withheldAsSaid(keys: readonly FileKey[]): { segments: string; reason: string }[] {
  const found: { numbers: number[]; reason: string }[] = [];
  let before: FileKey | null = null;
  for (const one of keys) {
    const last = found.at(-1);
    if (one.key === null) {
      if (last !== undefined && before !== null && before.key === null && before.reason === one.reason) last.numbers.push(one.number);
      else found.push({ numbers: [one.number], reason: one.reason });
    }
    before = one;
  }
  return found.map(({ numbers, reason }) => {
    const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
    return { segments: first === last ? String(first) : `${first}-${last}`, reason };
  });
}

export function derivationOf(given: Derived): Uint8Array {
  const { opening, chain, segments, keys, sealed, media, copy, why, now } = given;
  const shown = new Set(keys.filter(({ key }) => key !== null).map(({ number }) => number));
  const result = { path: media.path, size: media.size, sha256: writeHex(media.sha256) };
  const said = {
    form: "accompany/derivation/v1",
    recording: opening.recording,
    time: writeTime(now),
    tool: { name: "accompany, in a browser" },
    source: {
      what: "sealed segments (age v1), each named by a signed statement of the device",
      package: { name: `${opening.recording}.zip`, size: sealed.size, sha256: writeHex(given.package.sha256) },
      last_statement: chain.last,
      last_statement_sha256: writeHex(chain.digest),
      segments: segments
        .filter(({ number }) => shown.has(number))
        .map(({ number, size, sha256 }) => ({ number, size, sha256: writeHex(sha256) })),
      withheld: withheldAsSaid(keys),
    },
    steps: [
      "each segment decrypted with its file key (data/filekeys.txt), c2sp.org/age",
      "the plaintexts put one after the other in the order of their numbers, unchanged",
    ],
    result: { ...result, media: opening.media },
    derived:
      copy === null
        ? { none: why }
        : {
            path: COURT_COPY,
            size: copy.film.size,
            sha256: writeHex(copy.sha256),
            media: "video/mp4",
            from: { path: result.path, sha256: result.sha256 },
            time: writeTime(now),
            tools: { mediabunny: "in this page" },
            film: copy.picture,
            sound: copy.sound,
            left_out: [],
            form: "mp4, index first (faststart)",
            marked: "its comment names the recording and the original's SHA-256",
          },
    location: "not collected",
  };
  return utf8(`${JSON.stringify(said, null, 1)}\n`);
}
