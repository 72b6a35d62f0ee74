/**
 * What a verifier reports: findings, facts, and the exit status that follows from them. Twin of
 * src/accompany/evidence/report.py, whose sentences are in findings.json; `asJson` gives what
 * `accompany verify --json` prints. Pure. Not here: the page (verify-page).
 */

import { writeTime } from "../evidence/text";
import catalogue from "./findings.json";
import { type Finding, type Values, type Verdict, filled } from "./findings";
import type { Bracket, Shown } from "./brackets";

const MEANING = catalogue.meaning;
export const NOT_SHOWN: readonly string[] = catalogue.not_shown;

/** What happened to one statement, for the picture: times in ms since 1970, offsets in ms. */
export interface Moment {
  readonly number: number;
  readonly form: "opening" | "segment" | "gap" | "closing";
  readonly offset: number;
  readonly duration: number;
  readonly reason: string;
  /** by the device's clock: when it ended */
  readonly ended: number;
  /** by the server's receipt; null where there is none in form */
  readonly received: number | null;
  readonly bytes: "kept" | "awaited" | "none" | "";
  /** why it is not shown, where whoever opened the package says so; else empty */
  readonly withheld: string;
}

/** A time stamp that holds and that an anchor vouches for. */
export interface StampShown {
  readonly name: string;
  readonly time: number;
}

/** What the package says of itself, for reading; twin of Python's Facts. */
export interface Facts {
  readonly recording: string;
  readonly kind: string;
  readonly media: string;
  readonly client: string;
  readonly log: string;
  readonly opened: boolean;
  readonly statements: number;
  readonly segments: number;
  readonly bytes: number;
  readonly duration: number;
  readonly began: number | null;
  readonly ended: number | null;
  readonly received: readonly [number, number] | null;
  readonly after: number | null;
  readonly covered: number | null;
  readonly notBefore: Shown | null;
  readonly notAfter: Shown | null;
  readonly brackets: readonly Bracket[];
  readonly continues: string;
  readonly gaps: readonly { readonly offset: number; readonly duration: number; readonly reason: string }[];
  /** for the picture alone: not in `asJson` */
  readonly moments: readonly Moment[];
  readonly stamps: readonly StampShown[];
}

export const NO_FACTS: Facts = {
  recording: "",
  kind: "",
  media: "",
  client: "",
  log: "",
  opened: false,
  statements: 0,
  segments: 0,
  bytes: 0,
  duration: 0,
  began: null,
  ended: null,
  received: null,
  after: null,
  covered: null,
  notBefore: null,
  notAfter: null,
  brackets: [],
  continues: "",
  gaps: [],
  moments: [],
  stamps: [],
};

export class Report {
  constructor(
    readonly findings: readonly Finding[],
    readonly facts: Facts = NO_FACTS,
  ) {}

  having(verdict: Verdict): Finding[] {
    return this.findings.filter((finding) => finding.verdict === verdict);
  }

  readonly notShown = NOT_SHOWN;

  /** 0: everything holds. 1: something fails. 2: something could not be checked. */
  get exit(): 0 | 1 | 2 {
    if (this.having("fails").length > 0) return 1;
    return this.having("unchecked").some(({ accepted }) => !accepted) ? 2 : 0;
  }

  /** What this means, in one paragraph. */
  get meaning(): string {
    if (this.findings.some(({ code }) => code === "not-a-package")) return MEANING["not-a-package"];
    // Where something fails, nothing more may be concluded: not even when it was made.
    const bracket = this.exit === 1 ? [] : bracketOf(this.facts);
    return [MEANING[`exit-${this.exit}`], ...bracket].join(" ");
  }
}

function* bracketOf(facts: Facts): Generator<string> {
  const say = (key: keyof typeof MEANING, values: Values = {}) => filled(MEANING[key], values);
  if (facts.began === null) return;
  yield say("device", { began: when(facts.began), ended: when(facts.ended ?? facts.began) });
  if (facts.after === null) yield say("after-none");
  else yield say("after", { size: facts.after });
  const { notBefore, notAfter, received } = facts;
  if (notBefore !== null) yield say("not-before", { stamp: notBefore.stamp, time: when(notBefore.time) });
  if (notAfter !== null) yield say("not-after", { stamp: notAfter.stamp, time: when(notAfter.time) });
  else if (facts.covered !== null) yield say("covered", { size: facts.covered });
  if (received !== null) yield say("received", { first: when(received[0]), last: when(received[1]) });
}

export function when(milliseconds: number): string {
  try {
    return writeTime(milliseconds);
  } catch {
    // A device may state any duration; no calendar goes on for ever.
    return MEANING.never;
  }
}

const timeOf = (milliseconds: number | null) => (milliseconds === null ? null : when(milliseconds));
const shownBy = (shown: Shown | null) => (shown === null ? null : { time: when(shown.time), stamp: shown.stamp });

/** Returns the report as values for JSON; every finding is there, with its code. */
export function asJson(report: Report): Record<string, unknown> {
  const { facts } = report;
  const said = (verdict: Verdict) => report.having(verdict).map(sayFinding);
  return {
    exit: report.exit,
    recording: facts.recording || null,
    opened: facts.opened,
    holds: said("holds"),
    fails: said("fails"),
    unchecked: said("unchecked"),
    meaning: report.meaning,
    not_shown: NOT_SHOWN,
    facts: {
      kind: facts.kind || null,
      media: facts.media || null,
      client: facts.client || null,
      log: facts.log || null,
      statements: facts.statements,
      segments: facts.segments,
      bytes: facts.bytes,
      duration: facts.duration,
      began: timeOf(facts.began),
      ended: timeOf(facts.ended),
      received: facts.received && facts.received.map(when),
      after: facts.after,
      not_before: shownBy(facts.notBefore),
      not_after: shownBy(facts.notAfter),
      brackets: facts.brackets.map((one) => ({
        first: one.first,
        last: one.last,
        not_after: timeOf(one.notAfter),
        stamp: one.by || null,
        device: [when(one.began), when(one.ended)],
        arrival_delay: one.delays,
      })),
      covered: facts.covered,
      continues: facts.continues || null,
      gaps: facts.gaps,
    },
  };
}

function sayFinding(finding: Finding): Record<string, unknown> {
  const said: Record<string, unknown> = { code: finding.code, text: finding.text };
  for (const name of ["file", "expected", "found"] as const) if (finding[name]) said[name] = finding[name];
  const values = Object.entries(finding.values);
  if (values.length > 0) {
    said["values"] = Object.fromEntries(
      values.map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
    );
  }
  if (finding.accepted) said["accepted"] = true;
  return said;
}
