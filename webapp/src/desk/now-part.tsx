/** What goes on now: presses with their age, callbacks that are owed, who is on duty. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { BoardCallback, BoardPerson, BoardPress } from "../live-contracts";
import { clockTime, dateAndTime, duration, languageName, listOf, stateName, t, type Key } from "../i18n";
import { DeskNumber, type Unlocked } from "../callback/desk-number";
import { Notice } from "../ui/frame";
import { useNow, useWatched } from "../ui/hooks";
import { say } from "../ui/say";
import type { Watch } from "./watch";

export function NowPart({ watch }: { watch: Watch }): JSX.Element {
  // In this page's memory while this part is shown, and no longer.
  const [keys, unlock] = useState<Unlocked | null>(null);
  const { board, connection } = useWatched(watch.view);
  const now = useNow(() => watch.clock.now(), 1000);
  if (board === null) return <p class="soft">{t("service.connecting")}</p>;
  return (
    <>
      {board.surge && <Notice tone="care">{t("dd.surge")}</Notice>}
      <section aria-labelledby="presses-title" data-testid="presses">
        <h2 id="presses-title">{t("dd.presses")}</h2>
        {board.presses.length === 0 && <p class="soft">{t("dd.presses.none")}</p>}
        <ul class="cards">
          {board.presses.map((one) => (
            <Press key={one.encounter} press={one} now={now} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="callbacks-title" data-testid="callbacks">
        <h2 id="callbacks-title">{t("dd.callbacks")}</h2>
        {board.callbacks.length === 0 && <p class="soft">{t("dd.callbacks.none")}</p>}
        <ul class="cards">
          {board.callbacks.map((one) => (
            <Callback key={one.encounter} callback={one} now={now} watch={watch} cut={connection !== "open"}>
              {(of) => (
                <DeskNumber
                  encounter={one.encounter}
                  of={of}
                  owner={one.owner}
                  keys={keys}
                  unlock={unlock}
                  now={() => watch.clock.now()}
                />
              )}
            </Callback>
          ))}
        </ul>
      </section>
      {board.keys.length > 0 && (
        <section aria-labelledby="keys-title" data-testid="keys">
          <h2 id="keys-title">{t("dd.keys")}</h2>
          <p class="soft small">{t("dd.keys.text")}</p>
          <ul class="cards">
            {board.keys.map((one) => (
              <li key={`${one.encounter} ${one.by}`} class="card" data-encounter={one.encounter}>
                <h3>
                  {stateName(one.state)} · {languageName(one.language)}
                </h3>
                <p class="late">{t("dd.keys.owed", { by: one.by, to: one.to })}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="people-title" data-testid="people">
        <h2 id="people-title">{t("dd.people")}</h2>
        {board.people.length === 0 && <p class="soft">{t("dd.people.none")}</p>}
        <ul class="cards">
          {board.people.map((one, at) => (
            <Person key={`${one.name} ${at}`} person={one} />
          ))}
        </ul>
      </section>
      {board.silent.length > 0 && (
        <section aria-labelledby="silent-title" data-testid="silent">
          <h2 id="silent-title">{t("dd.silent")}</h2>
          <ul class="cards">
            {board.silent.map((one, at) => (
              <li class="card" key={`${one.name} ${at}`}>
                <h3>{one.name}</h3>
                <p class="soft small">{roleName(one.role)}</p>
                <p class="late small">{t("dd.channels", { working: one.channels - one.failing, all: one.channels })}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
      {board.webhooks > 0 && <p class="soft small">{t("dd.hooks.waiting", { count: board.webhooks })}</p>}
    </>
  );
}

const age = (since: string, now: number): string => duration((now - Date.parse(since)) / 1000);

function stageOf({ stage, attorney, rung }: BoardPress): string {
  if (stage === "answered") return t("dd.stage.answered", { name: attorney ?? "" });
  return stage === "ringing" ? t("dd.stage.ringing", { count: rung }) : t("dd.stage.unanswered");
}

function Press({ press, now }: { press: BoardPress; now: number }): JSX.Element {
  const { stage, answered, heard, here, callback_due } = press;
  return (
    <li class="card" data-stage={stage} data-encounter={press.encounter} data-owed={callback_due !== null}>
      <h3>
        {stateName(press.state)} · {languageName(press.language)}
      </h3>
      <p class="stage">{stageOf(press)}</p>
      <p class="soft small">
        {t("dd.since", { age: age(answered ?? press.pressed, now), time: clockTime(press.pressed) })}
      </p>
      {press.support !== null && <p class="label small">{t("dd.support", { name: press.support })}</p>}
      <p class="soft small">
        {heard === null ? t("dd.heard.none") : t("dd.heard", { age: age(heard, now) })}
        {!here && ` ${t("dd.away")}`}
      </p>
    </li>
  );
}

/** Beyond this a time of day alone says too little, in ms. */
const HALF_A_DAY = 12 * 3_600_000;

