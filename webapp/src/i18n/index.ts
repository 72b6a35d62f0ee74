/**
 * Every sentence a person reads, by key, in the language chosen. `t` fills in placeholders, `tn` also
 * picks the plural; names of languages come from the browser, names of states from the files.
 *
 * Adding a language is adding its file here; a test compares keys and placeholders.
 */

import { Store, type Watched } from "../store";
import en from "./en.json";
import es from "./es.json";

export type Key = keyof typeof en;
type PluralOf<K> = K extends `${infer Base}.one` ? Base : never;
/** Keys that have `.one` and `.other`. */
export type PluralKey = PluralOf<Key>;
export type Values = Readonly<Record<string, string | number>>;

interface Language {
  name: string;
  direction: "ltr" | "rtl";
  texts: Readonly<Record<Key, string>>;
}

export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: { name: "English", direction: "ltr", texts: en },
  es: { name: "Español", direction: "ltr", texts: es },
};

const KEPT = "accompany.page-language";

function chosen(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** The first wanted language that there is, by its first subtag; English otherwise. */
export function bestOf(wanted: readonly (string | null)[]): string {
  for (const each of wanted) {
    const tag = each?.toLowerCase().split("-")[0];
    if (tag !== undefined && Object.hasOwn(LANGUAGES, tag)) return tag;
  }
  return "en";
}

const current = new Store(bestOf([chosen(), ...(globalThis.navigator?.languages ?? [])]));

export const language: Watched<string> = current;

function dress(tag: string): void {
  document.documentElement.lang = tag;
  document.documentElement.dir = LANGUAGES[tag]?.direction ?? "ltr";
}

/** Sets `lang` and `dir` of the page; called once at its start. */
export function beginLanguage(): void {
  dress(current.value);
}

export function chooseLanguage(tag: string): void {
  const found = bestOf([tag]);
  try {
    localStorage.setItem(KEPT, found);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  dress(found);
  current.set(found);
}

function text(key: string): string | undefined {
  const texts: Readonly<Record<string, string>> = LANGUAGES[current.value]?.texts ?? en;
  return Object.hasOwn(texts, key) ? texts[key] : undefined;
}

function fill(pattern: string, values: Values): string {
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function t(key: Key, values: Values = {}): string {
  return fill(text(key) ?? key, values);
}

/** The sentence for *count* of something; `{count}` is filled in. */
export function tn(key: PluralKey, count: number, values: Values = {}): string {
  const rule = new Intl.PluralRules(current.value).select(count);
  const pattern = text(`${key}.${rule}`) ?? text(`${key}.other`) ?? key;
  return fill(pattern, { count, ...values });
}

export function stateName(code: string): string {
  return text(`state.${code}`) ?? code;
}

/** Names that browsers do not know in the language itself. */
const OWN_NAMES: Readonly<Record<string, string>> = { ht: "Kreyòl ayisyen", pa: "ਪੰਜਾਬੀ" };

/** A language's name, in the language of the page, or its own where *own* is true. */
export function languageName(tag: string, own = false): string {
  if (own && Object.hasOwn(OWN_NAMES, tag)) return OWN_NAMES[tag] ?? tag;
  const name = new Intl.DisplayNames([own ? tag : current.value], { type: "language" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(own ? tag : current.value) + name.slice(1);
}

export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(current.value, { type: "conjunction" }).format(names);
}

export function dateAndTime(rfc3339: string): string {
  const format = new Intl.DateTimeFormat(current.value, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(rfc3339));
}

export function clockTime(rfc3339: string): string {
  return new Intl.DateTimeFormat(current.value, { timeStyle: "short" }).format(new Date(rfc3339));
}

/** 83 → "1:23". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
