/** What is held of a recording and what is not, for whoever is asked to hand it over (docs/legal.md). */

import type { JSX } from "preact";
import { t, type Key } from "../i18n";
import { fetchService } from "../service";
import { Notice } from "../ui/frame";
import { useLoaded } from "../ui/loaded";

const HOLD = 'accompany hold ID --reason "…"';
const PRODUCE = "accompany produce ID";
const HAS: readonly Key[] = [
  "dd.demand.has.recording",
  "dd.demand.has.signed",
  "dd.demand.has.press",
  "dd.demand.has.custody",
];
const HAS_NOT: readonly Key[] = [
  "dd.demand.not.clear",
  "dd.demand.not.who",
  "dd.demand.not.where",
  "dd.demand.not.call",
  "dd.demand.not.deleted",
];

export function DemandedPart(): JSX.Element {
  const { found: service } = useLoaded(fetchService, 0);
  const demonstration = service?.demonstration === true;
  return (
    <section class="demanded" aria-labelledby="demanded-title" data-testid="demanded">
      <h2 id="demanded-title">{t("dd.demand.title")}</h2>
      <p>{t("dd.demand.lead")}</p>
      <dl>
        <dt>
          <code>{HOLD}</code>
        </dt>
        <dd>{t("dd.demand.hold")}</dd>
        <dt>
          <code>{PRODUCE}</code>
        </dt>
        <dd>{t("dd.demand.produce")}</dd>
      </dl>
      <h3>{t("dd.demand.has")}</h3>
      <Lines keys={demonstration ? [...HAS, "dd.demand.has.custodian"] : HAS} />
      <h3>{t("dd.demand.not")}</h3>
      <Lines keys={demonstration ? ["dd.demand.not.film", ...HAS_NOT.slice(1)] : HAS_NOT} />
      <Notice tone="care">{t("dd.demand.care")}</Notice>
    </section>
  );
}

function Lines({ keys }: { keys: readonly Key[] }): JSX.Element {
  return (
    <ul>
      {keys.map((key) => (
        <li key={key}>{t(key)}</li>
      ))}
    </ul>
  );
}
