/**
 * What lies on this phone: contacts, sealed so that it cannot read them; after how many minutes the
 * caller is missed; and the secrets of check-ins that go on. No name, no address, no word.
 */

import { followCheckIns } from "./durable";
import { count, list, matching, record, string, type Read } from "../shape";
import { CHECK_INS, PEOPLE } from "./names";

export interface KeptContact {
  /** tells contacts apart for whoever chose them; a number, by which nobody is known */
  readonly sign: number;
  /** base64 of the age file */
  readonly sealed: string;
}

export interface People {
  /** whom they are sealed to: another key of the service cannot open them */
  readonly recipient: string;
  readonly minutes: number;
  readonly contacts: readonly KeptContact[];
}

export interface CheckIn {
  /** base64, 32 bytes */
  readonly secret: string;
  /** milliseconds since 1970: after a day it is forgotten */
  readonly begun: number;
}

export const NOBODY: People = { recipient: "", minutes: 0, contacts: [] };

const LASTS = 36 * 3_600_000;

const people: Read<People> = record<People>({
  recipient: string,
  minutes: count,
  contacts: list(record<KeptContact>({ sign: count, sealed: matching(/^[A-Za-z0-9+/]+={0,2}$/, "base64") })),
});
const checkIns = list(record<CheckIn>({ secret: matching(/^[A-Za-z0-9+/]{43}=$/, "32 bytes"), begun: count }));

/** What is kept under `name`, or `none` where that is nothing this page wrote. */
export function kept<T>(name: string, read: Read<T>, none: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? "null");
    return value === null ? none : read(value, name);
  } catch {
    return none;
  }
}

/** Returns whether the browser kept it. */
export function keep(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export const keptPeople = (): People => kept(PEOPLE, people, NOBODY);

/** Returns whether the browser kept them. */
export const keepPeople = (value: People): boolean => keep(PEOPLE, value);

/**
 * Changes what is kept of `shown`, as it lies here by now: another page of this app may have changed it since it was
 * shown. Returns it as it is then, kept or not.
 */
export function changePeople(shown: People, change: (now: People) => Partial<People>): People {
  const lying = keptPeople();
  const now = lying.recipient === shown.recipient ? lying : shown;
  const next = { ...now, ...change(now) };
  keepPeople(next);
  return next;
}

export function keptCheckIns(now: number): readonly CheckIn[] {
  return kept(CHECK_INS, checkIns, []).filter(({ begun }) => now - begun < LASTS);
}

export function keepCheckIn(value: CheckIn): void {
  keep(CHECK_INS, [...keptCheckIns(value.begun).filter(({ secret }) => secret !== value.secret), value]);
  void followCheckIns();
}

export function forgetCheckIn(secret: string): void {
  const rest = kept(CHECK_INS, checkIns, []).filter((one) => one.secret !== secret);
  try {
    if (rest.length === 0) localStorage.removeItem(CHECK_INS);
    else keep(CHECK_INS, rest);
  } catch {
    // Nothing was kept then.
  }
  void followCheckIns();
}

/** A number no other contact has, the smallest. */
export function freeSign(contacts: readonly KeptContact[]): number {
  const taken = new Set(contacts.map(({ sign }) => sign));
  let sign = 1;
  while (taken.has(sign)) sign++;
  return sign;
}

/** The list with one more at its end, or at *at* where it was before; its number is its own, if that is free. */
export function withContact(
  contacts: readonly KeptContact[],
  { sign, sealed }: KeptContact,
  at = contacts.length,
): readonly KeptContact[] {
  const taken = contacts.some((one) => one.sign === sign);
  return [...contacts.slice(0, at), { sign: taken ? freeSign(contacts) : sign, sealed }, ...contacts.slice(at)];
}

/** The list with the contact of this number one place further up. */
export function movedUp(contacts: readonly KeptContact[], sign: number): readonly KeptContact[] {
  const at = contacts.findIndex((one) => one.sign === sign);
  const [one, other] = [contacts[at - 1], contacts[at]];
  if (one === undefined || other === undefined) return contacts;
  return [...contacts.slice(0, at - 1), other, one, ...contacts.slice(at + 1)];
}
