/** A part of the page that comes late, with its words: a page does not wait for it, and asks for it until it comes. */

import { useEffect, useState } from "preact/hooks";

const AGAIN = 3_000;

/** Returns a hook: what `bring` brings once it is there, asked for when it is *wanted*; null until then. */
export function lateCome<Part>(bring: () => Promise<Part>): (wanted: boolean) => Part | null {
  let come: Part | null = null;
  const load = async (): Promise<Part> => {
    for (;;) {
      try {
        return (come = await bring());
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
  };
  return (wanted) => {
    const [found, show] = useState(() => come);
    useEffect(() => {
      let over = false;
      if (wanted) void load().then((loaded) => over || show(() => loaded));
      return () => void (over = true);
    }, [wanted]);
    return wanted ? found : null;
  };
}
