/** What is wrong now, in sentences, the worst first. Pure: the view in, sentences out. */

import type { RecorderState } from "../contracts";
import type { Problem } from "../live-contracts";
import { t, type Key } from "../i18n";
import type { EncounterView } from "./encounter";

export interface Trouble {
  text: string;
  tone: "loud" | "care";
}

/** How long nothing may arrive before it is said loudly. */
export const SILENCE = 5000;

const loud = (text: string): Trouble => ({ text, tone: "loud" });
const care = (text: string): Trouble => ({ text, tone: "care" });

export function troublesOf({ recorder, problem, call }: EncounterView): Trouble[] {
  const found = [
    ...(call.refused !== null ? [loud(t(`refused.${call.refused}`))] : []),
    ...(problem !== null ? [loud(sentenceFor(problem))] : []),
    ...recorderTroubles(recorder),
  ];
  // The call and the recorder may be refused for one and the same reason.
  return found.filter(({ text }, at) => found.findIndex((each) => each.text === text) === at);
}

function recorderTroubles(state: RecorderState): Trouble[] {
  const found: Trouble[] = [];
  if (state.silence > SILENCE) {
    found.push(loud(t("safe.silence", { seconds: Math.round(state.silence / 1000) })));
  }
  if (state.problem !== null) found.push(problemOf(state.problem));
  const device = deviceOf(state);
  if (device !== null) found.push(care(t(device)));
  return found;
}

/** The recorder's code for what is wrong (recorder.ts, uplink.ts), as a sentence. */
export function problemOf(code: string): Trouble {
  const [what, status] = code.split(":");
  switch (what) {
    case "offline":
      return care(t("rec.offline"));
    case "memory-only":
      return care(t("rec.memory"));
    case "storage-full":
      return loud(t("problem.full"));
    case "receipt":
      return loud(t("rec.receipt"));
    case "refused":
      return loud(sentenceOf(Number(status)));
    case "capture":
      return loud(t("rec.unsupported"));
    default:
      return loud(t("rec.problem", { problem: code }));
  }
}

function deviceOf({ camera, microphone, phase, saving }: RecorderState): Key | null {
  if (phase === "starting") return null;
  const lost = [camera, microphone].filter((each) => each === "lost").length;
  if (lost === 2) return "rec.lost";
  if (camera === "lost") return "rec.lost.camera";
  if (microphone === "lost") return "rec.lost.microphone";
  if (saving !== null && microphone === "on") return null; // said where it can be changed
  const seen = camera === "on";
  const heard = microphone === "on";
  if (!seen && !heard) return "rec.refused";
  if (!seen) return "rec.refused.camera";
  return heard ? null : "rec.refused.microphone";
}

/** A refusal of the server in words of the page's language. */
export function sentenceFor({ status }: Problem): string {
  return sentenceOf(status);
}

function sentenceOf(status: number): string {
  if (status === 401 || status === 403) return t("problem.code");
  if (status === 404) return t("problem.gone");
  if (status === 429) return t("problem.many");
  if (status === 507) return t("problem.full");
  return t("problem.other", { status });
}
