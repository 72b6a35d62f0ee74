/** Set-up goes on where it was left, and asks for nothing twice. */

import { expect, test } from "vitest";
import {
  STEPS,
  isSkippable,
  leave,
  nextStep,
  readProgress,
  stageOf,
  stepBefore,
  type Progress,
} from "../../src/caller/setup-progress";

const NONE: Progress = { behind: [] };

test("a phone that was never set up begins with the language", () => {
  expect(nextStep(NONE, STEPS)).toBe("language");
  expect(stageOf(NONE)).toBe("none");
});

test("only language and state cannot be skipped", () => {
  expect(STEPS.filter((step) => !isSkippable(step))).toEqual(["language", "state"]);
});

test("it goes on with the first step that is not behind, in whatever order they were left", () => {
  const progress = leave(leave(NONE, "state"), "language");
  expect(progress.behind).toEqual(["language", "state"]);
  expect(nextStep(progress, STEPS)).toBe("organization");
  expect(stageOf(progress)).toBe("begun");
});

test("a step that this build does not have is not walked to", () => {
  const walked = STEPS.filter((step) => step !== "contacts");
  const progress = (["language", "state", "organization", "devices"] as const).reduce(leave, NONE);
  expect(nextStep(progress, walked)).toBe("recovery");
  expect(stepBefore("recovery", walked)).toBe("devices");
  expect(stepBefore("language", walked)).toBeNull();
});

test("after the last step there is none, and it is finished", () => {
  const all = STEPS.reduce(leave, NONE);
  expect(nextStep(all, STEPS)).toBeNull();
  expect(stageOf(all)).toBe("finished");
});

test.each([null, "", "{", "null", "7", '"language"', '{"behind":7}', '{"behind":["language","x",1]}'])(
  "what was kept as %s is read without a fault",
  (kept) => {
    expect(readProgress(kept).behind).toEqual(kept?.includes("x") ? ["language"] : []);
  },
);

test("what was kept is read again", () => {
  const progress = leave(leave(NONE, "language"), "devices");
  expect(readProgress(JSON.stringify(progress))).toEqual(progress);
});
