/**
 * What happens, for who cannot hear it: the phone vibrates and the edge of the screen flashes, slower
 * than three times a second. Silent mode keeps the vibration only.
 */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Store } from "../store";
import { useWatched } from "./hooks";
import { silent } from "./modes";

export type Signal = "answer" | "message" | "trouble" | "started" | "nobody";

/** Milliseconds on and off; each can be told from the others by touch. */
const PATTERNS: Record<Signal, number[]> = {
  started: [80],
  message: [150, 100, 150],
  answer: [300, 120, 300, 120, 600],
  nobody: [600],
  trouble: [200, 100, 200, 100, 200],
};
const LASTS = 2400;

const shown = new Store<{ signal: Signal } | null>(null);

export function signal(what: Signal): void {
  if ("vibrate" in navigator) navigator.vibrate(PATTERNS[what]);
  if (!silent.value) shown.set({ signal: what });
}

export function Flash(): JSX.Element | null {
  const now = useWatched(shown);
  const quiet = useWatched(silent);
  useEffect(() => {
    if (now === null) return;
    const timer = setTimeout(() => shown.set(null), LASTS);
    return () => clearTimeout(timer);
  }, [now]);
  if (now === null || quiet) return null;
  return <div class="flash" data-testid="flash" data-signal={now.signal} aria-hidden="true" />;
}
