/**
 * What a verifier can find, in words: twin of src/accompany/evidence/findings.py, whose catalogue
 * findings.json is. Every finding holds, fails or could not be checked, names the file, and says
 * what was expected and what was found. Pure. Not here: the checks, the page.
 */

import { AccompanyError, DoesNotHold, Malformed } from "../errors";
import { clipped } from "../evidence/text";
import catalogue from "./findings.json";

export type Verdict = "holds" | "fails" | "unchecked";

/** What only a browser has to say: its own means do not reach, and that is no failure of the package. */
const HERE = {
  "stamp-here":
    "A time stamp: this browser cannot check its kind of signature; the program `accompany verify` can.",
} as const;

export type Code =
  | keyof typeof catalogue.holds
  | keyof typeof catalogue.fails
  | keyof typeof catalogue.unchecked
  | keyof typeof HERE;

/** Numbers may be over 2^53 where a statement says so: then they come as bigint. */
export type Value = string | number | bigint;
export type Values = Readonly<Record<string, Value>>;

const TEXT_CLIP = 300;
const TEXTS: Readonly<Record<string, string>> = {
  ...catalogue.holds,
  ...catalogue.fails,
  ...catalogue.unchecked,
  ...HERE,
};

/** Fills `{name}` in a sentence of the catalogue. */
export function filled(sentence: string, values: Values): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** One thing found. `file` is a path in the bag or empty. */
export class Finding {
  constructor(
    readonly code: Code,
    readonly file = "",
    readonly expected = "",
    readonly found = "",
    readonly values: Values = {},
    /** what could not be checked, and was said beforehand not to matter */
    readonly accepted = false,
  ) {}

  get verdict(): Verdict {
    if (Object.hasOwn(catalogue.holds, this.code)) return "holds";
    return Object.hasOwn(catalogue.fails, this.code) ? "fails" : "unchecked";
  }

  get text(): string {
    return filled(TEXTS[this.code] ?? this.code, this.values);
  }
}

/** What was found so far, in order; checking goes on whatever is added. */
export class Findings {
  readonly all: Finding[] = [];
  private count = 0;
  private readonly failing = new Set<string>();

  add(code: Code, file = "", expected = "", found = "", values: Values = {}): void {
    const finding = new Finding(code, file, clip(expected), clip(found), values);
    this.all.push(finding);
    if (finding.verdict !== "fails") return;
    this.count += 1;
    this.failing.add(file.slice(0, file.lastIndexOf("/", file.length - 1) + 1));
  }

  /** How many things failed so far. */
  failed(): number {
    return this.count;
  }

  /** Whether nothing failed on any file in `folder`, given with its slash. */
  clean(folder: string): boolean {
    for (const failing of this.failing) if (failing.startsWith(folder)) return false;
    return true;
  }

  /** Turns an error thrown inside into a finding on `file`: its form, or else `code`. */
  async under(code: Code, file: string, check: () => void | Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.tell(code, file, error);
    }
  }

  tell(code: Code, file: string, error: unknown): void {
    if (error instanceof Malformed) this.add("form", file, `${error.what} in its written form`, error.why);
    else if (error instanceof DoesNotHold) this.add(code, file, error.expected, error.found);
    else if (error instanceof AccompanyError) this.add(code, file, "what holds", error.message);
    else throw error;
  }
}

/** Numbers for people: all of a few, else the first, the last and how many. */
export function shortened(numbers: readonly number[]): string {
  if (numbers.length <= 12) return numbers.join(" ") || "none";
  return `${numbers[0]} to ${numbers.at(-1)} (${numbers.length})`;
}

/** No file may fill a report with itself. */
function clip(text: string): string {
  const kept = clipped(text, TEXT_CLIP);
  return kept === text ? text : `${kept}…`;
}

/** Compares texts by their characters' numbers, as Python does; `<` compares halves of characters. */
export function byCharacter(one: string, other: string): number {
  const [left, right] = [Array.from(one), Array.from(other)];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const step = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (step !== 0) return step;
  }
  return left.length - right.length;
}
