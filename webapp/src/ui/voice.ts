/**
 * Prompts that are spoken: by a recording where the organization has one (voice-pack.ts), else by a
 * voice on the phone itself. Never in silent mode, and never by a voice that sends the words elsewhere.
 */

import { language } from "../i18n";
import { silent, spoken } from "./modes";
import { recorded } from "./voice-pack";

export type Prompt = "calling" | "recording" | "here" | "nobody" | "ended";

/** The best voice that speaks *tag* on this phone: of the same region, else of the same language. */
export function localVoice<V extends Pick<SpeechSynthesisVoice, "lang" | "localService">>(
  voices: readonly V[],
  tag: string,
): V | null {
  const first = (name: string): string => name.toLowerCase().split(/[-_]/)[0] ?? "";
  const local = voices.filter((voice) => voice.localService && first(voice.lang) === first(tag));
  return local.find(({ lang }) => lang.toLowerCase().replace("_", "-") === tag.toLowerCase()) ?? local[0] ?? null;
}

let playing: HTMLAudioElement | null = null;

/** Stops whatever is being said. */
export function hush(): void {
  playing?.pause();
  globalThis.speechSynthesis?.cancel();
}

/** Says a prompt, whose words in the page's language are *sentence*. */
export function speak(prompt: Prompt, sentence: string): void {
  hush();
  if (silent.value || !spoken.value) return;
  const recording = recorded(language.value, prompt);
  if (recording !== null) {
    playing = new Audio(recording);
    playing.play().catch(() => undefined);
    return;
  }
  const synthesis = globalThis.speechSynthesis as SpeechSynthesis | undefined;
  const voice = synthesis && localVoice(synthesis.getVoices(), language.value);
  if (!synthesis || !voice) return;
  const utterance = new SpeechSynthesisUtterance(sentence);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  synthesis.speak(utterance);
}

silent.watch((quiet) => quiet && hush());
spoken.watch((on) => on || hush());
