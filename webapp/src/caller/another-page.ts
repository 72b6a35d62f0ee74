/**
 * Other pages of this app in this browser. Whoever opens it a second time, from a poster or the home
 * screen, and presses there, has two encounters: the first page goes on, and should say so when it is seen
 * again; and before they press, the new one says that another records. Pages tell each other that they began,
 * run and ended, and nothing else; nothing of it leaves the browser.
 */

import type { Unwatch } from "../store";

const CHANNEL = "accompany-presses";
/** Milliseconds within which a page that runs has answered. */
const ANSWERED = 500;

/** `runs` is the answer to whoever is `asking`; the others name a press. */
interface Said {
  readonly began?: unknown;
  readonly runs?: unknown;
  readonly ended?: unknown;
  readonly asking?: unknown;
}

const read = ({ data }: MessageEvent<unknown>): Said => Object(data) as Said;

/**
 * Tells the other pages that one was pressed here, and calls back with how many pressed later than this one
 * and did not say that they ended. Returns what tells that this one did.
 */
export function tellPress(press: string, later: (count: number) => void): Unwatch {
  if (!("BroadcastChannel" in globalThis)) return () => undefined;
  const channel = new BroadcastChannel(CHANNEL);
  const others = new Set<unknown>();
  channel.onmessage = (event) => {
    const { began, ended, asking } = read(event);
    if (asking !== undefined) return channel.postMessage({ runs: press });
    if (began !== undefined) others.add(began);
    others.delete(ended);
    later(others.size);
  };
  channel.postMessage({ began: press });
  return () => {
    channel.postMessage({ ended: press });
    channel.close();
  };
}

/** Calls back with how many other pages were pressed and run on; asks them anew whenever this page is seen again. */
export function watchPresses(running: (count: number) => void): Unwatch {
  if (!("BroadcastChannel" in globalThis)) return () => undefined;
  const channel = new BroadcastChannel(CHANNEL);
  const others = new Set<unknown>();
  channel.onmessage = (event) => {
    const { began, runs, ended } = read(event);
    for (const press of [began, runs]) if (press !== undefined) others.add(press);
    others.delete(ended);
    running(others.size);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = (): void => {
    if (document.hidden) return;
    // One that was killed says no more that it ended: who runs answers at once.
    others.clear();
    channel.postMessage({ asking: true });
    clearTimeout(timer);
    timer = setTimeout(() => running(others.size), ANSWERED);
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    document.removeEventListener("visibilitychange", ask);
    clearTimeout(timer);
    channel.close();
  };
}
