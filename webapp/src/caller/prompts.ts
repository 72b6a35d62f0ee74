/** What of an encounter is spoken, vibrated and flashed: each once, when it happens. */

import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { useWatched } from "../ui/hooks";
import { signal, type Signal } from "../ui/signals";
import { hush, speak, type Prompt } from "../ui/voice";
import type { EncounterView } from "./encounter";

/** Where the encounter stands, as far as a caller must hear of it. Pure. */
export function promptOf({ standing, call, connection }: EncounterView): Prompt | null {
  if (standing?.stage === "ended" || call.phase === "over") return "ended";
  if (standing?.stage === "answered") return call.phase === "connected" ? "here" : null;
  if (standing?.stage === "unanswered") return "nobody";
  return standing !== null && connection === "open" ? "calling" : null;
}

const SIGNALS: Partial<Record<Prompt, Signal>> = { here: "answer", nobody: "nobody", ended: "nobody" };

export function usePrompts(view: EncounterView, sentence: string): void {
  const prompt = promptOf(view);
  const live = view.recorder.phase === "recording" && view.recorder.kind !== "notes";
  const newest = useWatched(view.chat.entries).at(-1);
  useEffect(() => {
    if (!live) return;
    signal("started");
    speak("recording", t("say.recording"));
  }, [live]);
  useEffect(() => {
    if (prompt === null) return;
    const what = SIGNALS[prompt];
    if (what !== undefined) signal(what);
    speak(prompt, sentence);
  }, [prompt]);
  useEffect(() => {
    if (newest && !newest.mine) signal("message");
  }, [newest?.id]);
  useEffect(() => hush, []);
}
