/**
 * The language files and how they are loaded: only the one that is chosen, when it is chosen. What
 * callers read first (and every page shares) lies in `<tag>.json`; what is read only on some pages or
 * later lies in a folder of its own (`office/`, `desk/`, `setup/`, `own/`, `people/`, `team/`), and its words come with those pages.
 */

import type accountTexts from "./account/en.json";
import type callbackTexts from "./callback/en.json";
import type callerTexts from "./en.json";
import type copyTexts from "./copy/en.json";
import type disclosureTexts from "./disclosure/en.json";
import type deskTexts from "./desk/en.json";
import type ownTexts from "./own/en.json";
import type officeTexts from "./office/en.json";
import type peopleTexts from "./people/en.json";
import type setupTexts from "./setup/en.json";
import type teamTexts from "./team/en.json";

/** Who read a file as a speaker of its language, and when (`2026-11-22`); null where nobody has. */
export interface Review {
  by: string | null;
  at: string | null;
}

type AnyTexts = typeof accountTexts &
  typeof copyTexts &
  typeof disclosureTexts &
  typeof callbackTexts &
  typeof callerTexts &
  typeof officeTexts &
  typeof deskTexts &
  typeof ownTexts &
  typeof setupTexts &
  typeof peopleTexts &
  typeof teamTexts;
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
