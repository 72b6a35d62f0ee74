/** Cards that wait: a license is looked up by a person, then the card is signed in this browser. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { KeyBundle } from "../account/vault";
import { dateAndTime, languageName, listOf, stateName, t, type Key } from "../i18n";
import type { ServerClock } from "../live";
import { Notice } from "../ui/frame";
import { oneAtATime } from "../ui/one";
import { alarm, say } from "../ui/say";
import { compared } from "../account/compared";
import { fetchApplicants, fetchCharter, signCard, type Applicant, type Charter } from "./charter";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";
import { memberRole } from "./team-part";
import { Unlock } from "./unlock";

export function CardsPart({ clock }: { clock: ServerClock }): JSX.Element {
  const waiting = useLoaded(fetchApplicants, 0);
  const charter = useLoaded(fetchCharter, 0);
  // In this page's memory while this part is shown, and no longer.
  const [keys, open] = useState<KeyBundle | null>(null);
  const again = (): void => void Promise.all([waiting.again(), charter.again()]);
  if (waiting.found === null || charter.found === null) {
    return waiting.failed !== null || charter.failed !== null ? <Failed again={again} /> : <p class="soft">{t("service.connecting")}</p>;
  }
  const [applicants, about] = [waiting.found, charter.found];
  return (
    <section aria-labelledby="cards-title" data-testid="card-queue">
      <h2 id="cards-title">{t("cards.queue")}</h2>
      <p class="soft">{t(about.demonstration ? "cards.queue.demo" : "cards.queue.lead")}</p>
      <p>
        <button type="button" class="button" onClick={again}>
          {t("cards.queue.again")}
        </button>
      </p>
      {!about.demonstration && applicants.length === 0 && <p>{t("cards.queue.none")}</p>}
      {applicants.length > 0 && keys === null && (
        <section class="card" aria-labelledby="unlock-title">
          <h3 id="unlock-title">{t("cards.queue.unlock")}</h3>
          <p>{t("org.unlock.lead")}</p>
          <Unlock charter={about} opened={open} />
        </section>
      )}
      {keys !== null && <Notice icon="lock">{t("cards.queue.open")}</Notice>}
      <ul class="cards wide-cards">
        {applicants.map((one) => (
          <OneCard
            key={one.person}
            applicant={one}
            charter={about}
            keys={keys}
            now={() => clock.now()}
            signed={(sign) => waiting.change(sign).then(() => say(t("cards.queue.signed", { name: one.name })))}
          />
        ))}
      </ul>
    </section>
  );
}

interface OneProps {
  applicant: Applicant;
  charter: Charter;
  keys: KeyBundle | null;
  now(): number;
  /** takes what is left of the queue */
  signed(sign: () => Promise<Applicant[]>): Promise<void>;
}

function OneCard({ applicant, charter, keys, now, signed }: OneProps): JSX.Element {
  const { person, name, role, languages, made } = applicant;
  const [wrong, fail] = useState<Key | null>(null);
  const [once] = useState(oneAtATime);
  const advises = role === "attorney";
  const refuse = (why: Key): void => {
    fail(why);
    alarm(t(why));
  };
  const sign = async (event: Event): Promise<void> => {
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [states, where] = [form.getAll("state").map(String), String(form.get("where") ?? "").trim()];
    if (advises && states.length === 0) return refuse("cards.queue.states.missing");
    if (advises && where === "") return refuse("cards.queue.where.missing");
    if (keys === null) return refuse("cards.queue.locked");
    try {
      await signed(() => signCard(keys, applicant, states, where, charter, now()));
    } catch {
      refuse("dd.failed");
    }
  };
  return (
    <li class="card" data-person={person}>
      <h3>
        <bdi>{name}</bdi>
      </h3>
      <p class="soft small">
        {memberRole(role)} · {listOf(languages.map((tag) => languageName(tag)))} ·{" "}
        {t("cards.queue.asked", { time: dateAndTime(made) })}
      </p>
      <p>
        {t("cards.queue.compare")} <code class="aloud">{compared(applicant)}</code>
      </p>
      <form noValidate onSubmit={(event) => (event.preventDefault(), void once(() => sign(event)))}>
        {advises && (
          <fieldset>
            <legend>{t("cards.queue.states")}</legend>
            {applicant.states.map((state) => (
              <label key={state} class="check">
                <input type="checkbox" name="state" value={state} /> {stateName(state)}
              </label>
            ))}
          </fieldset>
        )}
        <div class="field">
          <label for={`where-${person}`}>{t(advises ? "cards.queue.where" : "cards.queue.note")}</label>
          <input id={`where-${person}`} name="where" maxLength={200} autocomplete="off" />
        </div>
        {wrong !== null && (
          <div role="alert">
            <Notice tone="care">{t(wrong)}</Notice>
          </div>
        )}
        <p>
          <button type="submit" class="button main">
            {t("cards.queue.sign")}
          </button>
        </p>
      </form>
    </li>
  );
}
