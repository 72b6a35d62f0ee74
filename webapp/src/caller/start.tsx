/**
 * The screen before the press: one button, and the choices made beforehand. A press with a choice
 * missing says which, and puts the focus on it; a press before the server answered is kept.
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Leftovers, Service } from "../contracts";
import { LANGUAGES, bestOf, languageName, locales, stateName, t, tn, type Key } from "../i18n";
import { Notice, Screen, VerifyLink, unbroken } from "../ui/frame";
import { useLater } from "../ui/hooks";
import { ResumedNumberSlot } from "../callback/slot";
import { ResumedSlot } from "../people/slot";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { Hotlines } from "./hotlines";
import { watchPresses } from "./another-page";
import { ThisPhone } from "./this-phone";
import { Tools, VoiceTool } from "./tools";
import type { Ready } from "./ready";
import { takePress } from "./taken-over";
import { missingOf, readCode, type Choices, type Missing } from "./choices";

interface StartProps {
  ready: Ready;
  choices: Choices;
  choose(part: Partial<Choices>): void;
  press(): void;
  leftovers: Leftovers | null;
  /** the ways to what is beside the press */
  doors: JSX.Element;
}

/** What a code looks like; the same in every language. */
const CODE_FORM = "XXXX-XXXX";

const MISSING: Record<Missing, Key> = {
  state: "start.missing.state",
  language: "start.missing.language",
  code: "start.missing.code",
};

export function Start({ ready, choices, choose, press, leftovers, doors }: StartProps): JSX.Element {
  const [missing, miss] = useState<Missing | null>(null);
  const [eager, wait] = useState(takePress);
  // The button first: all that stands below it costs a slow phone a tenth of a second.
  const rest = useLater();
  const service = ready.is === "ready" ? ready.service : null;
  const organization = ready.is === "ready" ? (ready.organization?.name ?? null) : null;

  const begin = (): void => {
    if (service === null) return wait(true);
    const found = missingOf(choices, service);
    miss(found);
    if (found === null) return press();
    alarm(t(MISSING[found]));
    requestAnimationFrame(() => document.getElementById(`choice-${found}`)?.focus());
  };
  useEffect(() => {
    if (!eager || service === null) return;
    wait(false);
    begin();
  }, [eager, service]);
  const change = (part: Partial<Choices>): void => {
    miss(null);
    alarm("");
    choose(part);
  };

  return (
    <Screen
      demonstration={service?.demonstration === true}
      of={organization}
    >
      <main class="start">
        <div class="around">
          <h1 class="hidden-text">{t("start.title")}</h1>
          <button type="button" class="press" onClick={begin}>
            <Icon name="lawyer" />
            {t("start.button")}
          </button>
          <p class="soft">{hintOf(ready, eager)}</p>
          <p class="leftovers small soft" data-testid="leftovers" data-waiting={leftovers?.waiting}>
            <Elsewhere />
            {leftovers && <LeftoversSaid leftovers={leftovers} />}
          </p>
        </div>
        <div class="hotlines">
          <Hotlines service={service} state={choices.state} />
        </div>
        <Tools service={service}>
          <VoiceTool />
        </Tools>
        {rest && <ChoicesForm service={service} choices={choices} change={change} missing={missing} />}
        {rest && (
          <div class="foot">
            {!isSecureContext && <Notice tone="care">{t("service.insecure")}</Notice>}
            <ThisPhone />
            <ResumedSlot />
            <ResumedNumberSlot service={organization === null ? null : service} organization={organization ?? ""} />
            {doors}
            <VerifyLink />
            {organization !== null && <p class="small soft">{t("start.who", { organization })}</p>}
          </div>
        )}
      </main>
    </Screen>
  );
}

function hintOf(ready: Ready, eager: boolean): string {
  if (ready.is !== "connecting") return t("start.hint");
  if (ready.unreachable) return t("service.unreachable");
  return eager ? t("service.connecting") : t("start.hint");
}

interface ChoicesFormProps {
  service: Service | null;
  choices: Choices;
  change(part: Partial<Choices>): void;
  missing: Missing | null;
}

