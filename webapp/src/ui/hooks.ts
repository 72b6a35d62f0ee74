/** Small hooks that every screen uses: a watched value, the focus when a screen opens, a clock. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { language } from "../i18n";
import type { Connection } from "../live";
import type { Watched } from "../store";

export function useWatched<T>(watched: Watched<T>): T {
  const [value, show] = useState(watched.value);
  useEffect(() => {
    show(watched.value);
    return watched.watch((next) => show(() => next));
  }, [watched]);
  return value;
}

/** Shows the whole page anew when another language is chosen. */
export function useLanguage(): string {
  return useWatched(language);
}

/** Gives the focus to an element once, when its screen opens. */
export function useFocus<T extends HTMLElement>(): RefObject<T | null> {
  const ref = useRef<T | null>(null);
  useEffect(() => ref.current?.focus(), []);
  return ref;
}

/** False until what stands around it has been painted once. */
export function useLater(): boolean {
  const [later, come] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => (timer = setTimeout(() => come(true))));
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, []);
  return later;
}

/** How long until what could not be fetched is asked for again, in ms. */
const AGAIN = 5000;

/** While *wanted*, does it again every five seconds, at once when the line is back, and never twice at a time. */
export function useAgain(wanted: boolean, act: () => Promise<void>): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!wanted) return;
    let busy = false;
    const again = (): void => {
      if (busy) return;
      busy = true;
      void latest.current().finally(() => (busy = false));
    };
    const timer = setInterval(again, AGAIN);
    addEventListener("online", again);
    return () => {
      clearInterval(timer);
      removeEventListener("online", again);
    };
  }, [wanted]);
}

/** The time, told about every *every* milliseconds while the part is on screen. */
export function useNow(now: () => number, every = 500): number {
  const [time, show] = useState(now);
  const latest = useRef(now);
  latest.current = now;
  useEffect(() => {
    const timer = setInterval(() => show(latest.current()), every);
    return () => clearInterval(timer);
  }, [every]);
  return time;
}

/** Whether *is* has been true for *long* milliseconds: what lasts a blink is not shown. */
export function useLasting(is: boolean, long: number): boolean {
  const [lasts, mark] = useState(false);
  useEffect(() => {
    if (!is) return mark(false);
    const timer = setTimeout(() => mark(true), long);
    return () => clearTimeout(timer);
  }, [is, long]);
  return is && lasts;
}

/** Whether a socket is not open, and not only for the moment of a change. */
export function useCut(connection: Connection): boolean {
  return useLasting(connection !== "open", 1000);
}

/** Keeps the screen awake while *wanted*, and takes the lock again when the page is seen again. */
export function useAwake(wanted: boolean): void {
  useEffect(() => {
    if (!wanted || !("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const take = (): void => {
      if (document.hidden || over) return;
      navigator.wakeLock.request("screen").then(
        (found) => {
          lock = found;
          if (over) void found.release();
        },
        () => undefined,
      );
    };
    take();
    document.addEventListener("visibilitychange", take);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", take);
      void lock?.release();
    };
  }, [wanted]);
}
