/**
 * Other pages of this app in this browser. Whoever opens it a second time, from a poster or the home
 * screen, and presses there, has two encounters: the first page goes on, and should say so when it is seen
 * again. Pages tell each other that they began and that they ended, and nothing else; nothing of it
 * leaves the browser.
 */

import type { Unwatch } from "../store";

const CHANNEL = "accompany-presses";

/**
 * Tells the other pages that one was pressed here, and calls back with how many pressed later than this one
 * and did not say that they ended. Returns what tells that this one did.
 */
export function tellPress(press: string, later: (count: number) => void): Unwatch {
  if (!("BroadcastChannel" in globalThis)) return () => undefined;
  const channel = new BroadcastChannel(CHANNEL);
  const others = new Set<unknown>();
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const { began, ended } = Object(data) as { began?: unknown; ended?: unknown };
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
