/** Who can be rung in the next 14 days: the picture, and each gap with who could take it. */

import type { JSX } from "preact";
import { dateAndTime, languageName, listOf, stateName, t } from "../i18n";
import { fetchCoverage, type Gap } from "./answers";
import { Table } from "./figures-part";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";

export function CoveragePart(): JSX.Element {
  const { found, failed, again } = useLoaded(fetchCoverage, 0);
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <section aria-labelledby="coverage-title" data-testid="coverage">
      <h2 id="coverage-title">{t("dd.coverage")}</h2>
      {failed && <Failed again={again} />}
      {found === null && !failed && <p class="soft">{t("service.connecting")}</p>}
      {found !== null && !found.roster && <p>{t("dd.coverage.none")}</p>}
      {found?.roster === true && (
        <>
          <p data-testid="covered">{t("dd.coverage.covered", { covered: found.covered, hours: found.hours })}</p>
          <Legend zone={zone} />
          {/* From left to right in every language, as it is drawn: its names stand at the left. */}
          <div class="wide" dir="ltr" tabIndex={0} role="group" aria-label={t("dd.coverage")}>
            <img
              class="covered"
              alt={t("dd.coverage.covered", { covered: found.covered, hours: found.hours })}
              // The number, so that a picture of an older roster is never shown for this one.
              src={`/api/desk/coverage.svg?zone=${encodeURIComponent(zone)}&roster=${found.number}`}
            />
          </div>
          {found.gaps.length === 0 ? <p>{t("dd.coverage.full")}</p> : <Gaps gaps={found.gaps} />}
        </>
      )}
    </section>
  );
}

const LEVELS = ["l0", "l1", "l2", "l3"] as const;

/** What the picture's colours and hatches mean: it has no words of its own. */
function Legend({ zone }: { zone: string }): JSX.Element {
  return (
    <>
      <p class="soft small">{t("dd.cover.hours", { zone })}</p>
      <p class="legend small">
        {LEVELS.map((level) => (
          <span key={level} class={`key cover ${level}`}>
            {t(`dd.cover.${level}`)}
          </span>
        ))}
      </p>
    </>
  );
}

function Gaps({ gaps }: { gaps: readonly Gap[] }): JSX.Element {
  const head = ["", t("dd.gap.from"), t("dd.gap.until"), t("dd.gap.level"), t("dd.gap.could")];
  return (
    <Table caption={t("dd.gaps")} head={head}>
      {gaps.map((one) => (
        <tr key={`${one.state} ${one.language} ${one.from}`}>
          <th scope="row">
            {stateName(one.state)} · {languageName(one.language)}
          </th>
          <td class="when">{dateAndTime(one.from)}</td>
          <td class="when">{dateAndTime(one.until)}</td>
          <td class="said">{t(one.level === "nobody" ? "dd.gap.nobody" : "dd.gap.without")}</td>
          <td class="said">{one.could.length === 0 ? t("dd.gap.none") : listOf(one.could)}</td>
        </tr>
      ))}
    </Table>
  );
}
