/**
 * "Lock now": nothing of the call is on the screen but that it records. Locking needs no secret; going
 * back is the caller's own way. Recording and call go on behind it.
 */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { duration, t } from "../i18n";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import { afterWrong, hasCode, isCode } from "./way-back";

interface CoverProps {
  /** seconds recorded, or null where nothing is recorded */
  seconds: number | null;
  called: boolean;
  back(): void;
}

export function Cover({ seconds, called, back }: CoverProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  return (
    <section class="cover" role="dialog" aria-modal="true" aria-labelledby="cover-title" data-testid="cover">
      <div class="said">
        <Icon name="lock" />
        <h1 id="cover-title" ref={heading} tabIndex={-1}>
          {t("lock.goes.on")}
        </h1>
        {seconds !== null && (
          <p class="what">
            <span class="dot live" />
            {duration(seconds)}
          </p>
        )}
        {called && <p>{t("lock.called")}</p>}
      </div>
      {hasCode() ? <ByCode back={back} /> : <ByTaps back={back} />}
    </section>
  );
}

function ByTaps({ back }: { back(): void }): JSX.Element {
  const [once, tap] = useState(false);
  return (
    <button type="button" class="button" onClick={() => (once ? back() : tap(true))}>
      {t(once ? "lock.again" : "lock.back")}
    </button>
  );
}

function ByCode({ back }: { back(): void }): JSX.Element {
  const [code, change] = useState("");
  const [wrong, mark] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (await isCode(code)) return back();
    change((typed) => afterWrong(code, typed));
    mark(true);
    alarm(t("lock.wrong"));
  };
  return (
    <form class="field" onSubmit={(event) => void submit(event)}>
      <label for="cover-code">{t("lock.code")}</label>
      <input
        id="cover-code"
        type="password"
        inputMode="numeric"
        autocomplete="off"
        value={code}
        aria-invalid={wrong}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <p class="missing">{wrong && t("lock.wrong")}</p>
      <button class="button">{t("lock.back")}</button>
    </form>
  );
}
