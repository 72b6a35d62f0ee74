/** What is asked of the server when a part opens: shown when it is there, asked again on demand. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Asked, type AskedView } from "../asked";
import { useWatched } from "./hooks";

export interface Loaded<T> extends AskedView<T> {
  again(): Promise<void>;
  change(change: () => Promise<T>): Promise<T>;
}

/** *what* says when it is another question. */
export function useLoaded<T>(ask: () => Promise<T>, what: unknown): Loaded<T> {
  const latest = useRef(ask);
  latest.current = ask;
  const [asked] = useState(() => new Asked(() => latest.current()));
  const view = useWatched(asked.view);
  useEffect(() => void asked.again(), [what]);
  return { ...view, again: asked.again, change: asked.change };
}
