/**
 * A number that was left, opened in the browser of whoever is to call: an attorney with their card's key,
 * a coordinator with the organization's, who may seal it to an owner it was not sealed to. The server
 * never has what is inside.
 */

import { openCard } from "../evidence/cards";
import { openNumber, sealNumber, type CallbackNumber } from "../evidence/callback-numbers";
import { Verifier } from "../evidence/notes";
import { readBase64, utf8, writeBase64 } from "../evidence/text";
import { Refused, ask, inJson, request } from "../service";
import { orNull, record, string, time } from "../shape";

export interface SealedNumber {
  /** sealed to whoever asked; null where there is no copy for them */
  readonly sealed: string | null;
  readonly until: string;
  /** the card of an owner without a copy, told to coordinators */
  readonly owner: string | null;
}

const readSealed = record<SealedNumber>({ sealed: orNull(string), until: time, owner: orNull(string) });
const pathOf = (encounter: string): string => `/api/callbacks/${encounter}/number`;

/** Returns what was left; null where nothing is there any more. That it was asked for is noted. */
export async function fetchNumber(encounter: string): Promise<SealedNumber | null> {
  try {
    return await ask(readSealed, pathOf(encounter));
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 404) return null;
    throw error;
  }
}

export const openSealed = (sealed: string, encounter: string, identity: string): Promise<CallbackNumber> =>
  openNumber(readBase64(sealed), encounter, identity);

/** Whose card it is, which the organization's key must have signed. */
export const ownerOn = (card: string, organizationKey: string, now: number): { name: string; serial: string; recipient: string } =>
  openCard(utf8(card), Verifier.parse(organizationKey), now);

/** Seals it to whoever is to call. */
export async function giveNumber(number: CallbackNumber, to: { serial: string; recipient: string }): Promise<void> {
  const sealed = writeBase64(await sealNumber(number, to.recipient));
  await request(pathOf(number.encounter), inJson("PUT", { holder: to.serial, sealed }));
}
