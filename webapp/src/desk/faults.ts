/** Why something was not taken, in the language of the page. Not here: what a fault's code means (i18n/desk). */

import { t, type Key } from "../i18n";
import { Refused } from "../service";

/** One sentence for each fault, by its code's key, or what *said* has for a problem's type; never none. */
export function whyRefused(error: unknown, keyOf: (code: string) => Key, said: Readonly<Record<string, Key>>): string[] {
  if (!(error instanceof Refused)) return [t("dd.failed")];
  const { type, faults = [] } = error.problem;
  const known = said[type];
  if (known !== undefined) return [t(known)];
  const words = faults.map(({ code, ...found }) => t(keyOf(code), { ...found }));
  return words.length > 0 ? words : [t("dd.failed")];
}
