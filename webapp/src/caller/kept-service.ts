/**
 * The last answer of /api/service, kept in this browser: the page can be pressed, and shows the
 * hotline, before any line is there. It says nothing of the caller. With it is kept which pin it was compared with.
 */

import type { Service } from "../contracts";
import { readService } from "../messages";
import { isRecord } from "../shape";
import { pinned } from "./choices";

const KEPT = "accompany.service";

/** Keeps a service that names the key pinned now. */
export function keepService(service: Service): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ pin: pinned(), service }));
  } catch {
    // Without storage the next opening asks again.
  }
}

/** What was kept under the pin of now, or null; what an older page kept in another form is nothing. */
export function keptService(): Service | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    if (!isRecord(kept) || kept["pin"] !== pinned()) return null;
    return readService(kept["service"], "kept service");
  } catch {
    return null;
  }
}
