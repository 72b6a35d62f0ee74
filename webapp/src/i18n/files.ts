/**
 * The language files and how they are loaded: only the one that is chosen, when it is chosen. What
 * callers read (and every page shares) lies in `<tag>.json`, what attorneys, coordinators and the page
 * that checks packages read besides in `office/<tag>.json`.
 */

import type callerTexts from "./en.json";
import type officeTexts from "./office/en.json";

/** Who read a file as a speaker of its language, and when (`2026-11-22`); null where nobody has. */
export interface Review {
  by: string | null;
  at: string | null;
}

export type Key = Exclude<keyof typeof callerTexts | keyof typeof officeTexts, "reviewed">;
export type Part = "caller" | "office";
export type Texts = Readonly<Record<string, string>>;

interface File {
  reviewed: Review;
  texts: Texts;
}

type Load = () => Promise<unknown>;
const CALLER = import.meta.glob("./*.json", { import: "default" });
const OFFICE = import.meta.glob("./office/*.json", { import: "default" });

function loaderOf(tag: string, part: Part): Load | undefined {
  return part === "caller" ? CALLER[`./${tag}.json`] : OFFICE[`./office/${tag}.json`];
}

export async function loadFile(tag: string, part: Part): Promise<File> {
  const load = loaderOf(tag, part);
  if (load === undefined) throw new Error(`no ${part} file for the language ${tag}`);
  const { reviewed, ...texts } = (await load()) as { reviewed: Review } & Record<string, string>;
  return { reviewed, texts };
}
