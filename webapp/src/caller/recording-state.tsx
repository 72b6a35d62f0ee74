/**
 * What of the recording is not as it should be and what one tap does about it: go on where camera or
 * microphone stopped, the picture too where only sound is recorded. Nothing where all is well.
 */

import type { JSX } from "preact";
import type { RecorderState } from "../contracts";
import { t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { SafariTab, isAway } from "./safari";

interface RecordingStateProps {
  state: RecorderState;
  resume(): void;
  film(): void;
}

const SAVING: Record<NonNullable<RecorderState["saving"]>, Key> = {
  battery: "rec.saving.battery",
  storage: "rec.saving.storage",
};

export function RecordingState({ state, resume, film }: RecordingStateProps): JSX.Element | null {
  const { phase, interrupted, saving, held } = state;
  if (phase !== "recording" && phase !== "failed") return null;
  const missing = Math.round(state.missing);
  return (
    <div
      class="troubles"
      data-testid="recording-state"
      data-interrupted={interrupted}
      data-saving={saving}
      data-missing={missing}
    >
      {interrupted !== null && (
        <button type="button" class="button main" onClick={resume}>
          {t("rec.resume")}
        </button>
      )}
      {isAway(state) && <SafariTab lead="rec.safari" />}
      {missing > 0 && <Notice tone="care">{t("rec.missing", { seconds: missing })}</Notice>}
      {saving !== null && <Notice tone="care">{t(SAVING[saving])}</Notice>}
      {saving !== null && saving !== "storage" && (
        <button type="button" class="button ink" onClick={film}>
          {t("rec.film.on")}
        </button>
      )}
      {held && <Notice tone="care">{t("rec.held")}</Notice>}
    </div>
  );
}
