/**
 * Sends what earlier lives of the page left in the queue. Their statements are signed and their
 * segments sealed, so no key is needed. Every list degrades item by item: one damaged recording or
 * file does not hold up the others. Runs in a worker. Not here: the page's side (leftovers).
 */

import type { Leftovers } from "./contracts";
import type { Receipt } from "./evidence/receipts";
import { ifFree } from "./locks";
import { type Item, Queue } from "./queue";
import type { Files } from "./queue-files";
import { Uplink, type Wire } from "./uplink";

/**
 * Resolves when nothing is left that could go, with how many recordings are not wholly sent or are
 * somebody else's to send; what can never go does not count. `progress` is called after every change; null:
 * nobody hears it, and what is lost stays until somebody does. Whoever has a recording in hand may
 * let go of it within `patience` milliseconds: a page that died or began anew does.
 */
export async function sendAllLeftovers(
  files: Files,
  wire: Wire,
  progress: ((leftovers: Leftovers, finished: boolean) => void) | null,
  patience = 0,
): Promise<number> {
  const waiting = new Map<string, number>();
  const stranded = new Map<string, number>();
  const begun = new Set<string>();
  let [sent, lost, counted] = [0, 0, false];
  const tell = (finished: boolean) => {
    const left = [...waiting.values()].filter((count) => count > 0);
    // What is sent is all there is only once the rest was counted.
    if (left.length === 0 && !counted && !finished) return;
    const told = { recordings: left.length, waiting: sumOf(waiting), sent, lost, stranded: sumOf(stranded) };
    progress?.(told, finished);
  };
  /** How much waits behind what is sent now; it holds nothing up. */
  const count = async (recordings: readonly string[]) => {
    for (const recording of recordings) {
      const queue = begun.has(recording) ? null : await Queue.load(files, recording).catch(() => null);
      if (queue && !begun.has(recording)) waiting.set(recording, queue.items.length);
    }
    counted = true;
  };
  const send = async (recording: string) => {
    begun.add(recording);
    const queue = await Queue.load(files, recording);
    if (!queue || queue.items.length === 0) return;
    const changed = () => {
      waiting.set(recording, uplink.waiting);
      stranded.set(recording, uplink.stranded);
      tell(false);
    };
    const receipted = (item: Item, { bytes }: Receipt) => {
      if (queue.items.includes(item)) return; // its statement alone: the bytes follow
      if (bytes === "awaited") lost += 1;
      else sent += 1;
    };
    const uplink: Uplink = new Uplink(queue, wire, { changed, receipted, unheard: progress === null });
    changed();
    await uplink.run(true);
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
  const [free, taken] = await apart(await files.folders());
  const [others] = await Promise.all([sendThose(free, 0), count(free)]);
  others.push(...taken);
  const left = patience > 0 ? await sendThose(others, patience) : others;
  for (const recording of left) waiting.delete(recording);
  tell(true);
  return left.length + [...waiting.values()].filter((count) => count > 0).length;
}

const sumOf = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, one) => sum + one, 0);

/** Those that nobody has in hand, and those that somebody has. */
async function apart(recordings: readonly string[]): Promise<[free: string[], taken: string[]]> {
  const [free, taken]: [string[], string[]] = [[], []];
  for (const recording of recordings) {
    const is = await ifFree(recording, () => Promise.resolve()).catch(() => true);
    (is ? free : taken).push(recording);
  }
  return [free, taken];
}
