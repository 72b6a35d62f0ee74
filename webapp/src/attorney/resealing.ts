/**
 * A recording's key, sealed once more: the attorney who has the case opens their own grant and seals
 * the identity in it to the colleague who takes over. The phone forgot it after the first grant, so
 * nobody else could. Checked before: the colleague's card, and that the key is this recording's.
 */

import { AccompanyError } from "../errors";
import { openCard } from "../evidence/cards";
import { grantText } from "../evidence/grants";
import { Verifier } from "../evidence/notes";
import { openOpening } from "../evidence/statements";
import { readBase64, readUtf8, utf8, writeBase64 } from "../evidence/text";
import type { Attorney } from "../keys";
import { opener, recipientOf, sealer } from "../seal/age";
import { addGrant, fetchGrants, fetchOpening } from "../service";

/** To whom, as their card says it now; throws where the card is not the organization's, or not valid. */
export function recipientOn(card: string, organizationKey: string, now: number): string {
  return openCard(utf8(card), Verifier.parse(organizationKey), now).recipient;
}

/** Returns the identity of the recording with this recipient, or null: no grant here is for *identity*. */
export async function identityIn(
  grants: readonly Uint8Array[],
  identity: string,
  recipient: string,
): Promise<string | null> {
  const open = opener(identity);
  for (const grant of grants) {
    try {
      const found = readUtf8("grant", await open(grant)).trim();
      if ((await recipientOf(found)) === recipient) return found;
    } catch (error) {
      // Sealed to somebody else, or damaged: the next may open.
      if (!(error instanceof AccompanyError)) throw error;
    }
  }
  return null;
}

/** Seals a recording's key to *recipient* and hands it in; false where there is no grant to open yet. */
export async function reseal(
  recording: string,
  attorney: Attorney,
  recipient: string,
  now: number,
): Promise<boolean> {
  const [opening, grants] = await Promise.all([fetchOpening(recording), fetchGrants(recording)]);
  const stated = openOpening(utf8(opening));
  const files = grants.map((grant) => readBase64(grant));
  const found = await identityIn(files, attorney.identity, stated.recipient);
  if (found === null || stated.recording !== recording) return false;
  const file = await sealer(recipient)(utf8(`${found}\n`));
  const note = attorney.sign(grantText(recording, file, now));
  await addGrant(recording, file, writeBase64(utf8(note)));
  return true;
}
