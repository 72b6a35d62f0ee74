/** Somebody leaves, or comes again with new keys: what ends, what stays, what they could open; then it is done. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { dateAndTime, stateName, t, tn, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { alarm, say } from "../ui/say";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";
import { fetchHeld, reinvite, removeMember, unproved, type Held, type Link } from "./members";

interface LeavingProps {
  person: string;
  /** to remove somebody, to invite them again, or to look at somebody who left */
  why: "leaving" | "again" | "past";
  link(link: Link): void;
  back(): void;
}

const AGAIN_DAYS = 7;

export function Leaving({ person, why, link, back }: LeavingProps): JSX.Element {
  const { found, failed, again, change } = useLoaded(() => fetchHeld(person), person);
  if (found === null) return failed ? <Failed again={again} /> : <p class="soft">{t("service.connecting")}</p>;
  return <One held={found} why={why} change={change} link={link} back={back} />;
}

interface OneProps {
  held: Held;
  why: LeavingProps["why"];
  change(change: () => Promise<Held>): Promise<Held>;
  link(link: Link): void;
  back(): void;
}

function One({ held, why, change, link, back }: OneProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [failed, fail] = useState<Key | null>(null);
  const [busy, work] = useState(false);
  const [lost, lose] = useState<Date | null>(null);
  const { name, person } = held;
  const gone = held.removed !== null;
  const act = async (): Promise<void> => {
    work(true);
    try {
      if (why === "again") return link(await reinvite(held, AGAIN_DAYS, lost));
      await change(async () => {
        await removeMember(person, lost);
        return await fetchHeld(person);
      });
      fail(null);
      say(t("team.leave.done", { name }));
    } catch (error) {
      fail(unproved(error) ? "team.fresh" : "dd.failed");
      alarm(t(unproved(error) ? "team.fresh" : "dd.failed"));
    } finally {
      work(false);
    }
  };
  const title = why === "again" ? t("team.again.title", { name }) : t("team.leave.title", { name });
  return (
    <section class="leaving" aria-labelledby="leaving-title" data-testid="leaving" data-gone={gone}>
      <h2 id="leaving-title" ref={heading} tabIndex={-1}>
        {gone ? t("team.leave.done", { name }) : title}
      </h2>
      {why === "again" && <p>{t("team.again.lead", { name })}</p>}
      {held.checked !== null && (
        <p class="soft small">
          {t("team.checked", {
            time: dateAndTime(held.checked.time),
            name: held.checked.by,
            where: held.checked.where,
          })}
        </p>
      )}
      {gone ? <Ended held={held} /> : <Ends held={held} />}
      <h3>{t("team.stays")}</h3>
      <ul class="plain">
        <li>{t("team.stays.seen")}</li>
        {held.card && <li>{t("team.stays.card")}</li>}
      </ul>
      <Cases held={held} />
      {!gone && held.card && <Lost since={lost} set={lose} />}
      {failed !== null && <Notice tone="loud">{t(failed)}</Notice>}
      <p class="row">
        {!gone && (
          <button type="button" class="button main" disabled={busy} onClick={() => void act()}>
            {why === "again" ? t("team.again.do") : t("team.leave.do", { name })}
          </button>
        )}
        <button type="button" class="button" onClick={back}>
          {t(gone ? "team.back" : "team.leave.cancel")}
        </button>
      </p>
    </section>
  );
}

function Ends({ held }: { held: Held }): JSX.Element {
  return (
    <>
      <h3>{t("team.ends")}</h3>
      <ul class="plain" data-testid="ends">
        <li>{t("team.ends.sessions")}</li>
        {(held.passkeys > 0 || held.sheet) && <li>{t("team.ends.ways")}</li>}
        {held.card && <li>{t("team.ends.card")}</li>}
        {held.channels > 0 && <li>{tn("team.ends.channels", held.channels)}</li>}
        {held.shifts > 0 && <li>{tn("team.ends.shifts", held.shifts)}</li>}
      </ul>
    </>
  );
}

function Ended({ held }: { held: Held }): JSX.Element {
  return (
    <Notice tone="plain">
      <p>{t("team.done.sessions")}</p>
      {held.revoked && <p>{t("team.done.card")}</p>}
    </Notice>
  );
}

/** Whether others may have the keys of the card that ends: then nothing it signed counts from then on. */
function Lost({ since, set }: { since: Date | null; set(since: Date | null): void }): JSX.Element {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={since !== null}
          onChange={({ currentTarget }) => set(currentTarget.checked ? new Date() : null)}
        />{" "}
        {t("team.lost")}
      </label>
      {since !== null && (
        <div class="field">
          <label for="lost-since">{t("team.lost.since")}</label>
          <input
            id="lost-since"
            type="datetime-local"
            value={localMinute(since)}
            max={localMinute(new Date())}
            aria-describedby="lost-means"
            onChange={({ currentTarget }) => set(earlier(currentTarget.value))}
          />
          <p id="lost-means" class="soft small">
            {t("team.lost.means")}
          </p>
        </div>
      )}
    </>
  );
}

/** Returns a time as the browser's field writes it: local, to the minute. */
const localMinute = (time: Date): string =>
  new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** Returns what was chosen, but now where it is none, or still to come. */
function earlier(chosen: string): Date {
  const time = new Date(chosen);
  return time.getTime() <= Date.now() ? time : new Date();
}

/** Listed, since a card's keys open what was granted to it wherever a copy lies. */
function Cases({ held }: { held: Held }): JSX.Element {
  const { name, cases } = held;
  if (cases.length === 0) return <p class="soft">{t("team.cases.none", { name })}</p>;
  return (
    <>
      <h3>{tn("team.cases", cases.length, { name })}</h3>
      <ul class="plain" data-testid="could-open">
        {cases.map(({ state, pressed, recordings }, at) => (
          <li key={at}>
            {stateName(state)} · {dateAndTime(pressed)}
            <span class="soft small"> · {tn("team.case.recordings", recordings)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
