/** A part of the page that comes while another language is chosen speaks that language, and no other. */

import { afterEach, expect, test } from "vitest";
import { addWords, chooseLanguage, language, t, type Key } from "../../src/i18n";

/** The words of a part, one a language; a file that is held comes, the first time, when the test says so. */
class Part {
  readonly #held = new Map<string, () => void>();
  readonly #asked = new Map<string, () => void>();
  readonly words: Readonly<Record<string, () => Promise<unknown>>>;

  constructor(
    private readonly key: string,
    ...held: string[]
  ) {
    this.words = Object.fromEntries(["en", "es", "fr"].map((tag) => [`./part/${tag}.json`, this.#file(tag, held.includes(tag))]));
  }

  said = (): string => t(this.key as Key);
  come = (tag: string): void => this.#held.get(tag)?.();
  /** resolves once the file was asked for */
  asked = (tag: string): Promise<void> => new Promise((resolve) => this.#asked.set(tag, resolve));

  #file(tag: string, held: boolean): () => Promise<unknown> {
    let waits = held;
    return async () => {
      this.#asked.get(tag)?.();
      if (waits) await new Promise<void>((resolve) => this.#held.set(tag, resolve));
      waits = false;
      return { reviewed: { by: null, at: null }, [this.key]: `${this.key} in ${tag}` };
    };
  }
}

afterEach(() => chooseLanguage("en"));

test("words that were asked for in the language before come in the one that is spoken by then", async () => {
  const part = new Part("first", "en");
  const asked = part.asked("en");
  const added = addWords(part.words);
  await asked;
  await chooseLanguage("es");
  part.come("en");
  await added;
  expect([language.value, part.said()]).toEqual(["es", "first in es"]);
});

test("words that come while another language is on its way are spoken in that one, too", async () => {
  const [slow, late] = [new Part("slow", "fr"), new Part("late")];
  await addWords(slow.words);
  const asked = slow.asked("fr");
  const chosen = chooseLanguage("fr");
  await asked;
  await addWords(late.words);
  expect([language.value, late.said()]).toEqual(["en", "late in en"]);
  slow.come("fr");
  await chosen;
  expect([language.value, slow.said(), late.said()]).toEqual(["fr", "slow in fr", "late in fr"]);
});

test("of two languages the one that was chosen last is spoken, whichever comes first", async () => {
  const part = new Part("held", "es");
  await addWords(part.words);
  const asked = part.asked("es");
  const first = chooseLanguage("es");
  await asked;
  await chooseLanguage("fr");
  part.come("es");
  await first;
  expect([language.value, part.said()]).toEqual(["fr", "held in fr"]);
});

test("a language that could not come changes nothing of what comes later", async () => {
  const whole = new Part("whole");
  const { "./part/es.json": _, ...rest } = new Part("lacking").words;
  await addWords(rest);
  await chooseLanguage("es");
  await addWords(whole.words);
  expect([language.value, whole.said()]).toEqual(["en", "whole in en"]);
});
