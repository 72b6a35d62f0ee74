/**
 * What a package says of its card's end: revoked when and why, and what follows from it. Twin of
 * src/accompany/evidence/verify_revocation.py. Places in the log decide, not clocks.
 */

import type { Card } from "../evidence/cards";
import { type Receipt, namedEntry } from "../evidence/receipts";
import { type Revocation, readRevocation } from "../evidence/revocations";
import { writeTime } from "../evidence/text";
import type { Contents } from "./contents";
import type { Findings } from "./findings";
import { CARD, REVOCATION, REVOCATION_PROOF } from "./layout";
import { type Keys, type LogReader, pick } from "./log";
import type { Notes } from "./notes";

/** Returns the revocation of `card` if it holds; `began` is the opening's receipt. */
export async function checkRevocation(
  contents: Contents,
  card: Card | null,
  keys: Keys,
  log: LogReader,
  began: Receipt | null,
  notes: Notes,
  findings: Findings,
): Promise<Revocation | null> {
  const here = [REVOCATION, REVOCATION_PROOF].filter((path) => contents.has(path));
  if (card === null) {
    for (const path of here) findings.add("file-orphan", path, `${CARD} that it is of`, "none");
  }
  if (card === null || here.length === 0) return null;
  const note = await contents.need(REVOCATION);
  const proof = await contents.need(REVOCATION_PROOF);
  if (note === null || proof === null) return null;
  const before = findings.failed();
  const revocation = await read(note, card, keys, notes, findings);
  const entry = namedEntry("revocation", card.serial, note);
  const index = await log.takeProof(REVOCATION_PROOF, proof, entry, null);
  if (revocation === null || index === null || findings.failed() > before) return null;
  judge(revocation, index, began, findings);
  return revocation;
}

async function read(
  note: Uint8Array,
  card: Card,
  keys: Keys,
  notes: Notes,
  findings: Findings,
): Promise<Revocation | null> {
  let revocation: Revocation | null = null;
  await findings.under("revocation-signature", REVOCATION, async () => {
    const parsed = notes.parse(note);
    revocation = readRevocation(parsed.text);
    if (revocation.serial !== card.serial) {
      findings.add("revocation-card", REVOCATION, card.serial, revocation.serial);
    }
    const key = pick(keys.receipts, parsed);
    // That no receipts key is known was said of the receipts.
    if (key !== null) await notes.onlyBy(parsed, key, REVOCATION);
  });
  return revocation;
}

function judge({ time: at, lost: since }: Revocation, index: number, began: Receipt | null, findings: Findings): void {
  const time = writeTime(at);
  const lost = since === null ? "" : writeTime(since);
  if (began !== null && index < began.index) {
    findings.add("card-revoked", REVOCATION, `an entry after ${began.index}, the opening's`, `entry ${index}`, { time });
  } else if (began !== null && since !== null && since <= began.time) {
    findings.add("card-lost", REVOCATION, `lost after ${writeTime(began.time)}`, `lost ${lost}`, { time, lost });
  } else if (since !== null) {
    findings.add("card-lost-later", "", "", "", { time, lost });
  } else {
    findings.add("card-ended", "", "", "", { time });
  }
}
