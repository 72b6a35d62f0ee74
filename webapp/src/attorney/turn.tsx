/** Why the next press rings for somebody else: wrap-up, a pause after misses, off shift. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ShownNumber } from "../callback/shown";
import { clockTime, dateAndTime, languageName, stateName, t } from "../i18n";
import type { Callback, Outcome, Wrapping } from "../live-contracts";
import type { Attorney } from "../keys";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";
import { NotesField } from "./notes-field";

interface TurnProps {
  desk: Desk;
  view: DeskView;
}

export function Turn({ desk, view }: TurnProps): JSX.Element | null {
  const sentence = reasonOf(view);
  useEffect(() => {
    if (sentence !== null) say(sentence);
  }, [sentence]);
  if (sentence === null) return null;
  const paused = view.paused !== null;
  const back = paused ? "turn.here" : "turn.ready";
  return (
    <section class={`turn${paused ? " loud" : ""}`} aria-label={t("turn.label")} data-testid="turn">
      <p>{sentence}</p>
      {!paused && view.wrapping !== null && <CameOf desk={desk} wrapping={view.wrapping} />}
      {!paused && view.wrapping !== null && <NotesField book={desk.notes.of(view.wrapping.encounter)} />}
      {(paused || view.wrapUp !== null) && (
        <div class="ways">
          <button type="button" class="button main" onClick={() => desk.ready()}>
            {t(back)}
          </button>
          {!paused && (
            <button type="button" class="button" onClick={() => desk.extend()}>
              {t("turn.extend")}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

const OUTCOMES: readonly Outcome[] = ["advised", "referred", "support", "not_reached", "mistake"];

/** What came of the call, for the desk's figures: nothing of what it was about. */
function CameOf({ desk, wrapping }: { desk: Desk; wrapping: Wrapping }): JSX.Element {
  const { encounter, outcome, follow_up: followUp } = wrapping;
  return (
    <fieldset class="outcome" data-testid="outcome" data-outcome={outcome ?? "none"} data-follow-up={followUp}>
      <legend>{t("outcome.title")}</legend>
      {OUTCOMES.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="outcome"
            checked={outcome === one}
            onChange={() => desk.conclude(encounter, one, followUp)}
          />
          {t(`outcome.${one}`)}
        </label>
      ))}
      <label>
        <input
          type="checkbox"
          checked={followUp}
          disabled={outcome === null}
          onChange={(event) => outcome && desk.conclude(encounter, outcome, event.currentTarget.checked)}
        />
        {t("outcome.follow_up")}
      </label>
    </fieldset>
  );
}

function reasonOf(view: DeskView): string | null {
  if (view.on !== true) return null;
  if (view.paused !== null) return t("turn.paused", { time: clockTime(view.paused) });
  if (view.wrapUp !== null) return t("turn.wrap_up", { time: clockTime(view.wrapUp) });
  return view.onShift ? null : t("turn.off_shift");
}

interface CallbacksProps extends TurnProps {
  attorney: Attorney;
}

/** Callers whom nobody answered: each with an owner and a deadline. */
export function Callbacks({ desk, view, attorney }: CallbacksProps): JSX.Element | null {
  const [destroyed, tell] = useState(false);
  const closed = (number: boolean): void => {
    tell(number);
    if (number) say(t("number.destroyed"));
  };
  if (view.callbacks.length === 0 && !destroyed) return null;
  return (
    <section class="card callbacks" aria-labelledby="callbacks-title" data-testid="callbacks">
      <h2 id="callbacks-title">{t("callback.title")}</h2>
      <p class="soft small">{t("callback.text")}</p>
      {destroyed && <Notice tone="safe">{t("number.destroyed")}</Notice>}
      <ul>
        {view.callbacks.map((one) => (
          <Owed key={one.encounter} desk={desk} owed={one} cut={view.connection !== "open"} attorney={attorney} closed={closed} />
        ))}
      </ul>
    </section>
  );
}

interface OwedProps extends Pick<CallbacksProps, "desk" | "attorney"> {
  owed: Callback;
  /** what is said now would not be heard */
  cut: boolean;
  closed(number: boolean): void;
}

function Owed({ desk, owed, cut, attorney, closed }: OwedProps): JSX.Element {
  const done = (): void => {
    // Only what was said destroys it.
    if (desk.callBack(owed.encounter, true)) closed(owed.number);
  };
  const who = owed.mine ? t("callback.mine") : (owed.owner ?? t("callback.coordinator"));
  return (
    <li>
      <p>
        <strong>
          {stateName(owed.state)} · {languageName(owed.language)}
        </strong>
        {owed.waiting && <span class="waiting"> {t("callback.waiting")}</span>}
      </p>
      <p class="soft small">{t("callback.pressed", { time: dateAndTime(owed.pressed) })}</p>
      <p class="small">{t("callback.owner", { name: who, time: clockTime(owed.deadline) })}</p>
      {owed.number && !owed.mine && <p class="small">{t("number.there.take")}</p>}
      {owed.number && owed.mine && (
        <ShownNumber
          encounter={owed.encounter}
          of={`${stateName(owed.state)} · ${languageName(owed.language)}`}
          identity={attorney.identity}
          organizationKey={desk.notes.options.organizationKey}
          now={() => desk.clock.now()}
        />
      )}
      <div class="ways">
        {!owed.mine && (
          <button type="button" class="button" disabled={cut} onClick={() => desk.callBack(owed.encounter, false)}>
            {t("callback.take")}
          </button>
        )}
        <button type="button" class="button" disabled={cut} onClick={done}>
          <Icon name="safe" />
          {t("callback.done")}
        </button>
      </div>
      {owed.number && <p class="soft small">{t("number.destroys")}</p>}
    </li>
  );
}
