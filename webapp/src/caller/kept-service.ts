/**
 * The last answer of /api/service, kept in this browser: the page can be pressed, and shows the
 * hotline, before any line is there. It says nothing of the caller. Pins are checked again each time.
 */

import type { Service } from "../contracts";
import { readService } from "../messages";

const KEPT = "accompany.service";

export function keepService(service: Service): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(service));
  } catch {
    // Without storage the next opening asks again.
  }
}

/** What was kept, or null; what an older page kept in another form is nothing. */
export function keptService(): Service | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return kept === null ? null : readService(kept, "kept service");
  } catch {
    return null;
  }
}
