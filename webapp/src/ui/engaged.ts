/** Says once, to whoever logs it, that the words of the engagement are on the screen. */

import { useEffect, useState } from "preact/hooks";
import { digestOfLines, engagementIn } from "../engagement";
import { language } from "../i18n";
import { useWatched } from "./hooks";

/** Returns the words to show in a call; `tell` is called with their digest until it takes it. */
export function useEngagement(
  words: Readonly<Record<string, string[]>>,
  shown: boolean,
  tell: (digest: string) => boolean,
): readonly string[] {
  const tongue = useWatched(language);
  const lines = shown ? engagementIn(words, tongue) : null;
  const [told, take] = useState("");
  const text = lines?.join("\n") ?? "";
  useEffect(() => {
    if (text === "" || told === text) return;
    let left = false;
    const say = async (): Promise<void> => {
      const digest = await digestOfLines(text.split("\n"));
      if (left) return;
      if (tell(digest)) take(text);
      else setTimeout(() => !left && void say(), 1000);
    };
    void say();
    return () => void (left = true);
  }, [text, told]);
  return lines ?? [];
}
