/** Where a key of one's own is shown on a page that does not wait for it: it comes with its words. */

import type { JSX } from "preact";
import { addWords, t } from "../i18n";
import { lateCome } from "../ui/late";
import type { OwnProps } from "./screens";

const useScreens = lateCome(async () => {
  const screens = await import("./screens");
  for (const words of screens.WORDS) await addWords(words);
  return screens;
});

export function OwnSlot({ what, ...props }: OwnProps & { what: "KeyOfOwn" | "MyRecordings" | "Shared" }): JSX.Element {
  const found = useScreens(true);
  if (found === null) return <p>{t("service.connecting")}</p>;
  const Screen = found[what];
  return <Screen {...props} />;
}
