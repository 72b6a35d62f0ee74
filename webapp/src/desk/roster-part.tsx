/** The roster: who is in it; a file is looked at before it is taken over, and that can be undone. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { dateOf, languageName, listOf, t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { calendarPath, fetchRoster, filePath, takeRoster, tryRoster, undoRoster, type Changes, type Roster } from "./answers";
import { whyRefused } from "./faults";
import { Table } from "./figures-part";
import { useLoaded } from "../ui/loaded";
import { oneAtATime } from "../ui/one";
import { Failed } from "./loaded";
import { roleName } from "./now-part";

const SAID = { "/problems/forbidden": "dd.roster.meanwhile", "/problems/unknown": "dd.roster.no_undo" } as const;

interface Tried {
  text: string;
  changes: Changes;
}

export function RosterPart(): JSX.Element {
  const { found, failed, again, change } = useLoaded(fetchRoster, 0);
  const [tried, look] = useState<Tried | null>(null);
  const [wrong, refuse] = useState<unknown>(null);
  const turn = useRef(0);
  const [once] = useState(oneAtATime);
  /** Of what overlaps, the one that was begun last is shown. */
  const act = async (doing: () => Promise<Tried | null>): Promise<void> => {
    const mine = ++turn.current;
    try {
      refuse(null);
      const next = await doing();
      if (mine === turn.current) look(next);
    } catch (error) {
      if (mine === turn.current) refuse(error);
    }
  };
  if (found === null) return failed ? <Failed again={again} /> : <p class="soft">{t("service.connecting")}</p>;
  const choose = async (file: File): Promise<Tried> => {
    look(null);
    const text = await file.text();
    return { text, changes: await tryRoster(text, found.number) };
  };
  const replace = async (how: () => Promise<Roster>): Promise<null> => {
    await change(how);
    return null;
  };
  return (
    <section aria-labelledby="roster-title" data-testid="roster">
      <h2 id="roster-title">{t("dd.roster")}</h2>
      <div class="row">
        <label class="button main file">
          {t("dd.roster.choose")}
          <input
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              event.currentTarget.value = "";
              if (file !== undefined) void act(() => choose(file));
            }}
          />
        </label>
        <a class="button" href={filePath("roster", 30)} download>
          {t("dd.roster.export")}
        </a>
        {found.undo && (
          <button
            type="button"
            class="button"
            onClick={() => void once(() => act(() => replace(() => undoRoster(found.number))))}
          >
            {t("dd.roster.undo")}
          </button>
        )}
      </div>
      {wrong !== null && (
        <div role="alert">
          <Notice tone="care">
            <p>{t("dd.roster.wrong")}</p>
            <ul class="plain faults">
              {whyRefused(wrong, (code) => `dd.fault.${code}` as Key, SAID).map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
      {tried !== null && (
        <Preview changes={tried.changes} take={() => void once(() => act(() => replace(() => takeRoster(tried.text, found.number))))} leave={() => look(null)} />
      )}
      <People found={found} />
    </section>
  );
}

interface PreviewProps {
  changes: Changes;
  take(): void;
  leave(): void;
}

function Preview({ changes, take, leave }: PreviewProps): JSX.Element {
  const { added, removed, changed, rules_added, rules_removed } = changes;
  const names = (words: Key, who: readonly string[]): JSX.Element | null =>
    who.length === 0 ? null : <li>{t(words, { names: listOf(who) })}</li>;
  const same = added.length + removed.length + changed.length + rules_added + rules_removed === 0;
  return (
    <section class="card" aria-labelledby="look-title" data-testid="preview">
      <h3 id="look-title">{t("dd.roster.look")}</h3>
      {same ? (
        <p>{t("dd.roster.same")}</p>
      ) : (
        <ul class="plain">
          {names("dd.roster.added", added)}
          {names("dd.roster.removed", removed)}
          {names("dd.roster.changed", changed)}
          <li>{t("dd.roster.rules", { added: rules_added, removed: rules_removed })}</li>
          <li>{t("dd.roster.bare", { before: changes.bare_before, after: changes.bare_after })}</li>
        </ul>
      )}
      <p class="row">
        {!same && (
          <button type="button" class="button main" onClick={take}>
            {t("dd.roster.take")}
          </button>
        )}
        <button type="button" class="button" onClick={leave}>
          {t("dd.roster.leave")}
        </button>
      </p>
    </section>
  );
}

function People({ found }: { found: Roster }): JSX.Element {
  if (found.people.length === 0) return <p class="soft">{t("dd.coverage.none")}</p>;
  const head = ["", t("dd.roster.role"), t("dd.roster.languages"), t("dd.roster.areas"), t("dd.roster.licenses"), t("dd.roster.zone"), t("dd.roster.calendar")];
  return (
    <Table caption={t("dd.roster.people")} head={head}>
      {found.people.map((one, at) => (
        <tr key={at}>
          <th scope="row">
            {one.name}
            {one.partner !== "" && <span class="soft small"> {t("dd.partner", { name: one.partner })}</span>}
          </th>
          <td class="said">
            {roleName(one.role)}
            {one.volunteer && ` · ${t("dd.roster.volunteer")}`}
          </td>
          <td class="said">{listOf(one.languages.map((tag) => languageName(tag)))}</td>
          <td>{listOf(one.areas)}</td>
          <td class="said">{listOf(one.licenses.map(({ state, checked }) => t("dd.roster.license", { state, date: dateOf(checked) })))}</td>
          <td>{one.zone}</td>
          <td>
            <a class="button plain" href={calendarPath(one.person)} download aria-label={`${t("dd.roster.calendar")}: ${one.name}`}>
              {t("dd.roster.calendar")}
            </a>
          </td>
        </tr>
      ))}
    </Table>
  );
}
