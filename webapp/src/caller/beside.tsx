/**
 * The way from the press to what is beside it (set-up, readiness, rights cards, people to tell) and back. Those pages
 * come only when somebody opens them: before the press nothing may wait for them.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { keptOwn } from "../own/kept";
import { Screen } from "../ui/frame";
import { isOld, keptDrill } from "./drill-kept";
import { placeAtOpening, placeOf, type Place } from "./place";
import type { PrepareProps } from "./prepare";
import { keptProgress, stageOf, type Stage } from "./setup-progress";

/** How long until what did not come is asked for again, in ms. */
const AGAIN = 1500;

/** Which place is open; going somewhere is a step that the phone's own "back" undoes. */
export function usePlace(): [Place | null, (place: Place | null) => void] {
  const [place, show] = useState(placeAtOpening);
  useEffect(() => {
    const follow = (event: PopStateEvent): void => show(placeOf(event.state));
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = (next: Place | null): void => {
    history.pushState({ place: next }, "");
    show(next);
  };
  return [place, go];
}

const SETUP: Record<Stage, Key> = { none: "beside.setup", begun: "beside.continue", finished: "beside.ready" };

/** The ways out of the first screen: quiet, since whoever is in trouble has no time for them. */
export function Doors({ go }: { go(place: Place): void }): JSX.Element {
  const stage = stageOf(keptProgress());
  const drill = keptDrill();
  const old = stage === "finished" && (drill === null || isOld(drill, Date.now()));
  return (
    <nav class="doors" aria-label={t("beside.title")}>
      <button type="button" class="button" onClick={() => go(stage === "finished" ? "ready" : "setup")}>
        {t(old ? "beside.old" : SETUP[stage])}
      </button>
      <button type="button" class="button plain" onClick={() => go("rights")}>
        {t("beside.rights")}
      </button>
      <button type="button" class="button plain" onClick={() => go("people")}>
        {t("start.people")}
      </button>
      {keptOwn() !== null && (
        <button type="button" class="button plain" onClick={() => go("mine")}>
          {t("beside.mine")}
        </button>
      )}
    </nav>
  );
}

type Prepare = typeof import("./prepare").Prepare;

/** Shows a place once it is there; over a bad line it is asked for until it comes. */
export function Beside(props: PrepareProps): JSX.Element {
  const [Found, come] = useState<Prepare | null>(null);
  useEffect(() => {
    let over = false;
    const fetchIt = async (): Promise<void> => {
      while (!over) {
        try {
          const { Prepare, withWords } = await import("./prepare");
          await withWords();
          return come(() => Prepare);
        } catch {
          await new Promise((resolve) => setTimeout(resolve, AGAIN));
        }
      }
    };
    void fetchIt();
    return () => {
      over = true;
    };
  }, []);
  if (Found !== null) return <Found {...props} />;
  return (
    <Screen demonstration={false} of={null}>
      <main class="refusal">
        <h1>{t("service.connecting")}</h1>
        <button type="button" class="button" onClick={() => props.go(null)}>
          {t("beside.back")}
        </button>
      </main>
    </Screen>
  );
}
