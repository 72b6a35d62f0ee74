/** The tools within reach of a thumb: the officer's card, silent mode, and in the call lock and privacy. */

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Service } from "../contracts";
import { t } from "../i18n";
import { useWatched } from "../ui/hooks";
import { Icon, type IconName } from "../ui/icons";
import { silent, spoken } from "../ui/modes";
import { say } from "../ui/say";
import { OfficerCard } from "./officer-card";

interface ToolProps {
  icon: IconName;
  /** whether it is on; undefined where it does one thing */
  on?: boolean;
  /** whether it can be used now; its place stays */
  can?: boolean;
  use(): void;
  children: ComponentChildren;
}

export function Tool({ icon, on, can = true, use, children }: ToolProps): JSX.Element {
  return (
    <button type="button" class="tool" aria-pressed={on} disabled={!can} onClick={use}>
      <Icon name={icon} />
      <span>{children}</span>
    </button>
  );
}

interface ToolsProps {
  service: Service | null;
  /** tools of the screen itself */
  children?: ComponentChildren;
}

export function Tools({ service, children }: ToolsProps): JSX.Element {
  const [card, show] = useState(false);
  const quiet = useWatched(silent);
  const hush = (): void => {
    silent.set(!quiet);
    say(t(quiet ? "silent.off" : "silent.said"));
  };
  return (
    <>
      <div class="tools" role="group" aria-label={t("tools.title")}>
        <Tool icon="card" use={() => show(true)}>
          {t("officer.show")}
        </Tool>
        <Tool icon="silent" on={quiet} use={hush}>
          {t("silent.button")}
        </Tool>
        {children}
      </div>
      {card && <OfficerCard own={service?.officer_card ?? {}} close={() => show(false)} />}
    </>
  );
}

/** Whether prompts are spoken; without meaning in silent mode. */
export function VoiceTool(): JSX.Element {
  const on = useWatched(spoken);
  return (
    <Tool icon="sound" on={on} use={() => spoken.set(!on)}>
      {t("voice.button")}
    </Tool>
  );
}
