/** The languages of the pages: their own names, which way they run, how their numbers and dates are written. */

export interface Language {
  /** in its own script */
  name: string;
  direction: "ltr" | "rtl";
  /** what browsers are asked for, best first; dates are Gregorian and digits those of the telephone */
  locales: readonly string[];
}

export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: { name: "English", direction: "ltr", locales: ["en"] },
  es: { name: "Español", direction: "ltr", locales: ["es-US", "es"] },
  // Browsers know little of Haitian Creole; their French is the nearest to it.
  ht: { name: "Kreyòl ayisyen", direction: "ltr", locales: ["ht", "fr-HT", "fr"] },
  "pt-BR": { name: "Português", direction: "ltr", locales: ["pt-BR"] },
  "zh-Hans": { name: "简体中文", direction: "ltr", locales: ["zh-Hans"] },
  pa: { name: "ਪੰਜਾਬੀ", direction: "ltr", locales: ["pa-Guru-u-nu-latn"] },
  fr: { name: "Français", direction: "ltr", locales: ["fr"] },
  ar: { name: "العربية", direction: "rtl", locales: ["ar-u-ca-gregory-nu-latn"] },
  fa: { name: "فارسی", direction: "rtl", locales: ["fa-u-ca-gregory-nu-latn"] },
};

/** The first wanted language that there is: whole, or else by its first subtag; English otherwise. */
export function bestOf(wanted: readonly (string | null)[]): string {
  const known = Object.keys(LANGUAGES);
  const first = (tag: string): string => tag.toLowerCase().split("-")[0] ?? "";
  for (const each of wanted) {
    if (each === null || each === "") continue;
    const found =
      known.find((tag) => tag.toLowerCase() === each.toLowerCase()) ??
      known.find((tag) => first(tag) === first(each));
    if (found !== undefined) return found;
  }
  return "en";
}

/** Whatever the count, Haitian Creole's noun stays as it is; of all others the browser knows the rule. */
export function pluralOf(tag: string, count: number): Intl.LDMLPluralRule {
  return tag === "ht" ? "other" : new Intl.PluralRules(tag).select(count);
}
