/**
 * The conflict check: names of an attorney's own, typed by them, sealed by their key, compared in this
 * browser. No name leaves it, neither those on the list nor those they are compared with.
 */

import type { Attorney } from "../keys";
import { recipientOf } from "../seal/age";
import { request } from "../service";
import { orNull, record, string } from "../shape";
import { KeptText } from "./kept-text";
import { openPaper, putPaper, sealPaper } from "./sealed-papers";

const PATH = "/api/conflicts";
const readAnswer = record<{ sealed: string | null }>({ sealed: orNull(string) });
const readPlain = record<{ names: string }>({ names: string });

/** One name a line, as it was typed. */
export function namesOf(attorney: Attorney): KeptText {
  return new KeptText({
    load: async () => {
      const { sealed } = readAnswer(await (await request(PATH)).json(), "names");
      return sealed === null ? "" : readPlain(await openPaper(sealed, attorney.identity), "names").names;
    },
    save: async (names) => {
      const recipient = await recipientOf(attorney.identity);
      const sealed = names.trim() === "" ? "" : await sealPaper({ names }, recipient);
      await putPaper(PATH, { sealed });
    },
  });
}

export const listed = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => wordsOf(line).length > 0);

/** Names on the list that may be meant by `text`: what was typed to check it, said in the chat, noted. */
export function mayBeMeant(names: readonly string[], text: string): string[] {
  const words = wordsOf(text);
  if (words.length === 0) return [];
  return names.filter((name) => {
    const wanted = wordsOf(name);
    const whole = wanted.every((word) => words.some((other) => alike(word, other)));
    // Scripts that put no space between words.
    return whole || (UNSPACED.test(name) && words.join("").includes(wanted.join("")));
  });
}

/** As `mayBeMeant`, for a name alone: a part of a listed name is enough. */
export function mayBe(names: readonly string[], name: string): string[] {
  const words = wordsOf(name);
  if (words.length === 0) return [];
  const meant = mayBeMeant(names, name);
  return names.filter(
    (one) => meant.includes(one) || words.every((word) => wordsOf(one).some((other) => alike(word, other))),
  );
}

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** Words without case and accents: José LÓPEZ-Ruiz is jose lopez ruiz. */
function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

/** Whether two words are the same, or long enough and one letter apart: names are misheard. */
function alike(one: string, other: string): boolean {
  if (one === other) return true;
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (short.length < 5 || long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  const rest = short.length === long.length ? short.slice(at + 1) : short.slice(at);
  return rest === long.slice(at + 1);
}
