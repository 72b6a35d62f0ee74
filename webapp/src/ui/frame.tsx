/** What stands around every screen: the bar with mark and page language, notices, a way to a phone. */

import type { ComponentChildren, JSX } from "preact";
import { LANGUAGES, chooseLanguage, language, t } from "../i18n";
import { useLater, useWatched } from "./hooks";
import { Icon, type IconName } from "./icons";

interface ScreenProps {
  /** whether the server is a demonstration: said on every screen */
  demonstration: boolean;
  /** the organization's name, for the bar; no bar at all where it is undefined */
  of?: string | null;
  /** the screen is as high as the window and does not scroll */
  fixed?: boolean;
  /** something covers it: nothing of it can be seen or reached */
  covered?: boolean;
  children: ComponentChildren;
}

/** What every screen stands in: the bar above, the screen itself, a notice at the lower edge. */
export function Screen({ demonstration, of, fixed, covered, children }: ScreenProps): JSX.Element {
  return (
    <div class={fixed === true ? "screen fixed" : "screen"} inert={covered === true}>
      <div>{of !== undefined && <Topbar of={of} />}</div>
      {children}
      {/* Last, and held at the window's edge: known late, it moves nothing. */}
      {demonstration && <aside class="demo">{t("demo.banner")}</aside>}
    </div>
  );
}

function Topbar({ of }: { of: string | null }): JSX.Element {
  return (
    <header class="topbar">
      <span class="mark">
        <Icon name="mark" />
        <span class="of">{of ?? t("app.name")}</span>
      </span>
      <PageLanguage />
    </header>
  );
}

function PageLanguage(): JSX.Element {
  const chosen = useWatched(language);
  // The one that is chosen is what is seen; the others can wait until the page is drawn.
  const later = useLater();
  return (
    <label class="tongue">
      <Icon name="tongue" />
      <span class="hidden-text">{t("page.language")}</span>
      <select value={chosen} onChange={(event) => void chooseLanguage(event.currentTarget.value)}>
        {Object.entries(LANGUAGES)
          .filter(([tag]) => later || tag === chosen)
          .map(([tag, { name }]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
      </select>
    </label>
  );
}

/** A quiet way to the page that checks packages; beside the page that is open, which stays. */
export function VerifyLink(): JSX.Element {
  return (
    <a class="quiet" href="/verify" target="_blank" rel="noopener">
      {t("verify.link")}
    </a>
  );
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

/** A number or a code is read as one: what is narrow breaks before it, not in it, nor at its hyphen. */
export const unbroken = (number: string): string => number.replaceAll(" ", "\u00a0").replaceAll("-", "\u2060-\u2060");

/** The hotline: works without this page, its server or any network but the telephone's. */
export function Hotline({ number }: { number: string | null }): JSX.Element | null {
  if (number === null) return null;
  return (
    <a class="button" href={`tel:${number.replace(/[^+0-9]/g, "")}`}>
      <Icon name="phone" />
      {t("hotline.call", { number: unbroken(number) })}
    </a>
  );
}
