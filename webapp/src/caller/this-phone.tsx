/** What a caller may set for this phone before anything happens: the code that leads back from a lock. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { forgetCode, hasCode, isCodeForm, keepCode } from "./way-back";

export function ThisPhone(): JSX.Element {
  return (
    <details class="this-phone">
      <summary>{t("phone.title")}</summary>
      <WayBack />
    </details>
  );
}

function WayBack(): JSX.Element {
  const [kept, mark] = useState(hasCode);
  const [code, change] = useState("");
  const keep = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!isCodeForm(code)) return;
    await keepCode(code);
    change("");
    mark(true);
  };
  if (kept) {
    const forget = (): void => {
      forgetCode();
      mark(false);
    };
    return (
      <div class="kept">
        <span role="status">{t("phone.code.kept")}</span>
        <button type="button" class="button plain" onClick={forget}>
          {t("phone.code.forget")}
        </button>
      </div>
    );
  }
  return (
    <form class="field" onSubmit={(event) => void keep(event)}>
      <label for="way-back">{t("phone.code")}</label>
      <input
        id="way-back"
        type="password"
        inputMode="numeric"
        autocomplete="off"
        maxLength={12}
        value={code}
        aria-describedby="way-back-hint"
        onInput={(event) => change(event.currentTarget.value)}
      />
      <p class="small soft" id="way-back-hint">
        {t("phone.code.hint")}
      </p>
      <button class="button" disabled={!isCodeForm(code)}>
        {t("phone.code.keep")}
      </button>
    </form>
  );
}
