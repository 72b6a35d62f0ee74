/**
 * Whom this phone's recordings go to where the caller is missed: their public key, and one pass's hash
 * for each press to come. Nothing here opens or fetches anything; a hash that is taken is gone at once.
 */

import { list, matching, record, string, type Read } from "../shape";
import { keep, kept } from "./kept";
import { RELEASE } from "./names";

export interface KeptRelease {
  /** age recipient: recordings are granted to it, and the server withholds the grant */
  readonly recipient: string;
  /** hex SHA-256 of what the recipient's link shows, one for each press */
  readonly passes: readonly string[];
}

/** Of one press. */
export interface Release {
  readonly recipient: string;
  readonly pass: string;
}

/** One recording's grant, as the worker made it: base64 of the age file and of the note that means it. */
export interface ReleaseGrant {
  readonly recording: string;
  readonly grant: string;
  readonly note: string;
}

const read: Read<KeptRelease | null> = record<KeptRelease>({
  recipient: string,
  passes: list(matching(/^[0-9a-f]{64}$/, "32 bytes")),
});

export const keptRelease = (): KeptRelease | null => kept(RELEASE, read, null);

/** Returns whether the browser kept it. */
export const keepRelease = (value: KeptRelease): boolean => keep(RELEASE, value);

export function forgetRelease(): void {
  try {
    localStorage.removeItem(RELEASE);
  } catch {
    // Nothing was kept then.
  }
}

/** Takes what one press needs; null where nobody was named, or all passes are used. */
export function takeRelease(): Release | null {
  const found = keptRelease();
  const [pass, ...passes] = found?.passes ?? [];
  if (found === null || pass === undefined) return null;
  // Two presses that show one pass could be joined: where it cannot be struck out, it is not used.
  return keepRelease({ ...found, passes }) ? { recipient: found.recipient, pass } : null;
}
