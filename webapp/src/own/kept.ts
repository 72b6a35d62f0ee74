/**
 * What of a caller's own key lies on this phone in clear: enough to press, and nothing that opens or
 * finds a recording. A place is what one encounter needs: a press token, the locator its recordings
 * are filed under (a hash), the public half of their deletion key. One that is taken is gone at once.
 */

export interface Place {
  /** base64, 32 bytes; lets one encounter in */
  readonly token: string;
  /** hex, 32 bytes */
  readonly locator: string;
  /** base64, 32 bytes */
  readonly deletion: string;
}

export interface KeptOwn {
  /** age recipient: every recording is granted to it from its first second */
  readonly recipient: string;
  /** base64 age file: the key's secret, which this phone's passkey opens; null where none does */
  readonly sealed: string | null;
  /** the passkey's id, base64url */
  readonly passkey: string | null;
  /** the next batch of places that nobody has claimed, as far as this phone knows */
  readonly batch: number;
  /** a batch whose tokens the server has not taken yet; null where there is none */
  readonly owed: number | null;
}

/** What a press needs of it; `place` is null where all are used. */
export interface Own {
  readonly recipient: string;
  readonly place: Place | null;
}

const OWN = "accompany.own";
const PLACE = "accompany.place.";

export function keptOwn(): KeptOwn | null {
  try {
    const found = JSON.parse(localStorage.getItem(OWN) ?? "null") as KeptOwn | null;
    return typeof found?.recipient === "string" ? found : null;
  } catch {
    return null;
  }
}

export function keepOwn(own: KeptOwn): void {
  localStorage.setItem(OWN, JSON.stringify(own));
}

export function keepPlace(number: number, { token, locator, deletion }: Place): void {
  localStorage.setItem(`${PLACE}${number}`, `${token} ${locator} ${deletion}`);
}

function names(): string[] {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(PLACE));
  } catch {
    return [];
  }
}

export const placesLeft = (): number => names().length;

/** Whether a press is let in by what lies here, without a guest code. */
export const letsIn = (): boolean => placesLeft() > 0 && keptOwn()?.owed === null;

/** The places of a batch that are still here, by their numbers. */
export function placesFrom(first: number, end: number): Map<number, Place> {
  const found = new Map<number, Place>();
  for (let number = first; number < end; number++) {
    const place = readPlace(localStorage.getItem(`${PLACE}${number}`));
    if (place !== null) found.set(number, place);
  }
  return found;
}

/** Takes what a press needs; null for a guest. Called within the press: nothing here waits. */
export function takeOwn(): Own | null {
  const own = keptOwn();
  return own && { recipient: own.recipient, place: takePlace() };
}

function takePlace(): Place | null {
  for (const name of names()) {
    const place = readPlace(localStorage.getItem(name));
    localStorage.removeItem(name);
    if (place !== null) return place;
  }
  return null;
}

function readPlace(text: string | null): Place | null {
  const [token, locator, deletion] = (text ?? "").split(" ");
  return token && locator && deletion ? { token, locator, deletion } : null;
}

/** Forgets the key on this phone. What was recorded stays, and the sheet opens it. */
export function forgetOwn(): void {
  for (const name of [...names(), OWN]) localStorage.removeItem(name);
}
