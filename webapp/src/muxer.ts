/**
 * What the library's muxer does not hand out (mediabunny 1.61): its end of a fragment on demand, and what
 * it keeps of every sample for an index at the end of a file, which we never write. A test sees it when
 * a newer version names these otherwise, or keeps something else.
 */

import type { Output } from "mediabunny";

const MUXER = "_muxer";
const END = "forceFragmentFinalization";
const TRACKS = "trackDatas";
const KEPT = "finalizedChunks";

/** Writes out what has come, although one track is late. */
export async function endFragment(output: Output): Promise<void> {
  const muxer = muxerOf(output);
  const end: unknown = muxer && Reflect.get(muxer, END);
  if (typeof end === "function") await Promise.resolve(end.call(muxer)).catch(() => undefined);
}

/** Lets go of the fragments before this one: of an hour's film they were fifty megabytes. */
export function forgetFragments(output: Output): void {
  const muxer = muxerOf(output);
  const tracks: unknown = muxer && Reflect.get(muxer, TRACKS);
  for (const part of [muxer, ...(Array.isArray(tracks) ? (tracks as unknown[]) : [])]) {
    const kept: unknown = typeof part === "object" && part !== null && Reflect.get(part, KEPT);
    if (Array.isArray(kept)) kept.length = 0;
  }
}

function muxerOf(output: Output): object | null {
  const muxer: unknown = Reflect.get(output, MUXER);
  return typeof muxer === "object" && muxer !== null ? muxer : null;
}
