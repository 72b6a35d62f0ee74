/** "I am safe", and how many of the contacts were told: in the call, after it, and on a page opened again. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { clockTime, dateAndTime, t } from "../i18n";
import { Notice } from "../ui/frame";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import { OwnLinks } from "./own-message";
import { countOf, fateOf, type Telling, type TellingState, type TellingView } from "./telling";

/** *small* leaves out what can wait until the call is over. */
export function TellingPanel({ telling, small }: { telling: Telling; small?: boolean }): JSX.Element {
  const view = useWatched(telling.view);
  const sentence = sentenceOf(view);
  useEffect(() => say(sentence), [sentence]);
  return (
    <div role="group" class="telling" aria-label={t("people.title")} data-testid="telling" data-stage={view.state?.stage}>
      <p class="small" data-testid="told">
        {sentence}
      </p>
      {small !== true && <Details view={view} signs={telling.signs} />}
      {!view.safe && !view.refused && <Safe say={() => telling.safe()} />}
      {view.refused && small !== true && <OwnLinks words={t("people.default.pressed")} />}
    </div>
  );
}

export function sentenceOf({ state, cut, refused, safe }: TellingView): string {
  if (refused) return t("tell.refused");
  if (state === null) return cut ? t("tell.cut") : t("tell.beginning");
  const { told, all } = countOf(state);
  if (safe && state.stage !== "safe") return t("tell.safe.sending");
  if (state.stage === "safe") return t("tell.safe.said");
  if (state.stage === "missed") return t("tell.missed", { told, all });
  return all === 0 ? t("tell.nobody") : t("tell.told", { told, all });
}

/** What becomes of the recording, and who was named to get it; null where nobody was. */
export function releaseOf({ release, due }: TellingState): string | null {
  if (release === null) return null;
  const { given, ended } = release;
  if (given !== null) {
    return t(ended === null ? "release.given" : "release.taken", { time: dateAndTime(given) });
  }
  if (ended !== null) return t("release.none");
  return due === null ? null : t("release.waits", { time: clockTime(due) });
}

interface DetailsProps {
  view: TellingView;
  signs: readonly number[];
}

function Details({ view: { state, cut }, signs }: DetailsProps): JSX.Element | null {
  if (state === null) return null;
  const { failed } = countOf(state);
  const given = releaseOf(state);
  return (
    <>
      {state.contacts.length > 0 && (
        <ul class="fates small">
          {state.contacts.map((one, at) => {
            return (
              <li key={at}>
                {t("people.one", { number: signs[at] ?? at + 1 })}: {t(`tell.fate.${fateOf(state, one)}`)}
              </li>
            );
          })}
        </ul>
      )}
      {failed > 0 && <Notice tone="care">{t("tell.failed", { count: failed })}</Notice>}
      {state.stage === "waiting" && state.due !== null && (
        <p class="small soft">{t("tell.due", { time: clockTime(state.due) })}</p>
      )}
      {given !== null && <p class="small">{given}</p>}
      {cut && <p class="small">{t("service.unreachable")}</p>}
    </>
  );
}

/** Asked twice: what is said cannot be taken back. */
function Safe({ say: tell }: { say(): void }): JSX.Element {
  const [asked, ask] = useState(false);
  if (!asked) {
    return (
      <button type="button" class="button" onClick={() => ask(true)}>
        <Icon name="safe" />
        {t("tell.safe")}
      </button>
    );
  }
  return (
    <div class="acts" role="group" aria-label={t("tell.safe.sure")}>
      <p class="small">{t("tell.safe.sure")}</p>
      <button type="button" class="button main" onClick={tell}>
        {t("tell.safe.yes")}
      </button>
      <button type="button" class="button plain" onClick={() => ask(false)}>
        {t("tell.safe.no")}
      </button>
    </div>
  );
}
