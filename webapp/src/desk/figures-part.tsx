/** How soon presses were answered, by whom, and what came of them. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { languageName, locales, stateName, t, type Key } from "../i18n";
import { fetchFigures, type Figures, type Named, type Percentiles, type Tally } from "./answers";
import { Columns } from "./columns";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";

/** A busy night has events all the time: figures are asked for no oftener than this, in ms. */
const RARELY = 2000;

const DAYS = [1, 7, 30, 90, 366];

/** A number and its sign on one line. */
const SHARES = ["50\u00a0%", "90\u00a0%", "95\u00a0%"];

/** 4200 ms as "4.2 s". */
export function seconds(milliseconds: number | null): string {
  if (milliseconds === null) return "–";
  const format = new Intl.NumberFormat(locales(), { maximumFractionDigits: 1 });
  return t("dd.seconds", { count: format.format(milliseconds / 1000) });
}

const share = (part: number, all: number): string =>
  all === 0 ? "–" : new Intl.NumberFormat(locales(), { style: "percent" }).format(part / all);

/** An hour of the day UTC as the clock here shows it. */
function localHour(name: string): string {
  const hour = new Date(`2026-01-15T${name}:00:00Z`);
  return new Intl.DateTimeFormat(locales(), { hour: "2-digit", hour12: false }).format(hour);
}

/** The newest *value*, changed no oftener than every *least* ms; the last one always comes. */
function useRarely<T>(value: T, least: number): T {
  const [shown, show] = useState({ value, at: 0 });
  useEffect(() => {
    if (Object.is(shown.value, value)) return;
    const wait = Math.max(0, shown.at + least - performance.now());
    const timer = setTimeout(() => show({ value, at: performance.now() }), wait);
    return () => clearTimeout(timer);
  }, [value, shown]);
  return shown.value;
}

export function FiguresPart({ settled }: { settled: number }): JSX.Element {
  const [days, choose] = useState(30);
  const counted = useRarely(settled, RARELY);
  const { found, failed, again } = useLoaded(() => fetchFigures(days), `${days} ${counted}`);
  return (
    <section aria-labelledby="figures-title" data-testid="figures">
      <h2 id="figures-title">{t("dd.figures")}</h2>
      <p class="soft">
        {t("dd.goal")} {t("dd.small")}
      </p>
      <div class="field days">
        <label for="days">{t("dd.days")}</label>
        <select id="days" value={days} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </div>
      {failed && <Failed again={again} />}
      {found === null && !failed && <p class="soft">{t("service.connecting")}</p>}
      {found !== null && <Shown found={found} />}
    </section>
  );
}

const OUTCOMES = ["advised", "referred", "support", "not_reached", "mistake"] as const;

