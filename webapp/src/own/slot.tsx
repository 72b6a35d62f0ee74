/** Where a key of one's own is shown on a page that does not wait for it: it comes with its words. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { addWords, t } from "../i18n";
import type { OwnProps } from "./screens";

type Screens = typeof import("./screens");

const AGAIN = 3_000;
let screens: Screens | null = null;

async function load(): Promise<Screens> {
  for (;;) {
    try {
      const found = await import("./screens");
      for (const words of found.WORDS) await addWords(words);
      return (screens = found);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

export function OwnSlot({ what, ...props }: OwnProps & { what: "KeyOfOwn" | "MyRecordings" | "Shared" }): JSX.Element {
  const [found, show] = useState(screens);
  useEffect(() => {
    let over = false;
    void load().then((loaded) => over || show(loaded));
    return () => void (over = true);
  }, []);
  if (found === null) return <p>{t("service.connecting")}</p>;
  const Screen = found[what];
  return <Screen {...props} />;
}
