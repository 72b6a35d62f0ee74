/** A ring, seen across a room: where, in which language, for how long; "Answer" has the focus. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Ring } from "../live-contracts";
import { duration, languageName, stateName, t, tn } from "../i18n";
import { drawByFrames } from "../ui/drawing";
import { useNow } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import { MayBrief } from "./brief";
import { CheckReminder } from "./conflict-check";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";
import { Conflict } from "./hand";

interface RingScreenProps {
  desk: Desk;
  view: DeskView;
  /** the first of its rings */
  ring: Ring;
}

export function RingScreen({ desk, view, ring }: RingScreenProps): JSX.Element {
  const more = view.rings.length - 1;
  const now = useNow(() => desk.clock.now());
  const state = stateName(ring.state);
  const language = languageName(ring.language);
  const kind = t(ring.guest ? "ring.guest" : "ring.enrolled");
  const beside = ring.seat === "interpreter";
  const third = ring.support ? "support.ring" : "third.ring";
  const title = ring.seat === "colleague" ? t("hand.ring", { name: ring.by ?? "" }) : t(beside ? third : "ring.title");
  const answerIt = (): void => {
    if (beside) desk.join(ring.encounter);
    else void (ring.seat === "colleague" ? desk.take(ring) : desk.answer(ring.encounter));
    drawByFrames();
  };
  const before = useRef<Element | null>(null);
  const answer = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    before.current = document.activeElement;
    answer.current?.focus();
    alarm(`${title}: ${state}, ${language}, ${kind}`);
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
        <h2 id="ring-title">{title}</h2>
        <div id="ring-reason">
          <p class="place">{state}</p>
          <p class="tongue-spoken">{language}</p>
          <p data-testid="caller-is" data-guest={ring.guest}>
            {kind}
          </p>
          {ring.support && <p class="rule">{t("support.rule")}</p>}
        </div>
        <p class="waited">
          {ring.over ? t("hand.ring.over") : t("ring.waiting", { time: duration(waited) })}
          {more > 0 && ` · ${tn("ring.more", more)}`}
        </p>
        {!beside && <CheckReminder names={desk.names} />}
      </div>
      <div class="ways">
        <button
          ref={answer}
          type="button"
          class="button answer"
          onClick={answerIt}
        >
          <Icon name="phone" />
          {t("ring.answer")}
        </button>
        <button type="button" class="button" onClick={() => desk.decline(ring.encounter)}>
          {t("ring.decline")}
        </button>
        {!beside && <Conflict desk={desk} encounter={ring.encounter} />}
        {!beside && <MayBrief desk={desk} view={view} />}
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
