/** The way to an export of a recording that is open: nothing of it is loaded before it is asked for. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { addWords, t } from "../i18n";
import { DISCLOSURE } from "../i18n/disclosure";
import { Notice } from "../ui/frame";
import type { ExportProps } from "./export";

export function ExportPart(props: ExportProps): JSX.Element {
  const [loaded, have] = useState<typeof import("./export") | null>(null);
  const [failed, fail] = useState(false);
  const begin = async (): Promise<void> => {
    fail(false);
    try {
      const [found] = await Promise.all([import("./export"), addWords(DISCLOSURE)]);
      have(found);
    } catch {
      fail(true);
    }
  };
  if (loaded !== null) return <loaded.Export {...props} />;
  return (
    <div>
      <button type="button" class="button" onClick={() => void begin()} data-testid="export">
        {t("opened.export")}
      </button>
      {failed && <Notice tone="care">{t("service.away")}</Notice>}
    </div>
  );
}
