import { parseAst } from "vite";
import { describe, expect, test } from "vitest";
import { LANGUAGES, bestOf, duration, t, tn } from "../../src/i18n";
import en from "../../src/i18n/en.json";

const PAGES = import.meta.glob<string>("../../src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const LETTER = /\p{L}/u;
const READ_OUT = new Set(["aria-label", "aria-description", "placeholder", "title", "alt", "label"]);

const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(String).sort();

describe.each(Object.entries(LANGUAGES))("%s", (_, { texts }) => {
  test("has every sentence and no other", () => {
    expect(Object.keys(texts)).toEqual(Object.keys(en));
  });

  test("has the same placeholders in each", () => {
    for (const [key, text] of Object.entries(en)) {
      const other = (texts as Record<string, string>)[key] ?? "";
      expect(placeholders(other), key).toEqual(placeholders(text));
    }
  });

  test("says something everywhere, without loose space", () => {
    for (const [key, text] of Object.entries(texts)) expect(text, key).toMatch(/^\S(.*\S)?$/su);
  });
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

test("every sentence is said somewhere", () => {
  const sources = Object.values(PAGES).join("\n");
  const said = (key: string): boolean => {
    const base = key.replace(/\.(one|other)$/, "");
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
  expect(bestOf(["pt-BR", "es-MX", "en"])).toBe("es");
  expect(bestOf([null, "xx"])).toBe("en");
  expect(bestOf(["__proto__", "constructor"])).toBe("en");
});

test("a duration is minutes and seconds, and hours where there are some", () => {
  expect([0, 9.9, 83, 3600 + 62].map(duration)).toEqual(["0:00", "0:09", "1:23", "1:01:02"]);
});
