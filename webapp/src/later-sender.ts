/**
 * What the service worker sends with, when the browser wakes it for what waits (later). A script of its
 * own, so that the service worker stays small: it is read at every opening of the page.
 */

import { sendAllLeftovers } from "./leftover-sender";
import { openPlaces } from "./queue-files";
import { browserWire } from "./uplink";

/** Nothing is waited for in here: the browser wakes us again where something is left. */
const impatient = {
  ...browserWire,
  sleep: () => Promise.reject(new Error("the line is gone")),
};

/** Returns how many recordings are not wholly sent; those that a page still makes count. */
async function sendWhatWaits(): Promise<number> {
  let left = 0;
  for (const files of await openPlaces()) left += await sendAllLeftovers(files, impatient, null);
  return left;
}

Object.assign(globalThis, { sendWhatWaits });
