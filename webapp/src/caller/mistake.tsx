/** "Pressed by mistake": for ten seconds the press can be taken back, and nobody else hears of it. */

import type { JSX } from "preact";
import { t } from "../i18n";
import { useNow } from "../ui/hooks";
import type { Encounter } from "./encounter";
import { CANCEL_WITHIN } from "./meant";

export function Mistake({ encounter }: { encounter: Encounter }): JSX.Element | null {
  const left = encounter.pressed + CANCEL_WITHIN - useNow(() => performance.now());
  if (left <= 0) return null;
  return (
    <button type="button" class="button mistake" data-testid="mistake" onClick={() => void encounter.cancel()}>
      {t("cancel.button")}
      <span aria-hidden="true"> {Math.ceil(left / 1000)}</span>
    </button>
  );
}