function Shown({ found }: { found: Figures }): JSX.Element {
  const { all } = found;
  if (all.presses + all.taken_back === 0) {
    return (
      <>
        <p data-testid="no-figures">{t("dd.figures.none")}</p>
        <dl class="facts">
          <Fact name="dd.open" value={found.open} />
        </dl>
      </>
    );
  }
  return (
    <>
      <dl class="facts">
        <Fact name="dd.presses.count" value={all.presses} />
        <Fact name="dd.answered" value={all.answered} more={share(all.answered, all.presses)} />
        <Fact name="dd.within" value={all.within_10} seconds={10} more={share(all.within_10, all.presses)} />
        <Fact name="dd.within" value={all.within_15} seconds={15} more={share(all.within_15, all.presses)} />
        <Fact name="dd.abandoned" value={all.abandoned} more={share(all.abandoned, all.presses)} />
        <Fact name="dd.taken_back" value={all.taken_back} />
        <Fact name="dd.supported" value={all.supported} />
        <Fact name="dd.owed" value={all.promised} />
        <Fact name="dd.called_back" value={all.called_back} />
        <Fact name="dd.open" value={found.open} />
        <Fact name="dd.drops" value={all.drops} />
        <Fact name="dd.returns" value={all.returns} />
        <Fact name="dd.handed" value={all.handed} />
        <Fact name="dd.conflicts" value={all.conflicts} />
        <Fact name="dd.follow_ups" value={all.follow_ups} />
      </dl>
      <Table caption={t("dd.times")} head={["", ...SHARES]}>
        <Times name="dd.answer" times={all.answer} />
        <Times name="dd.sound" times={all.sound} />
        <Times name="dd.interpreter" times={all.interpreter} />
        <Times name="dd.lag" times={all.lag} />
      </Table>
      <h3>{t("dd.picture.days")}</h3>
      <Columns
        id="by-day"
        title={t("dd.picture.days")}
        columns={found.days.map((one) => ({ ...one, label: one.day.slice(8) }))}
      />
      <details>
        <summary>{t("dd.table", { what: t("dd.picture.days") })}</summary>
        <Tallies caption={t("dd.picture.days")} rows={found.days.map((one) => ({ ...one, name: one.day }))} />
      </details>
      <h3>{t("dd.by.hour")}</h3>
      <Columns
        id="by-hour"
        title={t("dd.by.hour")}
        columns={found.hour.map((one) => ({ ...one, label: localHour(one.name) }))}
      />
      <details>
        <summary>{t("dd.table", { what: t("dd.by.hour") })}</summary>
        <Tallies caption={t("dd.by.hour")} rows={found.hour} name={localHour} />
      </details>
      <Tallies caption={t("dd.by.state")} rows={found.state} name={stateName} />
      <Tallies caption={t("dd.by.language")} rows={found.language} name={(tag) => languageName(tag)} />
      <Tallies
        caption={t("dd.by.channel")}
        rows={found.channel}
        name={(name) => t(name === "console" ? "dd.channel.console" : "dd.channel.own")}
      />
      <Table caption={t("dd.outcomes")} head={["", t("dd.presses.count")]}>
        {OUTCOMES.map((one) => (
          <tr key={one} data-row={one}>
            <th scope="row">{t(`dd.outcome.${one}`)}</th>
            <td>{all[one]}</td>
          </tr>
        ))}
      </Table>
      <Table caption={t("dd.by.people")} head={["", t("dd.answered")]}>
        {found.people.map((one) => (
          <tr key={one.name}>
            <th scope="row">{one.name}</th>
            <td>{one.answered}</td>
          </tr>
        ))}
      </Table>
      <p class="soft small">{t("dd.kept")}</p>
    </>
  );
}

interface FactProps {
  name: Key;
  value: number;
  seconds?: number;
  more?: string;
}

function Fact({ name, value, seconds, more }: FactProps): JSX.Element {
  return (
    <div data-fact={seconds === undefined ? name : `${name} ${seconds}`}>
      <dt>{t(name, seconds === undefined ? {} : { seconds })}</dt>
      <dd>
        <span class="value">{value}</span>
        {more !== undefined && <span class="soft small"> {more}</span>}
      </dd>
    </div>
  );
}

function Times({ name, times }: { name: Key; times: Percentiles }): JSX.Element {
  return (
    <tr data-times={name}>
      <th scope="row">{t(name)}</th>
      <td>{seconds(times.p50)}</td>
      <td>{seconds(times.p90)}</td>
      <td>{seconds(times.p95)}</td>
    </tr>
  );
}

interface TalliesProps {
  caption: string;
  rows: readonly (Tally & Pick<Named, "name">)[];
  name?: (name: string) => string;
}

function Tallies({ caption, rows, name = (same) => same }: TalliesProps): JSX.Element {
  const head = ["", t("dd.presses.count"), t("dd.answered"), t("dd.within", { seconds: 10 }), t("dd.abandoned"), ...SHARES];
  return (
    <Table caption={caption} head={head}>
      {rows.map((one) => (
        <tr key={one.name} data-row={one.name}>
          <th scope="row">{name(one.name)}</th>
          <td>{one.presses}</td>
          <td>{one.answered}</td>
          <td>
            {one.within_10} <span class="soft">{share(one.within_10, one.presses)}</span>
          </td>
          <td>{one.abandoned}</td>
          <td>{seconds(one.answer.p50)}</td>
          <td>{seconds(one.answer.p90)}</td>
          <td>{seconds(one.answer.p95)}</td>
        </tr>
      ))}
    </Table>
  );
}

interface TableProps {
  caption: string;
  head: readonly string[];
  children: ComponentChildren;
}

export function Table({ caption, head, children }: TableProps): JSX.Element {
  return (
    <div class="wide" tabIndex={0} role="group" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {head.map((one, at) => (one === "" ? <td key={at} /> : <th key={at} scope="col">{one}</th>))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
