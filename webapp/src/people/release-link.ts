/**
 * The link that somebody is given beforehand: `/#release=<22 base64url characters>`. Everything comes
 * from its 128 bits, with a label for each use; the phone that made it keeps hashes alone.
 */

import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SHEET_BYTES, identityOf } from "../account/vault";
import { readBase64Url, writeBase64Url } from "../base64url";
import { utf8, writeHex } from "../evidence/text";

/** After so many presses a link is used up. */
export const PRESSES = 128;

const LINK = /^#release=([A-Za-z0-9_-]{22})$/;
const NONE = new Uint8Array();
const derive = (secret: Uint8Array, label: string): Uint8Array => hkdf(sha256, secret, NONE, utf8(label), 32);

export const newLinkSecret = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SHEET_BYTES));

/** The age identity that opens what is released to the link itself. */
export const releaseIdentity = (secret: Uint8Array): string => identityOf(derive(secret, "accompany/release/v1"));

/** What the link shows to fetch what was released at press number `at`. */
export const passAt = (secret: Uint8Array, at: number): Uint8Array => derive(secret, `accompany/release-pass/v1 ${at}`);

/** The SHA-256 of every pass, hex: what the server knows of it, and never two of them together. */
export const passDigests = (secret: Uint8Array): string[] =>
  Array.from({ length: PRESSES }, (_, at) => writeHex(sha256(passAt(secret, at))));

export function releaseLink(secret: Uint8Array): string {
  return `${location.origin}/#release=${writeBase64Url(secret)}`;
}

/** Returns what a link's fragment says; null for any other. */
export function readReleaseLink(fragment: string): Uint8Array | null {
  const [, written] = LINK.exec(fragment) ?? [];
  if (written === undefined) return null;
  try {
    return readBase64Url(written, SHEET_BYTES);
  } catch {
    return null;
  }
}
