import { expect, test } from "vitest";
import { afterWrong } from "../../src/caller/way-back";

test("a code that is wrong goes out of its field, and what was typed meanwhile stays", () => {
  expect(afterWrong("1234", "1234")).toBe("");
  expect(afterWrong("1234", "4321")).toBe("4321");
  expect(afterWrong("1234", "")).toBe("");
});
