/**
 * Leaving a number to be called back on: the number, whether a message may be left, when; who can read
 * it and when it is destroyed; changing it and taking it back. Not here: sealing and sending (`left`).
 */

import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { MESSAGES, WHEN_CHARACTERS, tidyNumber, tidyWhen, type Message } from "../evidence/callback-numbers";
import { dateAndTime, t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { isThere, type Left, type LeftView } from "./left";

/** Whether there is anything to show: in a demonstration there may be nobody who could open a number. */
export const worthShowing = (left: Left, { told, waits, over }: LeftView): boolean =>
  over || left.possible || waits !== null || told?.left === true;

interface NumberPanelProps {
  left: Left;
  /** its name */
  organization: string;
  /** begins with the fields, where somebody asked for them */
  open?: boolean;
}

export function NumberPanel({ left, organization, open = false }: NumberPanelProps): JSX.Element {
  const view = useWatched(left.view);
  const [writing, write] = useState(open);
  const [gone, take] = useState(false);
  const there = isThere(view);
  const said = saidOf(view, there, gone);
  useEffect(() => {
    if (said !== null) say(t(said));
  }, [said]);
  const takeBack = (): void => {
    left.takeBack();
    take(true);
  };
  const send = (number: string, message: Message, when: string): void => {
    take(false);
    write(false);
    void left.leave({ encounter: left.encounter, number, message, when });
  };
  return (
    <section class="callback-number" aria-label={t("number.title")} data-testid="callback-number" data-left={there} data-waits={view.waits ?? ""}>
      <h2>{t("number.title")}</h2>
      {said !== null && <Notice tone={view.waits === null && !view.over ? "safe" : "plain"}>{t(said)}</Notice>}
      {view.problem !== null && <Notice tone="care">{t(PROBLEMS[view.problem])}</Notice>}
      {!view.over && (there || left.possible) && <Who view={view} organization={organization} />}
      {!view.over && !there && left.possible && writing && <Form send={send} />}
      {!view.over && !there && left.possible && !writing && (
        <p class="ways">
          <button type="button" class="button main" onClick={() => write(true)}>
            <Icon name="phone" />
            {t("number.offer")}
          </button>
        </p>
      )}
      {there && !writing && (
        <p class="ways">
          {left.possible && (
            <button type="button" class="button" onClick={() => write(true)}>
              {t("number.change")}
            </button>
          )}
          <button type="button" class="button" onClick={takeBack}>
            {t("number.back")}
          </button>
        </p>
      )}
      {there && writing && left.possible && <Form send={send} keep={() => write(false)} />}
    </section>
  );
}

const PROBLEMS: Record<NonNullable<LeftView["problem"]>, Key> = {
  again: "number.again",
  many: "number.many",
  refused: "number.refused",
};

function saidOf(view: LeftView, there: boolean, gone: boolean): Key | null {
  if (view.over) return "number.over";
  if (view.waits !== null) return view.waits === "left" ? "number.waits" : "number.going";
  if (there) return "number.left";
  return gone ? "number.gone" : null;
}

/** Who can read it, and when it is destroyed: beside the fields, before a digit is typed. */
function Who({ view, organization }: { view: LeftView; organization: string }): JSX.Element {
  const until = view.told?.until ?? null;
  return (
    <div class="facts soft small">
      <p>{t("number.who", { organization })}</p>
      <p>{until === null ? t("number.until.open") : t("number.until", { time: dateAndTime(until) })}</p>
    </div>
  );
}

type Wrong = "number" | "when" | null;

interface FormProps {
  send(number: string, message: Message, when: string): void;
  /** leaves what was left as it is */
  keep?(): void;
}

function Form({ send, keep }: FormProps): JSX.Element {
  const id = useId();
  const first = useRef<HTMLInputElement>(null);
  const [wrong, blame] = useState<Wrong>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const number = tidyNumber(String(given.get("number") ?? ""));
    const when = tidyWhen(String(given.get("when") ?? ""));
    const found: Wrong = number === null ? "number" : when === null ? "when" : null;
    blame(found);
    if (number === null || when === null) {
      alarm(wrongOf(found));
      document.getElementById(`${id}-${found ?? "number"}`)?.focus();
      return;
    }
    alarm("");
    send(number, MESSAGES.find((one) => one === given.get("message")) ?? "unsaid", when);
  };
  return (
    <form class="number-form" noValidate autocomplete="off" onSubmit={submit}>
      <div class="field">
        <label for={`${id}-number`}>{t("number.field")}</label>
        <input
          ref={first}
          id={`${id}-number`}
          name="number"
          type="tel"
          inputMode="tel"
          dir="ltr"
          autocomplete="off"
          aria-invalid={wrong === "number"}
          aria-describedby={`${id}-number-wrong`}
        />
        <p class="missing" id={`${id}-number-wrong`}>
          {wrong === "number" && wrongOf(wrong)}
        </p>
      </div>
      <fieldset>
        <legend>{t("number.message")}</legend>
        {MESSAGES.map((one) => (
          <label key={one} class="choice">
            <input type="radio" name="message" value={one} defaultChecked={one === "unsaid"} />
            {t(`number.message.${one}`)}
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label for={`${id}-when`}>{t("number.when")}</label>
        <input
          id={`${id}-when`}
          name="when"
          dir="auto"
          autocomplete="off"
          aria-invalid={wrong === "when"}
          aria-describedby={`${id}-when-wrong`}
        />
        <p class="missing" id={`${id}-when-wrong`}>
          {wrong === "when" && wrongOf(wrong)}
        </p>
      </div>
      <p class="ways">
        <button type="submit" class="button main">
          <Icon name="lock" />
          {t("number.send")}
        </button>
        {keep !== undefined && (
          <button type="button" class="button plain" onClick={keep}>
            {t("number.keep")}
          </button>
        )}
      </p>
    </form>
  );
}

function wrongOf(wrong: Wrong): string {
  if (wrong === null) return "";
  return wrong === "number" ? t("number.wrong") : t("number.when.wrong", { count: WHEN_CHARACTERS });
}
