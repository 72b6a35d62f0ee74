/** Which languages a speaker has reviewed. A language is reviewed when each of its files is. */

import { ACCOUNT } from "./account";
import { COPY } from "./copy";
import { DESK } from "./desk";
import { CALLER, loadFile, type Review } from "./files";
import { LANGUAGES } from "./languages";
import { OFFICE } from "./office";
import { PEOPLE } from "./people";
import { SETUP } from "./setup";
import { TEAM } from "./team";

export interface ReviewedLanguage {
  readonly tag: string;
  readonly name: string;
  /** the oldest review among its files; null where one of them has none */
  readonly review: { readonly by: string; readonly at: string } | null;
}

/** One review for all files of a language, or null: what nobody read makes the whole unreviewed. */
export function reviewOf(reviews: readonly Review[]): ReviewedLanguage["review"] {
  const done = reviews.flatMap(({ by, at }) => (by === null || at === null ? [] : [{ by, at }]));
  if (done.length < reviews.length) return null;
  return done.sort((one, other) => one.at.localeCompare(other.at))[0] ?? null;
}

export async function fetchReviews(): Promise<ReviewedLanguage[]> {
  return await Promise.all(
    Object.entries(LANGUAGES).map(async ([tag, { name }]) => {
      const parts = [ACCOUNT, CALLER, COPY, DESK, OFFICE, PEOPLE, SETUP, TEAM];
      const files = await Promise.all(parts.map((words) => loadFile(words, tag)));
      return { tag, name, review: reviewOf(files.map(({ reviewed }) => reviewed)) };
    }),
  );
}
