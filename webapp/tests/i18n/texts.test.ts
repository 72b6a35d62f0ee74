import { parseAst } from "vite";
import { describe, expect, test } from "vitest";
import { LANGUAGES, bestOf, chooseLanguage, dateAndTime, duration, languageName, listOf, t, tn } from "../../src/i18n";
import { DESK } from "../../src/i18n/desk";
import { ACCOUNT } from "../../src/i18n/account";
import { CALLBACK } from "../../src/i18n/callback";
import { COPY } from "../../src/i18n/copy";
import { DISCLOSURE } from "../../src/i18n/disclosure";
import { CALLER, loadFile } from "../../src/i18n/files";
import { pluralOf } from "../../src/i18n/languages";
import { OFFICE } from "../../src/i18n/office";
import { OWN } from "../../src/i18n/own";
import { PEOPLE } from "../../src/i18n/people";
import { reviewOf } from "../../src/i18n/reviews";
import { SETUP } from "../../src/i18n/setup";
import { TEAM } from "../../src/i18n/team";

const PAGES = import.meta.glob<string>("../../src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const FILES = import.meta.glob("../../src/i18n/**/*.json");
const LETTER = /\p{L}/u;
const READ_OUT = new Set(["aria-label", "aria-description", "placeholder", "title", "alt", "label"]);
const PARTS = { account: ACCOUNT, callback: CALLBACK, caller: CALLER, office: OFFICE, setup: SETUP, people: PEOPLE, desk: DESK, team: TEAM, copy: COPY, disclosure: DISCLOSURE, own: OWN } as const;
const NAMES = ["account", "callback", "caller", "office", "setup", "people", "desk", "team", "copy", "disclosure", "own"] as const;
const FORM = /\.(zero|one|two|few|many|other)$/;

const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
const english = await Promise.all(NAMES.map((part) => loadFile(PARTS[part], "en")));
const en = Object.assign({}, ...english.map(({ texts }) => texts)) as Record<string, string>;

const isPlural = (key: string): boolean =>
  FORM.test(key) && ["one", "other"].every((form) => Object.hasOwn(en, key.replace(FORM, `.${form}`)));
const baseOf = (key: string): string => (isPlural(key) ? key.replace(FORM, "") : key);
/** The forms a language's rule gives to the counts that occur. */
const formsOf = (tag: string): string[] =>
  [...new Set(Array.from({ length: 2_000 }, (_, count) => pluralOf(tag, count)))].sort();

test("every file belongs to a language that there is", () => {
  const folders = ["", "account/", "callback/", "office/", "setup/", "people/", "own/", "desk/", "team/", "copy/", "disclosure/"];
  const known = Object.keys(LANGUAGES).flatMap((tag) => folders.map((folder) => `${folder}${tag}.json`));
  expect(Object.keys(FILES).map((path) => path.replace("../../src/i18n/", "")).sort()).toEqual(known.sort());
});

describe.each(Object.keys(LANGUAGES).flatMap((tag) => NAMES.map((part) => [tag, part] as const)))(
  "%s, %s",
  async (tag, part) => {
    const { texts, reviewed } = await loadFile(PARTS[part], tag);
    const source = english[NAMES.indexOf(part)]?.texts ?? {};

    test("has every sentence and no other", () => {
      expect([...new Set(Object.keys(texts).map(baseOf))]).toEqual([...new Set(Object.keys(source).map(baseOf))]);
    });

    test("has for every count the form that its rule asks for, and no other", () => {
      for (const base of new Set(Object.keys(source).filter(isPlural).map(baseOf))) {
        const forms = Object.keys(texts).filter((key) => isPlural(key) && baseOf(key) === base);
        expect(forms.map((key) => key.slice(base.length + 1)).sort(), base).toEqual(formsOf(tag));
      }
    });

    test("has the same placeholders in each; only a form for one number may leave it out", () => {
      for (const [key, text] of Object.entries(texts)) {
        const expected = placeholders(source[key] ?? source[`${baseOf(key)}.other`] ?? "");
        const one = isPlural(key) && /\.(zero|one|two)$/.test(key);
        const found = placeholders(text);
        if (one && !found.includes("{count}")) expected.splice(0, expected.length, ...expected.filter((each) => each !== "{count}"));
        expect(found, key).toEqual(expected);
      }
    });

    test("says something everywhere, without loose space", () => {
      for (const [key, text] of Object.entries(texts)) expect(text, key).toMatch(/^\S(.*\S)?$/su);
    });

    test("says who reviewed it and on which day, or that nobody did", () => {
      if (reviewed.by === null) expect(reviewed.at).toBeNull();
      else expect(reviewed).toEqual({ by: expect.stringMatching(/\S/), at: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
    });
  },
);

/** Scripts in which hardly a Latin letter stands: what was forgotten there shows. */
const SCRIPTS: Record<string, RegExp> = { "zh-Hans": /\p{Script=Han}/u, pa: /\p{Script=Gurmukhi}/u, ar: /\p{Script=Arabic}/u, fa: /\p{Script=Arabic}/u };
const SAME_EVERYWHERE = new Set(["app.name", "verify.chosen"]);

test.each(Object.entries(SCRIPTS))("%s is written in its own script throughout", async (tag, script) => {
  const files = await Promise.all(NAMES.map((part) => loadFile(PARTS[part], tag)));
  const texts = files.flatMap((file) => Object.entries(file.texts));
  expect(texts.filter(([key, text]) => !SAME_EVERYWHERE.has(key) && !script.test(text))).toEqual([]);
});

/** Every node of a syntax tree, as far as this test looks at it. */
interface Node {
  type: string;
  [field: string]: unknown;
}

function* nodes(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* nodes(each);
  else if (typeof value === "object" && value !== null) {
    if ("type" in value && typeof value.type === "string") yield value as Node;
    for (const each of Object.values(value)) yield* nodes(each);
  }
}

/** Words that a person would read, found in a piece of JSX. */
function wordsIn(node: Node): string[] {
  const spoken = (value: unknown): string[] =>
    [...nodes(value)].flatMap((each) => {
      if (each.type === "Literal" && typeof each["value"] === "string") return [each["value"]];
      if (each.type === "TemplateElement") return [(each["value"] as { cooked: string }).cooked];
      return [];
    });
  if (node.type === "JSXText") return [String(node["value"])];
  if (node.type === "JSXAttribute") {
    const { name } = node["name"] as { name: string };
    const { type } = (node["value"] ?? { type: "" }) as Node;
    return READ_OUT.has(name) && type === "Literal" ? spoken(node["value"]) : [];
  }
  if (node.type === "JSXElement" || node.type === "JSXFragment") {
    const children = node["children"] as Node[];
    const literals = children
      .filter(({ type }) => type === "JSXExpressionContainer")
      .map((child) => child["expression"] as Node)
      .filter(({ type }) => type === "Literal" || type === "TemplateLiteral");
    return literals.flatMap((each) =>
      each.type === "Literal" ? spoken(each) : spoken(each["quasis"]),
    );
  }
  return [];
}

test("no page says a word that is not in the language files", () => {
  const pages = Object.entries(PAGES).filter(([path]) => path.endsWith(".tsx"));
  expect(pages.length).toBeGreaterThan(10);
  const found = pages.flatMap(([path, source]) =>
    [...nodes(parseAst(source, { lang: "tsx" }))]
      .flatMap(wordsIn)
      .filter((words) => LETTER.test(words))
      .map((words) => `${path}: ${words.trim()}`),
  );
  expect(found).toEqual([]);
});

test("the check above finds a word that was forgotten", () => {
  const page = 'const a = <p aria-label="Hello">{`You ${b}`}Hi{"Ho"}</p>;';
  const words = [...nodes(parseAst(page, { lang: "tsx" }))].flatMap(wordsIn);
  expect(words.map((each) => each.trim()).filter(Boolean).sort()).toEqual(["Hello", "Hi", "Ho", "You"]);
});

/** Who is called, what is recorded, what is safe, the way back: what stands on the screen in a press. */
const UNDER_STRESS = /^(wait|call|safe|rec|say|silent|private|lock|cancel|start\.(button|hint))(\.|$)/;
const clausesOf = (text: string): string[][] =>
  text.split(/[.!?…:,]/).map((clause) => clause.match(/[\p{L}\p{N}{}'’-]+/gu) ?? []);

test("what is read under stress has six words at most", async () => {
  const read = Object.entries((await loadFile(CALLER, "en")).texts).filter(([key]) => UNDER_STRESS.test(key));
  expect(read.length).toBeGreaterThan(40);
  expect(read.filter(([, text]) => clausesOf(text).some((clause) => clause.length > 6))).toEqual([]);
});

test("every sentence is said somewhere", () => {
  const sources = Object.values(PAGES).join("\n");
  const said = (key: string): boolean => {
    const base = baseOf(key);
    const family = base.slice(0, base.lastIndexOf(".") + 1);
    return sources.includes(`"${key}"`) || sources.includes(`"${base}"`) || sources.includes(`\`${family}\${`);
  };
  expect(Object.keys(en).filter((key) => !said(key))).toEqual([]);
});

test("a sentence is filled in, with the plural that the count has", () => {
  expect(t("hotline.call", { number: "911" })).toBe("Call 911");
  expect(tn("cases.segments", 1)).toBe("1 segment");
  expect(tn("cases.segments", 1_000_000)).toBe("1000000 segments");
});

test("the language is the first wanted one that there is, or English", () => {
  expect(bestOf(["pt-PT", "es-MX", "en"])).toBe("pt-BR");
  expect(bestOf(["zh-CN"])).toBe("zh-Hans");
  expect(bestOf([null, "", "xx", "ES-mx"])).toBe("es");
  expect(bestOf(["__proto__", "constructor", "-"])).toBe("en");
});

test("in another language the words, the plural and the dates are its own", async () => {
  await chooseLanguage("ar");
  expect(t("chat.send")).toBe("إرسال");
  expect([0, 1, 2, 3, 11, 100].map((count) => tn("cases.segments", count))).toEqual([
    "لا مقاطع",
    "مقطع واحد",
    "مقطعان",
    "3 مقاطع",
    "11 مقطعًا",
    "100 مقطع",
  ]);
  // A number in a line from right to left is told apart from it, or its + would stand at its end.
  expect(t("hotline.call", { number: "+1 555 0100" })).toBe("اتصل بالرقم \u2068+1 555 0100\u2069");
  // So is each name of a list, or one in Latin letters first would have the list read backwards.
  expect(listOf(["Ada Advocate", "Ben Bar"])).toBe("\u2068Ada Advocate\u2069 و\u2068Ben Bar\u2069");
  await chooseLanguage("fa");
  // A lawyer in the United States reads this date too: not the year 1405.
  expect(dateAndTime("2026-11-22T12:00:00.000Z")).toContain("2026");
  await chooseLanguage("ht");
  expect(tn("cases.segments", 1)).toBe("1 segman");
  expect(languageName("es")).toBe("Espagnol");
  await chooseLanguage("en");
});

test("a language is reviewed when all of its files are, since the oldest of their reviews", () => {
  const [ann, bo] = [{ by: "Ann", at: "2027-01-02" }, { by: "Bo", at: "2026-12-31" }];
  expect(reviewOf([ann, bo])).toEqual(bo);
  expect(reviewOf([ann, { by: null, at: null }, bo])).toBeNull();
  expect(reviewOf([])).toBeNull();
});

test("of two languages chosen quickly the last one stays", async () => {
  await Promise.all([chooseLanguage("fr"), chooseLanguage("es")]);
  expect(t("chat.send")).toBe("Enviar");
  await chooseLanguage("en");
});

test("a duration is minutes and seconds, and hours where there are some", () => {
  expect([0, 9.9, 83, 3600 + 62].map(duration)).toEqual(["0:00", "0:09", "1:23", "1:01:02"]);
});

test("a value with a full stop of its own ends a sentence", () => {
  expect(t("turn.paused", { time: "2:01 p. m." })).toMatch(/ until 2:01 p\. m\.$/);
  expect(t("turn.paused", { time: "14:01" })).toMatch(/ until 14:01\.$/);
});
