/**
 * Every sentence a person reads, by key, in the language chosen. `t` fills in placeholders, `tn` also
 * picks the plural; names of languages come from the browser, names of states from the files.
 *
 * Adding a language is a line in languages.ts and its two files; a test compares keys, placeholders and
 * plurals. Nothing is shown before the chosen language is there.
 */

import { Store, type Watched } from "../store";
import { CALLER, loadFile, type Key, type Texts, type Words } from "./files";
import { LANGUAGES, bestOf, pluralOf } from "./languages";

export { LANGUAGES, bestOf } from "./languages";
export type { Key } from "./files";

type PluralOf<K> = K extends `${infer Base}.one` ? Base : never;
/** Keys that have `.one` and `.other` in English, and in each language the forms that it has. */
export type PluralKey = PluralOf<Key>;
export type Values = Readonly<Record<string, string | number>>;

const KEPT = "accompany.page-language";
/** How long until a language that did not come is asked for again, in ms. */
const AGAIN = 1000;

function chosen(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

interface Spoken {
  tag: string;
  texts: Texts;
}

const current = new Store<string>(bestOf([chosen(), ...(globalThis.navigator?.languages ?? [])]));
let spoken: Spoken = { tag: current.value, texts: {} };
let parts: readonly Words[] = [CALLER];
/** The language asked for last: one that arrives after a later wish is not shown. */
let wanted = current.value;

export const language: Watched<string> = current;

async function load(tag: string): Promise<Texts> {
  const files = await Promise.all(parts.map((words) => loadFile(words, tag)));
  return Object.assign({}, ...files.map(({ texts }) => texts)) as Texts;
}

async function speak(tag: string): Promise<void> {
  wanted = tag;
  let texts: Texts = {};
  // A part of the page may come while its language does: then its words are fetched as well.
  for (let had: readonly Words[] | null = null; had !== parts; ) {
    had = parts;
    texts = await load(tag);
    if (wanted !== tag) return;
  }
  spoken = { tag, texts };
  if (globalThis.document !== undefined) dress(tag);
  current.set(tag);
}

function dress(tag: string): void {
  document.documentElement.lang = tag;
  document.documentElement.dir = LANGUAGES[tag]?.direction ?? "ltr";
}

/** What is chosen in another tab is chosen here, too. */
function follow({ key, newValue }: StorageEvent): void {
  if (key === KEPT && newValue !== null) void speak(bestOf([newValue])).catch(() => undefined);
}

/** Loads the page's language and sets `lang` and `dir`: once, before anything is shown. */
export async function beginLanguage(...also: Words[]): Promise<void> {
  parts = [CALLER, ...also];
  if (globalThis.document !== undefined) addEventListener("storage", follow);
  for (;;) {
    try {
      return await speak(wanted);
    } catch {
      // A page without words helps nobody: it is asked for until it comes.
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/** Loads the words of a part of the page that comes later; rejects where there is no line. */
export async function addWords(words: Words): Promise<void> {
  while (!parts.includes(words)) {
    const { tag } = spoken;
    const { texts } = await loadFile(words, tag);
    // Another language is spoken by now, or they are there already.
    if (spoken.tag !== tag || parts.includes(words)) continue;
    parts = [...parts, words];
    spoken = { tag, texts: { ...spoken.texts, ...texts } };
  }
}

/** Shows the page in another language once its file is there; until then, and without it, in the old one. */
export async function chooseLanguage(tag: string): Promise<void> {
  const found = bestOf([tag]);
  try {
    localStorage.setItem(KEPT, found);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  await speak(found).catch(() => undefined);
}

function text(key: string): string | undefined {
  return Object.hasOwn(spoken.texts, key) ? spoken.texts[key] : undefined;
}

/** First strong isolate and its end (UAX 9): a telephone number in a line from right to left stays itself. */
const ISOLATE = "\u2068";
const END = "\u2069";

const isolated = (value: string): string => `${ISOLATE}${value}${END}`;
const fromTheRight = (): boolean => LANGUAGES[spoken.tag]?.direction === "rtl";

function fill(pattern: string, values: Values): string {
  const apart = fromTheRight();
  return pattern.replace(/\{(\w+)\}(\.?)/g, (whole, name: string, stop: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    const told = apart && typeof value === "string" ? isolated(value) : String(value);
    // "2:01 p. m." at the end of a sentence has its full stop.
    return String(value).endsWith(".") ? told : told + stop;
  });
}

export function t(key: Key, values: Values = {}): string {
  return fill(text(key) ?? key, values);
}

/** The sentence for *count* of something; `{count}` is filled in. */
export function tn(key: PluralKey, count: number, values: Values = {}): string {
  const pattern = text(`${key}.${pluralOf(spoken.tag, count)}`) ?? text(`${key}.other`) ?? key;
  return fill(pattern, { count, ...values });
}

/** What to ask the browser's `Intl` for. */
export function locales(): string[] {
  return [...(LANGUAGES[spoken.tag]?.locales ?? ["en"])];
}

export function stateName(code: string): string {
  return text(`state.${code}`) ?? code;
}

/** Names that browsers do not know in the language itself. */
const OWN_NAMES: Readonly<Record<string, string>> = { ht: "Kreyòl ayisyen", pa: "ਪੰਜਾਬੀ" };

/** A language's name, in the language of the page, or its own where *own* is true. */
export function languageName(tag: string, own = false): string {
  if (own && Object.hasOwn(OWN_NAMES, tag)) return OWN_NAMES[tag] ?? tag;
  const among = own ? [tag] : locales();
  const name = new Intl.DisplayNames(among, { type: "language" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(among) + name.slice(1);
}

/** Each name apart: one in Latin letters first would turn a whole list from right to left around. */
export function listOf(names: readonly string[]): string {
  const apart = fromTheRight() ? names.map(isolated) : names;
  return new Intl.ListFormat(locales(), { type: "conjunction" }).format(apart);
}

export function dateAndTime(rfc3339: string): string {
  const format = new Intl.DateTimeFormat(locales(), { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(rfc3339));
}

/** A day, `2026-11-22`, as people write it; it is the same day wherever it is read. */
export function dateOf(day: string): string {
  return new Intl.DateTimeFormat(locales(), { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

export function clockTime(rfc3339: string): string {
  return new Intl.DateTimeFormat(locales(), { timeStyle: "short" }).format(new Date(rfc3339));
}

/** 83 → "1:23". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