interface CallbackProps {
  callback: BoardCallback;
  now: number;
  watch: Watch;
  /** what is said now would not be heard */
  cut: boolean;
  /** the number that was left */
  children(of: string): JSX.Element;
}

function Callback({ callback, now, watch, cut, children }: CallbackProps): JSX.Element {
  const [destroyed, tell] = useState(false);
  const { encounter, done, deadline, owner, number } = callback;
  const act = (what: "done" | "undone" | "mine"): void => {
    watch.owed(encounter, what);
    if (what !== "done" || !number) return;
    tell(true);
    say(t("number.destroyed"));
  };
  const late = done === null && Date.parse(deadline) < now;
  const told = (time: string): string => (Math.abs(Date.parse(time) - now) < HALF_A_DAY ? clockTime : dateAndTime)(time);
  const open = late ? "dd.callbacks.late" : "dd.callbacks.due";
  const when = done === null ? t(open, { time: told(deadline) }) : t("dd.callbacks.done_at", { time: told(done) });
  const name = `${stateName(callback.state)} · ${languageName(callback.language)}`;
  const button = (what: "done" | "undone" | "mine", words: Key): JSX.Element => (
    <button
      type="button"
      class="button"
      aria-label={`${t(words)}: ${name}`}
      disabled={cut}
      onClick={() => act(what)}
    >
      {t(words)}
    </button>
  );
  return (
    <li class="card" data-late={late} data-done={done !== null} data-encounter={encounter}>
      <h3>{name}</h3>
      <p class={late ? "late" : ""}>{when}</p>
      <p class="soft small">
        {owner === null ? t("dd.callbacks.nobody") : t("dd.callbacks.owner", { name: owner })}
        {callback.waiting && ` · ${t("dd.callbacks.waiting")}`}
      </p>
      {done === null && number && children(name)}
      {destroyed && !number && <Notice tone="safe">{t("number.destroyed")}</Notice>}
      {done === null && number && <p class="soft small">{t("number.destroys")}</p>}
      <p class="row">
        {done === null && button("mine", "dd.callbacks.mine")}
        {done === null ? button("done", "dd.callbacks.done") : button("undone", "dd.callbacks.undo")}
      </p>
    </li>
  );
}

const DOING: Readonly<Record<string, Key>> = {
  free: "dd.doing.free",
  rung: "dd.doing.rung",
  in_call: "dd.doing.in_call",
  briefing: "dd.doing.briefing",
  wrap_up: "dd.doing.wrap_up",
  paused: "dd.doing.paused",
  off_shift: "dd.doing.off_shift",
};
const ROLES: Readonly<Record<string, Key>> = {
  attorney: "dd.role.attorney",
  interpreter: "dd.role.interpreter",
  responder: "dd.role.responder",
  coordinator: "dd.role.coordinator",
};

export function roleName(role: string): string {
  const words = ROLES[role];
  return words === undefined ? role : t(words);
}

function Person({ person }: { person: BoardPerson }): JSX.Element {
  const { doing, until } = person;
  const words = DOING[doing];
  return (
    <li class="card" data-doing={doing} data-role={person.role}>
      <h3>{person.name}</h3>
      <p class="stage">
        {words === undefined ? doing : t(words)}
        {until !== null && ` · ${t("dd.until", { time: clockTime(until) })}`}
      </p>
      <p class={person.role === "responder" ? "label small" : "soft small"}>
        {roleName(person.role)}
        {person.partner !== "" && ` · ${t("dd.partner", { name: person.partner })}`}
      </p>
      <p class="soft small">
        {[person.states, person.languages.map((tag) => languageName(tag))]
          .filter((some) => some.length > 0)
          .map(listOf)
          .join(" · ")}
      </p>
      {!person.console && (
        <p class={person.on_call ? "soft small" : "late small"}>
          {t(person.on_call ? "dd.on_call" : "dd.console.gone")}
        </p>
      )}
      {person.channels > 0 && (
        <p class={person.failing > 0 ? "late small" : "soft small"}>
          {t("dd.channels", { working: person.channels - person.failing, all: person.channels })}
        </p>
      )}
    </li>
  );
}
