/**
 * How far set-up is: which steps there are, which were done or skipped, and which comes next. What is
 * kept says nothing but that. Pure but for the two functions that read and write this browser's storage.
 */

export const STEPS = ["language", "state", "organization", "devices", "contacts", "recovery", "drill"] as const;
export type Step = (typeof STEPS)[number];

/** What cannot be skipped: without them nobody can be rung. */
const NEEDED: readonly Step[] = ["language", "state"];

export interface Progress {
  /** done or skipped, in any order */
  readonly behind: readonly Step[];
}

const KEPT = "accompany.setup";

export const isSkippable = (step: Step): boolean => !NEEDED.includes(step);

/** The first step of *steps* that is not behind; null when set-up is at its end. */
export function nextStep(progress: Progress, steps: readonly Step[]): Step | null {
  return steps.find((step) => !progress.behind.includes(step)) ?? null;
}

/** The step before *step*, to go back to; null before the first. */
export function stepBefore(step: Step, steps: readonly Step[]): Step | null {
  return steps[steps.indexOf(step) - 1] ?? null;
}

/** Marks a step as done or skipped. */
export function leave(progress: Progress, step: Step): Progress {
  return { behind: STEPS.filter((each) => each === step || progress.behind.includes(each)) };
}

export type Stage = "none" | "begun" | "finished";

export function stageOf({ behind }: Progress): Stage {
  if (behind.length === 0) return "none";
  return behind.includes("drill") ? "finished" : "begun";
}

/** Reads what was kept; whatever is not in form is no progress. */
export function readProgress(kept: string | null): Progress {
  try {
    const value: unknown = JSON.parse(kept ?? "null");
    const behind = (value as { behind?: unknown } | null)?.behind;
    return { behind: Array.isArray(behind) ? STEPS.filter((step) => behind.includes(step)) : [] };
  } catch {
    return { behind: [] };
  }
}

export function keptProgress(): Progress {
  try {
    return readProgress(localStorage.getItem(KEPT));
  } catch {
    return { behind: [] };
  }
}

export function keepProgress(progress: Progress): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(progress));
  } catch {
    // Without storage set-up begins anew with each page.
  }
}
