/** Handing a case over: to whom, with the reasons; how far it is; and giving it up for a conflict. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Colleague, Handover } from "../live-contracts";
import { languageName, listOf, t, type Key } from "../i18n";
import { fetchColleagues } from "../service";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";

interface HandProps {
  desk: Desk;
  encounter: string;
  language: string;
}

/** Whom it could be handed to; asked for when it is opened. */
export function HandOver({ desk, encounter, language }: HandProps): JSX.Element {
  const [found, show] = useState<readonly Colleague[] | "asking" | "failed">("asking");
  const ask = (open: boolean): void => {
    if (!open) return;
    show("asking");
    fetchColleagues(encounter).then(show, () => show("failed"));
  };
  return (
    <details class="third-seat hand" onToggle={(event) => ask(event.currentTarget.open)}>
      <summary>{t("hand.over")}</summary>
      {found === "failed" && <p class="small">{t("hand.failed")}</p>}
      {typeof found !== "string" && found.length === 0 && <p class="small">{t("hand.nobody")}</p>}
      {typeof found !== "string" && (
        <ul>
          {found.map((one) => (
            <li key={one.serial}>
              <button
                type="button"
                class="button"
                disabled={one.doing === "in_call"}
                onClick={() => desk.hand(encounter, one.serial)}
              >
                {one.name}
              </button>
              <span class="small">{reasonsOf(one, language)}</span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function reasonsOf({ speaks, doing }: Colleague, language: string): string {
  const name = languageName(language);
  const tongue = t(speaks ? "hand.speaks" : "hand.speaks.not", { language: name });
  return [t("hand.licensed"), tongue, t(`hand.${doing}`)].join(" · ");
}

const STAGES: Record<Handover["stage"], Key> = {
  rung: "hand.rung",
  beside: "hand.beside",
  arrived: "hand.arrived",
  owed: "hand.sealing",
};

/** How far a hand-over is; what is not yet theirs can be called off. */
export function OnItsWay({ desk, view, encounter }: { desk: Desk; view: DeskView; encounter: string }): JSX.Element | null {
  const one = view.handovers.find((each) => each.encounter === encounter);
  if (one === undefined) return null;
  const stage = one.over && one.stage !== "rung" ? "hand.sealing" : STAGES[one.stage];
  return (
    <div class="third hand-stage" data-testid="handover" data-stage={one.stage}>
      <Icon name={one.stage === "rung" ? "phone" : "person"} />
      <span role="status">{t(stage, { name: one.name })}</span>
      {view.handing !== null && <Notice tone="loud">{t(`hand.trouble.${view.handing}`)}</Notice>}
      <button type="button" class="button" onClick={() => desk.remain(encounter)}>
        {t("hand.off")}
      </button>
    </div>
  );
}

/** Cases that went before their keys: sealed as soon as this console can. */
export function Owed({ view }: { view: DeskView }): JSX.Element | null {
  const owed = view.handovers.filter(({ stage }) => stage === "owed");
  if (owed.length === 0) return null;
  return (
    <div class="check-ins" data-testid="owed">
      {owed.map(({ encounter, name }) => (
        <Notice key={encounter} tone={view.handing === null ? "care" : "loud"}>
          {t(view.handing === null ? "hand.sealing" : `hand.trouble.${view.handing}`, { name })}
        </Notice>
      ))}
    </div>
  );
}

/** The keys of a case that was taken over are not here yet: from whom they come. */
export function KeysAwaited({ view, encounter }: { view: DeskView; encounter: string }): JSX.Element | null {
  const owed = view.awaited.filter((one) => one.encounter === encounter);
  if (owed.length === 0) return null;
  return (
    <div data-testid="awaited">
      <Notice tone="care">{t("hand.awaited", { name: listOf(owed.map(({ by }) => by)) })}</Notice>
    </div>
  );
}

/** Not this caller: said without a name, and asked once more, since it cannot be taken back. */
export function Conflict({ desk, encounter }: { desk: Desk; encounter: string }): JSX.Element {
  return (
    <details class="third-seat conflict">
      <summary>{t("conflict.title")}</summary>
      <p class="small">{t("conflict.text")}</p>
      <button type="button" class="button" onClick={() => desk.conflict(encounter)}>
        {t("conflict.sure")}
      </button>
    </details>
  );
}
