/**
 * Sends what earlier lives of the page left in the queue. Their statements are signed and their
 * segments sealed, so no key is needed. Every list degrades item by item: one damaged recording or
 * file does not hold up the others. Runs in a worker. Not here: the page's side (leftovers).
 */

import type { Leftovers } from "./contracts";
import { ifFree } from "./locks";
import { Queue } from "./queue";
import type { Files } from "./queue-files";
import { Uplink, type Wire } from "./uplink";

/**
 * Resolves when nothing is left that could go, with how many recordings are not wholly sent or are
 * somebody else's to send; `progress` is called after every change. Whoever has a recording in hand may
 * let go of it within `patience` milliseconds: a page that died or began anew does.
 */
export async function sendAllLeftovers(
  files: Files,
  wire: Wire,
  progress: (leftovers: Leftovers, finished: boolean) => void,
  patience = 0,
): Promise<number> {
  const waiting = new Map<string, number>();
  let sent = 0;
  const tell = (finished: boolean) => {
    const left = [...waiting.values()].filter((count) => count > 0);
    progress({ recordings: left.length, waiting: left.reduce((sum, one) => sum + one, 0), sent }, finished);
  };
  const send = async (recording: string) => {
    const queue = await Queue.load(files, recording);
    if (!queue || queue.items.length === 0) return;
    const changed = () => {
      waiting.set(recording, queue.items.length);
      tell(false);
    };
    changed();
    const receipted = () => {
      sent += 1;
    };
    await new Uplink(queue, wire, { changed, receipted }).run(true);
  };
  // One after the other: one request in flight, and the line belongs to whoever records now.
  const sendThose = async (recordings: readonly string[], wait: number) => {
    const others: string[] = [];
    for (const recording of recordings) {
      const free = await ifFree(recording, () => send(recording), wait).catch(() => true);
      if (!free) others.push(recording);
    }
    return others;
  };
  let others = await sendThose(await files.folders(), 0);
  if (patience > 0) others = await sendThose(others, patience);
  tell(true);
  return others.length + [...waiting.values()].filter((count) => count > 0).length;
}
