/** Sizes and lengths as people read them. */

import { locales } from "../i18n";

/** 1536 → "1.5 kB", in the page's language. */
export function sizeOf(bytes: number): string {
  const steps = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(steps.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const unit = steps[step] ?? "byte";
  const format = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locales(), format).format(bytes / 1000 ** step);
}

/** 83400 ms → "1:23.4". */
export function lengthOf(milliseconds: number): string {
  const tenths = Math.max(0, Math.round(milliseconds / 100));
  const [minutes, rest] = [Math.floor(tenths / 600), tenths % 600];
  const seconds = `${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

/** 1250 ms → "1.3 s", 9 ms → "0.01 s": a delay that was there is never said to be none. */
export function delayOf(milliseconds: number): string {
  const maximumFractionDigits = milliseconds < 1000 ? 2 : 1;
  const format = { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits } as const;
  return new Intl.NumberFormat(locales(), format).format(milliseconds / 1000);
}

/** Names come from files: what would turn the direction of writing is written out. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (letter) => {
    return `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}
