/** The steps of set-up, each on its own: what it asks, and why. Not here: their order, drill, contacts. */

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LANGUAGES, chooseLanguage, language, languageName, stateName, t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import { OwnSlot } from "../own/slot";
import { readCode } from "./choices";
import { DrillStep } from "./drill-screen";
import { SafariTab } from "./safari";
import { askPersistence } from "./readiness-facts";
import type { StepProps } from "./setup";
import { ContactsStep } from "./setup-contacts";
import type { Step } from "./setup-progress";
import { tryDevices, type Tried } from "./try-devices";

/** The language somebody reads is most often the one to speak, where a lawyer may speak it. */
const spokenOf = (tag: string): string => tag.split("-")[0] ?? tag;

function LanguageStep({ service, choices, choose, allow }: StepProps): JSX.Element {
  const chosen = useWatched(language);
  // Shown at once; the words follow when their file is there.
  const [picked, pick] = useState(chosen);
  const spoken = service?.languages ?? [];
  useEffect(() => {
    const guess = spokenOf(chosen);
    if (choices.language === "" && spoken.includes(guess)) choose({ language: guess });
    allow(choices.language !== "");
  }, [choices, chosen, service]);
  const take = (tag: string): void => {
    pick(tag);
    void chooseLanguage(tag);
    if (spoken.includes(spokenOf(tag))) choose({ language: spokenOf(tag) });
  };
  return (
    <>
      <fieldset class="tongues">
        <legend class="hidden-text">{t("page.language")}</legend>
        {Object.entries(LANGUAGES).map(([tag, { name, direction }]) => (
          <label key={tag} lang={tag} dir={direction}>
            <input type="radio" name="tongue" checked={picked === tag} onChange={() => take(tag)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label for="setup-language">{t("start.language")}</label>
        <select
          id="setup-language"
          value={choices.language}
          onChange={(event) => choose({ language: event.currentTarget.value })}
        >
          <option value="" disabled>
            {t("start.language.choose")}
          </option>
          {spoken.map((tag) => (
            <option key={tag} value={tag} lang={tag}>
              {languageName(tag, true)}
            </option>
          ))}
        </select>
      </div>
      {service === null && <p class="small soft">{t("service.connecting")}</p>}
    </>
  );
}

function StateStep({ service, choices, choose, allow }: StepProps): JSX.Element {
  useEffect(() => allow(choices.state !== ""), [choices]);
  const states = [...(service?.states ?? [])].sort((one, other) => stateName(one).localeCompare(stateName(other)));
  return (
    <>
      <p>{t("setup.state.why")}</p>
      <div class="field">
        <label for="setup-state">{t("start.state")}</label>
        <select
          id="setup-state"
          value={choices.state}
          onChange={(event) => choose({ state: event.currentTarget.value })}
        >
          <option value="" disabled>
            {t("start.state.choose")}
          </option>
          {states.map((code) => (
            <option key={code} value={code}>
              {stateName(code)}
            </option>
          ))}
        </select>
      </div>
    </>
  );
}

function OrganizationStep({ organization, choices, choose, settled }: StepProps): JSX.Element {
  const code = readCode(choices.code);
  const name = organization?.name ?? null;
  useEffect(() => settled(code !== null), [code]);
  return (
    <>
      {code !== null && name !== null && <Notice tone="safe">{t("setup.organization.with", { organization: name })}</Notice>}
      {code === null && <p>{t("setup.organization.none")}</p>}
      <div class="field">
        <label for="setup-code">{t("start.code")}</label>
        <input
          id="setup-code"
          class="code"
          value={choices.code}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          maxLength={12}
          onInput={(event) => choose({ code: event.currentTarget.value })}
          onChange={(event) => choose({ code: readCode(event.currentTarget.value) ?? event.currentTarget.value })}
        />
      </div>
      {name !== null && <p class="small soft">{t("start.who", { organization: name })}</p>}
    </>
  );
}

const TRIED: Record<Tried, Key> = {
  both: "setup.devices.both",
  sound: "setup.devices.sound",
  picture: "setup.devices.picture",
  none: "setup.devices.refused",
};

function DevicesStep({ settled }: StepProps): JSX.Element {
  const [tried, tell] = useState<Tried | "asking" | null>(null);
  const ask = async (): Promise<void> => {
    tell("asking");
    const found = await tryDevices();
    tell(found);
    say(t(TRIED[found]));
    settled(found !== "none");
    // The same tap: what is recorded may wait on this phone, and must not be cleared away meanwhile.
    void askPersistence();
  };
  return (
    <>
      <p>{t("setup.devices.why")}</p>
      {tried !== null && tried !== "asking" && (
        <Notice tone={tried === "both" ? "safe" : "care"}>{t(TRIED[tried])}</Notice>
      )}
      {tried !== null && tried !== "asking" && tried !== "both" && <SafariTab lead="setup.devices.safari" />}
      <p>
        <button
          type="button"
          class={tried === null || tried === "none" ? "button main" : "button"}
          disabled={tried === "asking"}
          onClick={() => void ask()}
        >
          <Icon name="camera" />
          {t("setup.devices.ask")}
        </button>
      </p>
      <p class="small soft">{t("setup.devices.again")}</p>
    </>
  );
}

function RecoveryStep({ organization, service, choices, settled, go }: StepProps): JSX.Element {
  useEffect(() => settled(true), []);
  const name = organization?.name ?? t("setup.recovery.organization");
  return (
    <>
      <ul class="says">
        <li>{t("setup.recovery.who", { organization: name })}</li>
        <li>{t("setup.recovery.phone")}</li>
        <li>{t("setup.recovery.reference", { organization: name })}</li>
      </ul>
      <OwnSlot
        what="KeyOfOwn"
        service={service}
        organization={organization}
        code={choices.code}
        open={() => go("mine")}
      />
    </>
  );
}

export const SCREENS: Record<Step, ComponentType<StepProps>> = {
  language: LanguageStep,
  state: StateStep,
  organization: OrganizationStep,
  devices: DevicesStep,
  contacts: ContactsStep,
  recovery: RecoveryStep,
  drill: DrillStep,
};
