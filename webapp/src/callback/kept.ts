/**
 * What lies on this phone of a number that was left: which press it belongs to and that press's secret,
 * by which it can be changed and taken back later, and what the server did not take yet, sealed. No
 * number: this phone cannot open it either.
 */

import { CALLBACKS } from "./names";
import { count, id32, list, matching, orNull, record, string, type Read } from "../shape";

export interface KeptCallback {
  readonly encounter: string;
  /** base64, 32 bytes */
  readonly secret: string;
  /** milliseconds since 1970: afterwards nothing can be left of it anywhere */
  readonly until: number;
  /** the sealed copies to be left, as they are sent; "" to be taken back; null where nothing waits */
  readonly waits: string | null;
}

/** Nobody is owed a callback for longer, whatever an organization sets. */
export const LASTS = 14 * 24 * 3_600_000;

const MOST_BYTES = 16 * 1024;
const few: Read<string> = (value, where) => string(value, where).slice(0, MOST_BYTES);
const readKept = list(
  record<KeptCallback>({
    encounter: id32,
    secret: matching(/^[A-Za-z0-9+/]{43}=$/, "32 bytes"),
    until: count,
    waits: orNull(few),
  }),
);

export function keptCallbacks(now: number): readonly KeptCallback[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(CALLBACKS) ?? "[]");
    return readKept(value, CALLBACKS).filter(({ until }) => now < until);
  } catch {
    return [];
  }
}

export function keepCallback(one: KeptCallback, now: number): void {
  write([...keptCallbacks(now).filter(({ encounter }) => encounter !== one.encounter), one]);
}

export function forgetCallback(encounter: string, now: number): void {
  write(keptCallbacks(now).filter((one) => one.encounter !== encounter));
}

function write(all: readonly KeptCallback[]): void {
  try {
    if (all.length === 0) localStorage.removeItem(CALLBACKS);
    else localStorage.setItem(CALLBACKS, JSON.stringify(all));
  } catch {
    // Then it lasts as long as this page.
  }
}
