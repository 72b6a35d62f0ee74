/** A link that was given away: `/#share=<recording>.<22 base64url characters>`; what opens is in the fragment. */

import { readBase64Url, writeBase64Url } from "../base64url";

const LINK = /^#share=([a-z2-7]{32})\.([A-Za-z0-9_-]{22})$/;

export function linkTo(recording: string, secret: Uint8Array): string {
  return `${location.origin}/#share=${recording}.${writeBase64Url(secret)}`;
}

/** Returns what a link's fragment says; null for any other. */
export function readLink(fragment: string): { recording: string; secret: Uint8Array } | null {
  const [, recording, written] = LINK.exec(fragment) ?? [];
  if (recording === undefined || written === undefined) return null;
  try {
    return { recording, secret: readBase64Url(written, 16) };
  } catch {
    return null;
  }
}
