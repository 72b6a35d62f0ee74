/**
 * Cards that count no more: the note that says so. Twin of src/accompany/evidence/revocations.py,
 * where the two ends of a card are told apart. Pure.
 */

import { Malformed } from "../errors";
import { Lines, readBase32, readTime, writeLines, writeTime } from "./text";

const MAGIC = "accompany/revocation/v1";

/** That the card `serial` counts no more from `time` on; times in ms since 1970 UTC. */
export interface Revocation {
  readonly serial: string;
  readonly time: number;
  /** since when its key may be in other hands; null where only its service ended */
  readonly lost: number | null;
}

export function writeRevocation({ serial, time, lost }: Revocation): string {
  const lines: [string, string][] = [
    ["serial", serial],
    ["time", writeTime(time)],
  ];
  if (lost !== null) lines.push(["lost", writeTime(lost)]);
  return writeLines(MAGIC, lines);
}

export function readRevocation(text: string): Revocation {
  const lines = new Lines("revocation", MAGIC, text);
  const serial = readBase32(lines.take("serial"));
  const time = readTime(lines.take("time"));
  const said = lines.takeIf("lost");
  lines.end();
  const revocation = { serial, time, lost: said === null ? null : readTime(said) };
  if (revocation.lost !== null && revocation.lost > time) {
    throw new Malformed("revocation", `expected lost by ${writeTime(time)}, found ${said}`);
  }
  if (writeRevocation(revocation) !== text) throw new Malformed("revocation", "not in its one written form");
  return revocation;
}
