/** Cases that wait for somebody: who is gone, whose they become, and how far it has come. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { KeyBundle } from "../account/vault";
import { dateAndTime, stateName, t, tn } from "../i18n";
import type { ServerClock } from "../live";
import { Notice } from "../ui/frame";
import { alarm, say } from "../ui/say";
import { fetchCharter, type Charter } from "./charter";
import { byAttorney, fetchLost, fitting, giveCase, type Colleague, type LostCase, type Outcome } from "./custodian";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";
import { Unlock } from "./unlock";

export function CustodianPart({ clock }: { clock: ServerClock }): JSX.Element {
  const lost = useLoaded(fetchLost, 0);
  const charter = useLoaded(fetchCharter, 0);
  // In this page's memory while this part is shown, and no longer.
  const [keys, open] = useState<KeyBundle | null>(null);
  const [told, tell] = useState<Told | null>(null);
  const again = (): void => void Promise.all([lost.again(), charter.again()]);
  if (lost.found === null || charter.found === null) {
    return lost.failed !== null || charter.failed !== null ? <Failed again={again} /> : <p class="soft">{t("service.connecting")}</p>;
  }
  const { cases, attorneys } = lost.found;
  const about = charter.found;
  return (
    <section aria-labelledby="lost-title" data-testid="lost-cases">
      <h2 id="lost-title">{t("lost.title")}</h2>
      <p class="soft">{t("lost.lead")}</p>
      {about.demonstration && <Notice tone="plain">{t("lost.demo")}</Notice>}
      <p>
        <button type="button" class="button" onClick={again}>
          {t("cards.queue.again")}
        </button>
      </p>
      {cases.length === 0 && <p>{t("lost.none")}</p>}
      {cases.length > 0 && !about.demonstration && keys === null && (
        <section class="card" aria-labelledby="unlock-title">
          <h3 id="unlock-title">{t("lost.unlock")}</h3>
          <p>{t("org.unlock.lead")}</p>
          <Unlock charter={about} opened={open} />
        </section>
      )}
      {keys !== null && <Notice icon="lock">{t("cards.queue.open")}</Notice>}
      {told !== null && <Given told={told} />}
      <ul class="cards wide-cards">
        {byAttorney(cases).map((theirs) => (
          <OneAttorney
            key={theirs[0]?.serial}
            cases={theirs}
            attorneys={attorneys}
            charter={about}
            keys={keys}
            now={() => clock.now()}
            done={(what) => (tell(what), void lost.again())}
          />
        ))}
      </ul>
    </section>
  );
}

interface OneProps {
  cases: LostCase[];
  attorneys: Colleague[];
  charter: Charter;
  keys: KeyBundle | null;
  now(): number;
  done(told: Told): void;
}

/** What came of giving one attorney's cases, together; it stays when they leave the list. */
interface Told extends Outcome {
  from: string;
  to: string;
  failed: number;
}

function Given({ told }: { told: Told }): JSX.Element {
  const { from, to, failed, given, shut, papers, alone } = told;
  return (
    <div data-testid="lost-told">
      {given > 0 && <Notice>{t("lost.done", { name: to })}</Notice>}
      {papers > 0 && <Notice tone="plain">{t("lost.papers", { count: papers })}</Notice>}
      {alone > 0 && <Notice tone="care">{t("lost.alone", { name: from, count: alone })}</Notice>}
      {failed > 0 && <Notice tone="care">{tn("lost.failed", failed)}</Notice>}
      {shut > 0 && <Notice tone="plain">{tn("lost.shut", shut)}</Notice>}
    </div>
  );
}

function OneAttorney({ cases, attorneys, charter, keys, now, done }: OneProps): JSX.Element {
  const [giving, become] = useState<number | null>(null);
  const [first] = cases;
  const name = first?.name ?? "";
  const fit = fitting(cases, attorneys);
  const give = async (event: Event): Promise<void> => {
    event.preventDefault();
    const chosen = String(new FormData(event.currentTarget as HTMLFormElement).get("to") ?? "");
    const to = fit.find(({ serial }) => serial === chosen);
    if (to === undefined || keys === null) return alarm(t(keys === null ? "cards.queue.locked" : "lost.choose"));
    const told: Told = { from: name, to: to.name, failed: 0, given: 0, shut: 0, papers: 0, alone: 0 };
    for (const [at, one] of cases.entries()) {
      become(at);
      try {
        const outcome = await giveCase(one, to, keys, charter, now());
        told.given += outcome.given;
        told.shut += outcome.shut;
        told.papers += outcome.papers;
        told.alone += outcome.alone;
        if (outcome.given === 0) told.failed++;
      } catch {
        // The others are given all the same; this one stays in the list.
        told.failed++;
      }
    }
    become(null);
    if (told.failed === 0) say(t("lost.done", { name: to.name }));
    else alarm(tn("lost.failed", told.failed));
    done(told);
  };
  return (
    <li class="card" data-testid="lost-attorney">
      <h3>
        <bdi>{name}</bdi>
      </h3>
      <p>{t(first?.why === "keys" ? "lost.why.keys" : "lost.why.gone", { name })}</p>
      <ul class="plain">
        {cases.map(({ encounter, state: where, pressed, recordings }) => (
          <li key={encounter}>
            {stateName(where)} · {dateAndTime(pressed)}
            <span class="soft small"> · {tn("team.case.recordings", recordings)}</span>
          </li>
        ))}
      </ul>
      {fit.length === 0 ? (
        <p class="soft">{t("lost.nobody")}</p>
      ) : (
        <form noValidate onSubmit={(event) => void give(event)}>
          <div class="field">
            <label for={`to-${first?.serial}`}>{t("lost.to")}</label>
            <select id={`to-${first?.serial}`} name="to">
              {fit.map(({ serial, name: theirs }) => (
                <option key={serial} value={serial}>
                  {theirs}
                </option>
              ))}
            </select>
          </div>
          <p>
            <button type="submit" class="button main" disabled={keys === null || giving !== null}>
              {tn("lost.give", cases.length)}
            </button>
          </p>
        </form>
      )}
      {giving !== null && (
        <p role="status">
          <progress max={cases.length} value={giving} aria-label={t("lost.title")} />{" "}
          {t("lost.giving", { at: giving + 1, all: cases.length })}
        </p>
      )}
    </li>
  );
}
