/**
 * The language files and how they are loaded: only the one that is chosen, when it is chosen. What
 * callers read first (and every page shares) lies in `<tag>.json`; what is read only on some pages or
 * later lies in a folder of its own, `office/`, `setup/` or `people/`, and its words come with those pages.
 */

import type callerTexts from "./en.json";
import type officeTexts from "./office/en.json";
import type peopleTexts from "./people/en.json";
import type setupTexts from "./setup/en.json";

/** Who read a file as a speaker of its language, and when (`2026-11-22`); null where nobody has. */
export interface Review {
  by: string | null;
  at: string | null;
}

type AnyTexts = typeof callerTexts & typeof officeTexts & typeof setupTexts & typeof peopleTexts;
export type Key = Exclude<keyof AnyTexts, "reviewed">;
export type Texts = Readonly<Record<string, string>>;

/** Files of one folder by their addresses, one a language, as `import.meta.glob` gives them. */
export type Words = Readonly<Record<string, () => Promise<unknown>>>;

export const CALLER: Words = import.meta.glob("./*.json", { import: "default" });

export interface File {
  readonly reviewed: Review;
  readonly texts: Texts;
}

export async function loadFile(words: Words, tag: string): Promise<File> {
  const load = Object.entries(words).find(([path]) => path.endsWith(`/${tag}.json`))?.[1];
  if (load === undefined) throw new Error(`no file for the language ${tag}`);
  const { reviewed, ...texts } = (await load()) as { reviewed: Review } & Record<string, string>;
  return { reviewed, texts };
}
