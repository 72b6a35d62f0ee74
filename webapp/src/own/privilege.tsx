/** Keeping what one and one's lawyer said protected, or giving that up: only the caller can. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { alarm, say } from "../ui/say";
import { sayPrivilege, type FiledRecording, type Privilege } from "./requests";

interface PrivilegeProps {
  recording: FiledRecording;
  secret: Uint8Array;
}

export function PrivilegeOf({ recording, secret }: PrivilegeProps): JSX.Element {
  const [said, know] = useState<Privilege | null>(recording.privilege);
  const [sure, ask] = useState(false);
  const [failed, fail] = useState(false);
  const tell = async (word: Privilege): Promise<void> => {
    try {
      await sayPrivilege(recording.recording, word, secret);
      know(word);
      ask(false);
      fail(false);
      say(t(`own.privilege.${word}`));
    } catch {
      fail(true);
      alarm(t("own.failed"));
    }
  };
  return (
    <details class="own-phone" data-testid="privilege" data-said={said ?? ""}>
      <summary>{t("own.privilege")}</summary>
      <p class="small">{t("own.privilege.lead")}</p>
      {said !== null && <Notice tone={said === "kept" ? "safe" : "care"}>{t(`own.privilege.${said}`)}</Notice>}
      {failed && <Notice tone="care">{t("own.failed")}</Notice>}
      <div class="ways">
        {said !== "kept" && (
          <button type="button" class="button" onClick={() => void tell("kept")}>
            {t("own.privilege.keep")}
          </button>
        )}
        {said !== "waived" && !sure && (
          <button type="button" class="button plain" onClick={() => ask(true)}>
            {t("own.privilege.waive")}
          </button>
        )}
        {sure && (
          <button type="button" class="button" onClick={() => void tell("waived")}>
            {t("own.privilege.sure")}
          </button>
        )}
      </div>
    </details>
  );
}
