import { describe, expect, test } from "vitest";
import { compareHeads } from "../../src/attorney/heads";
import type { Head } from "../../src/contracts";

const RECORDING = "r".repeat(32);
const digest = (number: number): string => String(number % 10).repeat(64);
const head = (number: number): Head => ({ recording: RECORDING, number, digest: digest(number) });
const inPackage = (number: number): Promise<string> => Promise.resolve(digest(number));

describe("what was heard in the call, against a package that ends at statement 20", () => {
  test("the same end", async () => {
    const found = await compareHeads([head(19), head(20)], 20, inPackage);
    expect(found).toEqual({ is: "match", upTo: 20, after: 0 });
  });

  test("a package that goes on after the call", async () => {
    expect(await compareHeads([head(12)], 20, inPackage)).toEqual({ is: "match", upTo: 12, after: 8 });
  });

  test("a cut tail shows", async () => {
    expect(await compareHeads([head(20), head(23)], 20, inPackage)).toEqual({ is: "beyond", more: 3 });
  });

  test("an altered statement shows, even where the tail is cut as well", async () => {
    const heard = [{ ...head(18), digest: "f".repeat(64) }, head(23)];
    expect(await compareHeads(heard, 20, inPackage)).toEqual({ is: "differ" });
  });

  test("a statement that the package does not have is not the same", async () => {
    expect(await compareHeads([head(12)], 20, () => Promise.resolve(""))).toEqual({ is: "differ" });
  });

  test("nothing heard is nothing to compare", async () => {
    expect(await compareHeads([], 20, inPackage)).toEqual({ is: "none" });
  });
});
