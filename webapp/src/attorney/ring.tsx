/** A ring, seen across a room: where, in which language, for how long; "Answer" has the focus. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Ring } from "../contracts";
import { duration, languageName, stateName, t, tn } from "../i18n";
import { useNow } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import type { Desk } from "./desk";

interface RingScreenProps {
  desk: Desk;
  ring: Ring;
  more: number;
}

export function RingScreen({ desk, ring, more }: RingScreenProps): JSX.Element {
  const now = useNow(() => desk.clock.now());
  const state = stateName(ring.state);
  const language = languageName(ring.language);
  const before = useRef<Element | null>(null);
  const answer = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    before.current = document.activeElement;
    answer.current?.focus();
    alarm(`${t("ring.title")}: ${state}, ${language}`);
    return () => {
      alarm("");
      if (before.current instanceof HTMLElement) before.current.focus();
    };
  }, []);
  useBlinkingTitle(t("ring.tab", { state, language }));
  const waited = Math.max(0, (now - Date.parse(ring.pressed)) / 1000);
  return (
    <div
      class="ring"
      role="alertdialog"
      aria-modal="true"
      aria-labelledby="ring-title"
      aria-describedby="ring-reason"
      data-testid="ring"
      data-encounter={ring.encounter}
    >
      <div class="reason">
        <h2 id="ring-title">{t("ring.title")}</h2>
        <div id="ring-reason">
          <p class="place">{state}</p>
          <p class="tongue-spoken">{language}</p>
        </div>
        <p class="waited">
          {t("ring.waiting", { time: duration(waited) })}
          {more > 0 && ` · ${tn("ring.more", more)}`}
        </p>
      </div>
      <div class="ways">
        <button
          ref={answer}
          type="button"
          class="button answer"
          onClick={() => void desk.answer(ring.encounter)}
        >
          <Icon name="phone" />
          {t("ring.answer")}
        </button>
        <button type="button" class="button" onClick={() => desk.decline(ring.encounter)}>
          {t("ring.decline")}
        </button>
      </div>
    </div>
  );
}

/** The tab's title changes once a second, so that a ring is seen in a row of tabs. */
function useBlinkingTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    let shown = false;
    const blink = (): void => {
      shown = !shown;
      document.title = shown ? `● ${title}` : title;
    };
    blink();
    const timer = setInterval(blink, 1000);
    return () => {
      clearInterval(timer);
      document.title = before;
    };
  }, [title]);
}
