import { expect, test } from "vitest";
import type { Case } from "../../src/contracts";
import { letterIn } from "../../src/attorney/case-letter";
import { loadFile } from "../../src/i18n/files";
import { LANGUAGES } from "../../src/i18n/languages";
import { OFFICE } from "../../src/i18n/office";

const ID = "a".repeat(32);
const RECORDING = { recording: ID, kind: "film", last: 9, segments: 8, missing: 0, closing: "stopped" } as const;
const CASE = {
  encounter: "b".repeat(32), state: "TX", language: "es", pressed: "2026-11-22T20:14:03.120Z",
  ended: "2026-11-22T20:24:03.120Z", recordings: [RECORDING],
} as unknown as Case;
const FILLED = { attorney: "Ada Counsel", organization: "Legal Aid Line" };

test.each(Object.keys(LANGUAGES))("in %s nothing that is known is left to fill in, and what was done is", async (tag) => {
  const { texts } = await loadFile(OFFICE, tag);
  const letter = letterIn(texts, tag, { found: CASE, ...FILLED });
  expect(letter).not.toMatch(/[{}]/);
  for (const word of ["Ada Counsel", "Legal Aid Line", ID]) expect(letter).toContain(word);
  // What the attorney did, what comes next, until when.
  expect(letter.match(/\[[^\]]+\]/g)).toHaveLength(2);
  expect(letter.split("\n\n")).toHaveLength(7);
});

test("where nothing was recorded it speaks of no recordings", async () => {
  const { texts } = await loadFile(OFFICE, "en");
  const letter = letterIn(texts, "en", { found: { ...CASE, recordings: [] }, ...FILLED });
  expect(letter).toContain("November 22, 2026");
  expect(letter).not.toContain("recording");
});
