/** The way to a public copy of a recording that is open: nothing of it is loaded before it is asked for. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { addWords, t } from "../i18n";
import { COPY } from "../i18n/copy";
import { Notice } from "../ui/frame";

interface PublicCopyProps {
  film: Blob;
  /** the recording's, for the file's name */
  recording: string;
}

type Loaded = typeof import("./studio");

export function PublicCopy(props: PublicCopyProps): JSX.Element {
  const [studio, have] = useState<Loaded | null>(null);
  const [failed, fail] = useState(false);
  const begin = async (): Promise<void> => {
    fail(false);
    try {
      const [loaded] = await Promise.all([import("./studio"), addWords(COPY)]);
      have(loaded);
    } catch {
      fail(true);
    }
  };
  if (studio !== null) return <studio.Studio {...props} />;
  return (
    <div>
      <button type="button" class="button" onClick={() => void begin()} data-testid="public-copy">
        {t("opened.copy")}
      </button>
      {failed && <Notice tone="care">{t("service.away")}</Notice>}
    </div>
  );
}
