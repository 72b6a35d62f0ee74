/**
 * Check-ins a second time, in a table that is written at once. A browser writes `localStorage` to the disk
 * when it likes (Chromium: 5 s to a minute later), and a phone that dies in the first moments of a press
 * is what check-ins are for. Not here: what is in one (`kept`).
 */

import { openTable } from "../database";
import { CHECK_INS } from "./names";

const DATABASE = "accompany-check-ins";

let last: Promise<void> = Promise.resolve();

/** Writes what `localStorage` holds now, after whatever is being written; failing changes nothing. */
export function followCheckIns(): Promise<void> {
  last = last.then(copy).catch(() => undefined);
  return last;
}

async function copy(): Promise<void> {
  const table = await openTable(DATABASE);
  const text = localStorage.getItem(CHECK_INS);
  await (text === null ? table?.delete(CHECK_INS) : table?.put(CHECK_INS, text));
}

/** Puts back what `localStorage` lost with the browser; returns whether there was something. */
export async function restoreCheckIns(): Promise<boolean> {
  try {
    const text: unknown = await (await openTable(DATABASE))?.get(CHECK_INS);
    if (typeof text !== "string" || localStorage.getItem(CHECK_INS) !== null) return false;
    localStorage.setItem(CHECK_INS, text);
    return true;
  } catch {
    return false;
  }
}
