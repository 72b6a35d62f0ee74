/** Both verifiers, on every good and bent package of the corpus: the same report, word for word. */

import { describe, expect, test } from "vitest";
import { asJson } from "../../src/verify/report";
import { verifyPackage } from "../../src/verify/verify";
import { loadCorpus, trustOf } from "./corpus";

const corpus = loadCorpus();
const classes = new Map(corpus.cases.map((one) => [one.class, corpus.cases.filter((each) => each.class === one.class)]));

test("the corpus has at least sixty bent packages in named classes", () => {
  expect(corpus.cases.filter(({ report }) => report.exit === 1).length).toBeGreaterThanOrEqual(60);
  expect(classes.size).toBeGreaterThan(20);
});

describe.each([...classes])("%s", (_, cases) => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const report = await verifyPackage(corpus.read(one.file), trustOf(one));
    expect(JSON.parse(JSON.stringify(asJson(report)))).toEqual(one.report);
  });
});
