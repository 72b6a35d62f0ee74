/**
 * Whether this phone is ready: facts in, marks out, and the next thing to do. Pure. What a page cannot
 * see (a battery saver), or need not be (a key of one's own), is marked as such, never as good.
 */

import type { Key } from "../i18n";
import { isOld, type LastDrill } from "./drill-kept";
import type { Step } from "./setup-progress";

export type Permission = "granted" | "prompt" | "denied" | "unknown";

export interface Facts {
  readonly state: boolean;
  readonly language: boolean;
  readonly organization: boolean;
  readonly camera: Permission;
  readonly microphone: Permission;
  /** whether the browser promised to keep what waits; null where it does not say */
  readonly persisted: boolean | null;
  /** whether the page opens without a line */
  readonly offline: boolean;
  readonly hotline: boolean;
  readonly drill: LastDrill | null;
  /** whether recordings are granted to a key of the caller's own */
  readonly own: boolean;
  /** ms since 1970 UTC */
  readonly now: number;
}

/** `care` works but not well, `open` is still to be done, `unseen` only the person can look at. */
export type Mark = "good" | "care" | "open" | "unseen";

export const ASPECTS = [
  "choices",
  "organization",
  "camera",
  "microphone",
  "storage",
  "offline",
  "hotline",
  "drill",
  "own",
  "battery",
] as const;
export type Aspect = (typeof ASPECTS)[number];

export interface Marked {
  readonly aspect: Aspect;
  readonly mark: Mark;
  /** its sentence */
  readonly says: Key;
  /** where it is done; null where nothing can be done here */
  readonly at: Step | "persist" | null;
}

function permitted(aspect: "camera" | "microphone", permission: Permission): Marked {
  const marks: Record<Permission, Mark> = { granted: "good", prompt: "care", denied: "open", unknown: "unseen" };
  const says = aspect === "camera" ? (`ready.camera.${permission}` as const) : (`ready.microphone.${permission}` as const);
  return { aspect, mark: marks[permission], says, at: permission === "granted" ? null : "devices" };
}

function drilled(drill: LastDrill | null, now: number): Marked {
  const of = (mark: Mark, says: Key): Marked => ({ aspect: "drill", mark, says, at: "drill" });
  if (drill === null) return of("open", "ready.drill.none");
  if (drill.arrived === "nothing") return of("open", "ready.drill.failed");
  return isOld(drill, now) ? of("care", "ready.drill.old") : of("good", `ready.drill.${drill.arrived}`);
}

function stored(persisted: boolean | null): Marked {
  if (persisted === null) return { aspect: "storage", mark: "unseen", says: "ready.storage.unknown", at: null };
  if (persisted) return { aspect: "storage", mark: "good", says: "ready.storage.good", at: null };
  return { aspect: "storage", mark: "care", says: "ready.storage.care", at: "persist" };
}

export function marksOf(facts: Facts): readonly Marked[] {
  const chosen = facts.state && facts.language ? "good" : "open";
  const joined = facts.organization ? "good" : "open";
  const offline = facts.offline ? "good" : "care";
  const hotline = facts.hotline ? "good" : "care";
  return [
    { aspect: "choices", mark: chosen, says: `ready.choices.${chosen}`, at: facts.language ? "state" : "language" },
    { aspect: "organization", mark: joined, says: `ready.organization.${joined}`, at: "organization" },
    permitted("camera", facts.camera),
    permitted("microphone", facts.microphone),
    stored(facts.persisted),
    { aspect: "offline", mark: offline, says: `ready.offline.${offline}`, at: null },
    { aspect: "hotline", mark: hotline, says: `ready.hotline.${hotline}`, at: null },
    drilled(facts.drill, facts.now),
    // Never the next thing to do: a guest's press works without.
    { aspect: "own", mark: facts.own ? "good" : "unseen", says: facts.own ? "ready.own.good" : "ready.own.unseen", at: "recovery" },
    { aspect: "battery", mark: "unseen", says: "ready.battery.unseen", at: null },
  ];
}

/** The next thing worth doing: what is still open before what could be better; null when there is none. */
export function nextOf(marks: readonly Marked[]): Marked | null {
  const doable = marks.filter(({ at }) => at !== null);
  return doable.find(({ mark }) => mark === "open") ?? doable.find(({ mark }) => mark === "care") ?? null;
}
