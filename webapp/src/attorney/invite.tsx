/** The attorney's say about the third seat: an interpreter is invited, seen, and let go. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { languageName, t } from "../i18n";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";

interface InviteProps {
  desk: Desk;
  view: DeskView;
  languages: readonly string[];
}

export function ThirdTools({ desk, view, languages }: InviteProps): JSX.Element | null {
  const { third } = view.seats;
  if (view.call === null || third.rung) return null;
  if (third.card === null && !third.refused) {
    return <Invite key={view.call.encounter} desk={desk} pressed={view.call.language} languages={languages} />;
  }
  return (
    <button type="button" class="button" onClick={() => desk.dismiss()}>
      {t(third.support ? "support.dismiss" : "third.dismiss")}
    </button>
  );
}

function Invite({ desk, pressed, languages }: { desk: Desk; pressed: string; languages: readonly string[] }): JSX.Element {
  const [language, choose] = useState(pressed);
  return (
    <details class="third-seat">
      <summary>{t("third.invite")}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          desk.invite(language);
        }}
      >
        <select
          aria-label={t("enrol.languages")}
          value={language}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {languages.map((tag) => (
            <option key={tag} value={tag}>
              {languageName(tag)}
            </option>
          ))}
        </select>
        <button class="button">{t("third.call")}</button>
      </form>
    </details>
  );
}
