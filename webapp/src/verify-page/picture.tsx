/** The picture of a recording: drawn to any width, with its words and a table beside it. */

import type { JSX } from "preact";
import { t, tn } from "../i18n";
import { type Facts, when } from "../verify/report";
import { Part } from "./report";
import { type Stretch, type Timeline, timelineOf } from "./timeline";
import { delayOf, lengthOf, visible } from "./words";

/** Rows of the table; JSON of the command line has them all. */
const ROWS = 200;
/** Withheld stretches told below the picture; the table has more. */
const TOLD = 12;
const [FILM, DELAY, TICKS] = [28, 48, 14];

export function Picture({ facts }: { facts: Facts }): JSX.Element | null {
  const timeline = timelineOf(facts);
  if (timeline === null) return null;
  const { stretches, length, longest, stamps } = timeline;
  const film = stretches.filter(({ kind }) => kind === "film" || kind === "awaited");
  const withheld = stretches.filter(({ kind }) => kind === "withheld");
  const said = t("verify.picture.said", {
    film: lasting(film),
    length: lengthOf(length),
    gaps: stretches.length - film.length - withheld.length,
    delay: delayOf(longest),
  });
  const outside = stamps.filter(({ at }) => at === null);
  return (
    <Part id="picture" heading="verify.picture">
      <p class="soft small">{t("verify.picture.hint")}</p>
      <figure class="timeline">
        <Drawn timeline={timeline} />
        <figcaption class="small">
          {said} {withheld.length > 0 && t("verify.picture.withheld", { length: lasting(withheld) })}
        </figcaption>
      </figure>
      <ul class="legend small" aria-hidden="true">
        {(["film", "gap", "awaited", "withheld"] as const).map(
          (kind) =>
            (kind !== "withheld" || withheld.length > 0) && (
              <li key={kind} data-kind={kind}>
                {t(`verify.legend.${kind}`)}
              </li>
            ),
        )}
      </ul>
      {withheld.length > 0 && (
        <ul class="small withheld-list" data-testid="withheld">
          {withheld.slice(0, TOLD).map((one) => (
            <li key={one.start}>
              <bdi>{`${lengthOf(one.start)} – ${lengthOf(one.end)}`}</bdi>: {whatIs(one)}
            </li>
          ))}
          {withheld.length > TOLD && <li>{tn("verify.table.rest", withheld.length - TOLD)}</li>}
        </ul>
      )}
      {outside.length > 0 && (
        <p class="small">
          {`${t("verify.stamps.outside")}: ${outside.map(({ name, time }) => `${name} ${when(time)}`).join(", ")}`}
        </p>
      )}
      <Table stretches={stretches} />
    </Part>
  );
}

const lasting = (stretches: readonly Stretch[]): string =>
  lengthOf(stretches.reduce((sum, { start, end }) => sum + end - start, 0));

/** Places are parts of the width: the picture has any, and its letters keep their size. */
function Drawn({ timeline }: { timeline: Timeline }): JSX.Element {
  const { length, stretches, arrivals, longest, stamps } = timeline;
  const part = (time: number) => `${(100 * time) / length}%`;
  const wide = (from: number, to: number) => `${Math.max((100 * (to - from)) / length, 0.25)}%`;
  const inside = stamps.flatMap(({ name, at }) => (at === null ? [] : [{ name, at }]));
  return (
    <div class="rows" aria-hidden="true">
      <span>{t("verify.row.film")}</span>
      <svg class="film" width="100%" height={FILM}>
        {stretches.map((one, at) => (
          <rect key={at} class={one.kind} x={part(one.start)} width={wide(one.start, one.end)} height={FILM} />
        ))}
      </svg>
      <span>
        {t("verify.row.arrival")}
        <br />
        {t("verify.delay.up_to", { delay: delayOf(longest) })}
      </span>
      <svg class="delay" width="100%" height={DELAY}>
        {arrivals.map((one, at) => {
          const high = Math.max(1, (DELAY * one.delay) / Math.max(longest, 1000));
          return <rect key={at} x={part(one.start)} width={wide(one.start, one.end)} y={DELAY - high} height={high} />;
        })}
      </svg>
      <span>{t("verify.row.received")}</span>
      <svg class="ticks" width="100%" height={TICKS}>
        {arrivals.map((one, at) => (
          <rect key={at} x={part(Math.min(one.received, length))} width="1" height={TICKS} />
        ))}
      </svg>
      {inside.length > 0 && <span>{t("verify.row.stamps")}</span>}
      {inside.length > 0 && (
        <svg class="stamps" width="100%" height={TICKS}>
          {inside.map(({ name, at }) => (
            <rect key={name} x={part(at)} width="3" height={TICKS} />
          ))}
        </svg>
      )}
      <span />
      <p class="ends small">
        <span>{lengthOf(0)}</span>
        <span>{lengthOf(length)}</span>
      </p>
    </div>
  );
}

function whatIs({ kind, reason }: Stretch): string {
  if (kind === "withheld") return t("verify.table.withheld", { reason: visible(reason) });
  return kind === "gap" ? t("verify.table.gap", { reason }) : t(`verify.table.${kind}`);
}

function Table({ stretches }: { stretches: readonly Stretch[] }): JSX.Element {
  const rest = stretches.length - ROWS;
  return (
    <details>
      <summary>{t("verify.table")}</summary>
      <div class="scrolls" role="group" tabIndex={0} aria-label={t("verify.table")}>
        <table>
          <thead>
            <tr>
              {(["what", "from", "to", "parts"] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`verify.table.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {stretches.slice(0, ROWS).map((one, at) => (
              <tr key={at}>
                <th scope="row">{whatIs(one)}</th>
                <td>{lengthOf(one.start)}</td>
                <td>{lengthOf(one.end)}</td>
                <td>{one.segments || ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rest > 0 && <p class="small">{tn("verify.table.rest", rest)}</p>}
    </details>
  );
}
