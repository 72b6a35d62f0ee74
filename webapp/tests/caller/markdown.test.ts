/** A card's text becomes values: nothing in it can become markup, whatever somebody writes. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { readMarkdown, readRuns, type Block } from "../../src/caller/markdown";
import { shownIn, type Cards } from "../../src/caller/rights-cards";

const textOf = (blocks: readonly Block[]): string =>
  blocks.flatMap((block) => (block.is === "list" ? block.items.flat() : block.runs)).map(({ text }) => text).join("");

test("headings, paragraphs, lists and two kinds of stress are all there is", () => {
  expect(readMarkdown("# At the door\n\nStay *calm* and\nask.\n\n- Say: **I am silent.**\n- Wait.")).toEqual([
    { is: "heading", runs: [{ text: "At the door", as: "plain" }] },
    {
      is: "paragraph",
      runs: [
        { text: "Stay ", as: "plain" },
        { text: "calm", as: "stressed" },
        { text: " and ask.", as: "plain" },
      ],
    },
    { is: "list", items: [[{ text: "Say: ", as: "plain" }, { text: "I am silent.", as: "strong" }], [{ text: "Wait.", as: "plain" }]] },
  ]);
});

test.each(["<script>alert(1)</script>", "[a](javascript:alert(1))", "![a](//elsewhere/x.png)", "`code`", "a ** b"])(
  "%s stays text as it stands",
  (text) => expect(readMarkdown(text)).toEqual([{ is: "paragraph", runs: [{ text, as: "plain" }] }]),
);

test("no letter is lost but the marks, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab*#- \n<&") }), (text) => {
      const letters = (each: string): string => each.replace(/[^ab<&]/g, "");
      expect(letters(textOf(readMarkdown(text)))).toBe(letters(text));
    }),
  );
});

test("runs put together are the text without its marks", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const joined = readRuns(text).map((run) => run.text).join("");
      expect(joined.replaceAll("*", "")).toBe(text.replaceAll("*", ""));
    }),
  );
});

const CARDS: Cards = {
  language: "en",
  own: false,
  cards: [
    { name: "silence", title: "", body: "", date: "2026-11-22", states: [], reviewed: null, sources: [{ states: [], text: "everywhere" }] },
    {
      name: "consent",
      title: "",
      body: "",
      date: "2026-11-22",
      states: ["CA", "FL"],
      reviewed: null,
      sources: [
        { states: ["CA"], text: "California's" },
        { states: ["FL"], text: "Florida's" },
        { states: [], text: "both" },
      ],
    },
  ],
};

test("a state sees its own cards, with its own law and no other's", () => {
  expect(shownIn(CARDS, "FL").map(({ name, sources }) => [name, sources.map(({ text }) => text)])).toEqual([
    ["silence", ["everywhere"]],
    ["consent", ["Florida's", "both"]],
  ]);
  expect(shownIn(CARDS, "TX").map(({ name }) => name)).toEqual(["silence"]);
  expect(shownIn(CARDS, "").map(({ name }) => name)).toEqual(["silence"]);
});
