/** A briefing on the page: the offer to speak to all who wait, and what is there while it lasts. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t, tn } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { useCut, useFocus, useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";

interface BriefProps {
  desk: Desk;
  view: DeskView;
}

/** In a surge: one may speak to all who wait long, instead of answering one of them. */
export function MayBrief({ desk, view }: BriefProps): JSX.Element | null {
  if (view.toBrief === 0) return null;
  return (
    <div class="may-brief" data-testid="may-brief">
      <button type="button" class="button" onClick={() => desk.brief(true)}>
        <Icon name="sound" />
        {tn("brief.begin", view.toBrief)}
      </button>
      <p class="small">{t("brief.about")}</p>
    </div>
  );
}

export function Speak({ desk, view, demonstration }: BriefProps & { demonstration: boolean }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const { stream, muted, ready } = useWatched(desk.media.view);
  const cut = useCut(view.connection);
  const { to, heard } = view.briefing;
  const sentence = t("brief.heard", { heard, to });
  useEffect(() => say(sentence), [sentence]);
  return (
    <Screen demonstration={demonstration} fixed>
      <main class="talk interpret" data-testid="briefing" data-to={to} data-heard={heard}>
        <header class="about">
          <h1 ref={heading} tabIndex={-1}>
            {t("brief.title")}
          </h1>
          <p class="soft small">{t(cut ? "desk.waiting" : "brief.rule")}</p>
        </header>
        <div class="troubles">{ready === "chat" && <Notice tone="loud">{t("brief.voiceless")}</Notice>}</div>
        <section class="stage whole" data-testid="stage">
          <div class="words">
            <span class="person">
              <Icon name={muted ? "voiceless" : "sound"} />
            </span>
            <p class="sentence">{sentence}</p>
          </div>
        </section>
        <div class="tools">
          {stream !== null && (
            <button type="button" class="button" onClick={() => desk.media.mute(!muted)}>
              <Icon name={muted ? "voiceless" : "voice"} />
              {t(muted ? "desk.call.unmute" : "desk.call.mute")}
            </button>
          )}
          <button type="button" class="button ink" onClick={() => desk.brief(false)}>
            {t("brief.end")}
          </button>
        </div>
      </main>
    </Screen>
  );
}