function ChoicesForm({ service, choices, change, missing }: ChoicesFormProps): JSX.Element {
  const states = inOrder(service?.states ?? []);
  return (
    <section class="choices" aria-label={t("start.choices")}>
      <div class="pair">
        <Choice
          name="state"
          label={t("start.state")}
          none={t("start.state.choose")}
          value={choices.state}
          options={states.map((code) => [code, stateName(code)])}
          missing={missing}
          change={change}
        />
        <Choice
          name="language"
          label={t("start.language")}
          none={t("start.language.choose")}
          value={choices.language}
          options={(service?.languages ?? []).map((tag) => [tag, languageName(tag, true)])}
          missing={missing}
          change={change}
        />
      </div>
      <Code code={choices.code} change={change} missing={missing} />
    </section>
  );
}

function inOrder(states: readonly string[]): string[] {
  if (states.length === 0) return [];
  const { compare } = new Intl.Collator(locales());
  return [...states].sort((one, other) => compare(stateName(one), stateName(other)));
}

interface ChoiceProps {
  name: "state" | "language";
  label: string;
  none: string;
  value: string;
  options: [string, string][];
  missing: Missing | null;
  change(part: Partial<Choices>): void;
}

function Choice({ name, label, none, value, options, missing, change }: ChoiceProps): JSX.Element {
  const id = `choice-${name}`;
  const wrong = missing === name;
  // Until the whole list is there, what was chosen before is shown as it is kept.
  const shown = name === "state" ? stateName(value) : (LANGUAGES[bestOf([value])]?.name ?? value);
  const kept: [string, string][] = options.length === 0 && value !== "" ? [[value, shown]] : [];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={wrong}
        aria-describedby={wrong ? `${id}-missing` : undefined}
        onChange={(event) => change({ [name]: event.currentTarget.value })}
      >
        <option value="" disabled>
          {none}
        </option>
        {[...kept, ...options].map(([code, shown]) => (
          <option key={code} value={code}>
            {shown}
          </option>
        ))}
      </select>
      <p class="missing" id={`${id}-missing`}>
        {wrong && t(MISSING[name])}
      </p>
    </div>
  );
}

interface CodeProps {
  code: string;
  change(part: Partial<Choices>): void;
  missing: Missing | null;
}

function Code({ code, change, missing }: CodeProps): JSX.Element {
  const [editing, edit] = useState(readCode(code) === null);
  const input = useRef<HTMLInputElement>(null);
  const wrong = missing === "code";
  const done = (): void => {
    const read = readCode(code);
    if (read === null) return;
    change({ code: read });
    edit(false);
  };
  useEffect(() => {
    if (missing === "code") edit(true);
  }, [missing]);
  if (!editing) {
    const again = (): void => {
      edit(true);
      requestAnimationFrame(() => input.current?.focus());
    };
    return (
      <div class="kept">
        <span class="small soft">{t("start.code.kept", { code: unbroken(code) })}</span>
        <button type="button" class="button plain small" onClick={again}>
          {t("start.code.change")}
        </button>
      </div>
    );
  }
  return (
    <div class="field">
      <label for="choice-code">{t("start.code")}</label>
      <input
        ref={input}
        id="choice-code"
        class="code"
        value={code}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        placeholder={CODE_FORM}
        maxLength={12}
        aria-invalid={wrong}
        aria-describedby={wrong ? "choice-code-missing" : undefined}
        onInput={(event) => change({ code: event.currentTarget.value })}
        onChange={done}
        onKeyDown={(event) => event.key === "Enter" && done()}
      />
      <p class="missing" id="choice-code-missing">
        {wrong && t("start.missing.code")}
      </p>
    </div>
  );
}

/** Whoever opened the app once more learns that it runs already, and may press all the same. */
function Elsewhere(): JSX.Element | null {
  const [running, count] = useState(0);
  useEffect(() => watchPresses(count), []);
  useEffect(() => void (running > 0 && say(t("again.elsewhere"))), [running > 0]);
  return running === 0 ? null : <span data-testid="elsewhere">{t("again.elsewhere")} </span>;
}

function LeftoversSaid({ leftovers }: { leftovers: Leftovers }): JSX.Element {
  const { waiting, sent, lost, stranded } = leftovers;
  const sentence = [
    waiting > 0 && tn("leftovers.waiting", waiting),
    waiting === 0 && sent > 0 && tn("leftovers.sent", sent),
    lost > 0 && tn("leftovers.lost", lost),
    stranded > 0 && tn("leftovers.stranded", stranded),
  ]
    .filter(Boolean)
    .join(" ");
  useEffect(() => say(sentence), [sentence]);
  return <>{sentence}</>;
}
