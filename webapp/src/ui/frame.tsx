/** What stands around every screen: the bar with mark and page language, notices, a way to a phone. */

import type { ComponentChildren, JSX } from "preact";
import { LANGUAGES, chooseLanguage, language, t } from "../i18n";
import { useWatched } from "./hooks";
import { Icon, type IconName } from "./icons";

export function Topbar({ of }: { of: string | null }): JSX.Element {
  return (
    <header class="topbar">
      <span class="mark">
        <Icon name="mark" />
        <span>{t("app.name")}</span>
        {of !== null && <span class="of">{of}</span>}
      </span>
      <PageLanguage />
    </header>
  );
}

function PageLanguage(): JSX.Element {
  const chosen = useWatched(language);
  return (
    <label class="tongue">
      <Icon name="tongue" />
      <span class="hidden-text">{t("page.language")}</span>
      <select value={chosen} onChange={(event) => chooseLanguage(event.currentTarget.value)}>
        {Object.entries(LANGUAGES).map(([tag, { name }]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Demonstration({ shown }: { shown: boolean }): JSX.Element | null {
  return shown ? <p class="demo">{t("demo.banner")}</p> : null;
}

type Tone = "plain" | "care" | "loud" | "safe";
const ICONS: Record<Tone, IconName> = { plain: "person", care: "care", loud: "care", safe: "safe" };

interface NoticeProps {
  tone?: Tone;
  icon?: IconName;
  children: ComponentChildren;
}

export function Notice({ tone = "plain", icon, children }: NoticeProps): JSX.Element {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={icon ?? ICONS[tone]} />
      <div>{children}</div>
    </div>
  );
}

/** The hotline: works without this page, its server or any network but the telephone's. */
export function Hotline({ number }: { number: string | null }): JSX.Element | null {
  if (number === null) return null;
  return (
    <a class="button" href={`tel:${number.replace(/[^+0-9]/g, "")}`}>
      <Icon name="phone" />
      {t("hotline.call", { number })}
    </a>
  );
}
