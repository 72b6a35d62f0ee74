/**
 * Whose server this is: the organization's note, checked with the key that a link or the first visit
 * pinned. It needs the cryptography, and so comes after the press page is there.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Organization, Service } from "../contracts";
import { openOrganization, organizationName } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import { utf8, writeBase32 } from "../evidence/text";
import { keepPin, pinned } from "./choices";

/** What a link pins: base32 of the first 20 bytes of SHA-256 over the organization's vkey. */
export function pinOf(vkey: string): string {
  return writeBase32(sha256(utf8(vkey)).slice(0, 20));
}

export type Trust = { organization: Organization } | { refused: "key" | "note" };

/**
 * Whether the server's organization is the one expected: by `key` of the link, by what this phone saw
 * first, or, the first time without a link, on trust. Its note must hold under that key.
 */
export function trust(service: Service, pin: string | null): Trust {
  if (pin !== null && pinOf(service.organization_key) !== pin) return { refused: "key" };
  try {
    const verifier = Verifier.parse(service.organization_key);
    const { name, custodian, log, receipts } = openOrganization(utf8(service.organization), verifier);
    const named = verifier.name === organizationName(service.origin) && log.name === service.origin;
    if (!named) return { refused: "note" };
    return { organization: { name, custodian, log: String(log), receipts: String(receipts) } };
  } catch {
    return { refused: "note" };
  }
}

/** `trust` with the pin this phone keeps; what was seen first is pinned from then on. */
export function trustPinned(service: Service): Trust {
  const found = trust(service, pinned());
  if ("organization" in found) keepPin(pinOf(service.organization_key));
  return found;
}
