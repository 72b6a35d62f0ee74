/** Another page of this app was pressed after this one: what that means here, and the way out of the two. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { say } from "../ui/say";
import type { Encounter } from "./encounter";

export function Again({ encounter, again }: { encounter: Encounter; again: boolean }): JSX.Element | null {
  useEffect(() => {
    if (again) say(t("again.said"));
  }, [again]);
  if (!again) return null;
  return (
    <div class="troubles" data-testid="again">
      <Notice tone="care">{t("again.said")}</Notice>
      <button type="button" class="button ink" onClick={() => void encounter.end()}>
        {t("again.end")}
      </button>
    </div>
  );
}
