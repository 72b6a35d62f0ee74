/** A part of the desk that could not be fetched. */

import type { JSX } from "preact";
import { t } from "../i18n";
import { Notice } from "../ui/frame";

export function Failed({ again }: { again(): unknown }): JSX.Element {
  return (
    <Notice tone="care">
      <p>{t("dd.failed")}</p>
      <button type="button" class="button" onClick={() => void again()}>
        {t("dd.again")}
      </button>
    </Notice>
  );
}
