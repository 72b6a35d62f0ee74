/** The four files that make a folder a bag (BagIt 1.0, RFC 8493): twin of src/accompany/evidence/bag.py. Pure. */

import { sha256 } from "@noble/hashes/sha2.js";
import { utf8, writeHex, writeTime } from "../evidence/text";
import { BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST } from "../verify/layout";

export interface Weighed {
  /** bytes */
  readonly size: number;
  readonly sha256: Uint8Array;
}

function manifest(files: Iterable<readonly [string, Uint8Array]>): string {
  // Paths are ASCII: their letters are in the order of their bytes.
  const lines = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  return lines.map(([path, digest]) => `${writeHex(digest)}  ${path}\n`).join("");
}

/** Returns the tag files for `payload`; `time` in ms since 1970, `about` a word or two on the package. */
export function bagFiles(
  recording: string,
  payload: ReadonlyMap<string, Weighed>,
  time: number,
  about: string,
): [string, string][] {
  const sum = [...payload.values()].reduce((all, { size }) => all + size, 0);
  const info = [
    `Bag-Software-Agent: accompany (${about})`,
    `Bagging-Date: ${writeTime(time).slice(0, 10)}`,
    `External-Identifier: ${recording}`,
    `Payload-Oxum: ${sum}.${payload.size}`,
    "",
  ];
  const tags: [string, string][] = [
    [BAGIT, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"],
    [BAG_INFO, info.join("\n")],
    [MANIFEST, manifest([...payload].map(([path, one]) => [path, one.sha256] as const))],
  ];
  return [...tags, [TAG_MANIFEST, manifest(tags.map(([path, text]) => [path, sha256(utf8(text))] as const))]];
}
