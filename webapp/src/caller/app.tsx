/**
 * The caller's page: which screen is shown. Before the press it fetches what there is to know of the
 * server, or takes what it kept of it; once idle it loads the kit, checks whose server it is, and
 * sends what an earlier life of this page left behind.
 */

import type { JSX } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Leftovers, Service } from "../contracts";
import { language, t } from "../i18n";
import { ServerClock } from "../live";
import { fetchServiceForEver } from "../service";
import { useLanguage, useWatched } from "../ui/hooks";
import { Screen } from "../ui/frame";
import { silent } from "../ui/modes";
import { Said, alarm } from "../ui/say";
import { Flash } from "../ui/signals";
import { loadPack } from "../ui/voice-pack";
import { CALLER, loadFile } from "../i18n/files";
import { Beside, Doors, usePlace } from "./beside";
import { beginChoices, keepChoices, missingOf, type Choices } from "./choices";
import { Encounter } from "./encounter";
import { type Kit, kitArrived, loadKit, loadPressed, type PressedModule, whenIdle } from "./kit-loader";
import { NotTrusted } from "./not-trusted";
import { keepService, keptService } from "./kept-service";
import { keepOffline } from "./offline";
import { namesPinned } from "./pin";
import { hear, type News, type Ready } from "./ready";
import { Start } from "./start";
import { takePress } from "./taken-over";

const clock = new ServerClock();

export function App(): JSX.Element {
  const tongue = useLanguage();
  const quiet = useWatched(silent);
  const [ready, tell] = useReducer<Ready, News, undefined>(hear, undefined, beginReady);
  const [choices, setChoices] = useState<Choices>(() => beginChoices(location.hash));
  const [encounter, enter] = useState(() => pressedEarly(ready, choices));
  const [place, go] = usePlace();
  const leftovers = useKit(ready, encounter, tell);
  const busy = useRef(false);
  busy.current = encounter !== null;
  useEffect(() => void prepare(tell), []);
  useEffect(() => void loadPressed(), []);
  // After the kit, so that the line is free for it.
  useEffect(() => void kitArrived.then(() => keepAll(() => busy.current)), []);
  // Once it was checked its key is pinned, at a first visit too.
  useEffect(() => {
    if (ready.is === "ready" && ready.organization !== null) keepService(ready.service);
  }, [ready]);
  // Only of a server whose note was checked. An encounter that begins meanwhile has the phone to itself.
  useEffect(() => {
    if (ready.is !== "ready" || ready.organization === null) return;
    const { service } = ready;
    whenIdle(async () => {
      const kit = await loadKit();
      if (!busy.current) await kit.keepFirstFrame(service, choices);
    });
  }, [ready, choices.state, tongue, quiet]);
  useEffect(() => followLink(setChoices), []);
  useEffect(() => void (document.title = `${t("start.title")} · ${t("app.name")}`));

  const chosen = useRef(choices);
  chosen.current = choices;
  // Onto what is chosen by then: two choices may come before the page is drawn again. And kept at once: it may
  // be gone before the next frame.
  const choose = (part: Partial<Choices>): void => {
    chosen.current = { ...chosen.current, ...part };
    keepChoices(chosen.current);
    setChoices(chosen.current);
  };
  const press = (): void => {
    if (ready.is === "ready") enter(new Encounter(ready.service, choices, clock));
  };
  return (
    <>
      <Said />
      <Flash />
      {ready.is === "refused" && <NotTrusted why={ready.why} />}
      {ready.is !== "refused" && encounter === null && place !== null && (
        <Beside
          place={place}
          go={go}
          service={ready.is === "ready" ? ready.service : null}
          organization={ready.is === "ready" ? ready.organization : null}
          choices={choices}
          choose={choose}
        />
      )}
      {ready.is !== "refused" && encounter === null && place === null && (
        <Start
          ready={ready}
          choices={choices}
          choose={choose}
          press={press}
          leftovers={leftovers}
          doors={<Doors go={go} />}
        />
      )}
      {ready.is === "ready" && encounter !== null && (
        <Pressed
          encounter={encounter}
          service={ready.service}
          state={choices.state}
          back={() => enter(null)}
        />
      )}
    </>
  );
}

/** A press on the first frame that was kept rings before anything else is drawn; what it lacks is said by Start. */
function pressedEarly(ready: Ready, choices: Choices): Encounter | null {
  if (ready.is !== "ready" || missingOf(choices, ready.service) !== null || !takePress()) return null;
  return new Encounter(ready.service, choices, clock);
}

interface PressedProps {
  encounter: Encounter;
  service: Service;
  state: string;
  back(): void;
}

/** Its screens come after the button: a press on the first frame of a poor line rings before they show. */
function Pressed(props: PressedProps): JSX.Element {
  const view = useWatched(props.encounter.view);
  const [screens, show] = useState<PressedModule | null>(null);
  useEffect(() => void loadPressed().then((found) => show(() => found)), []);
  if (view.refused !== null) return <NotTrusted why={view.refused} />;
  if (screens !== null) return <screens.PressedScreens {...props} view={view} />;
  return (
    <Screen demonstration={props.service.demonstration} fixed>
      <main class="encounter" data-testid="encounter" data-stage={view.standing?.stage ?? "none"}>
        <h1>{t("wait.calling")}</h1>
      </main>
    </Screen>
  );
}

/** Ready at once with what was kept: a press must not wait for a line. A changed pin asks anew. */
function beginReady(): Ready {
  // Reads the link first, so that its pin counts.
  beginChoices(location.hash);
  const service = keptService();
  return service === null
    ? { is: "connecting", unreachable: false }
    : { is: "ready", service, organization: null };
}

async function prepare(tell: (news: News) => void): Promise<void> {
  const service = await fetchServiceForEver(() => {
    alarm(t("service.unreachable"));
    tell({ said: "unreachable" });
  });
  alarm("");
  clock.hear(service.time);
  if (!(await namesPinned(service))) return tell({ said: "another key" });
  keepService(service);
  tell({ said: "answer", service });
}

/** English too is kept, whatever the page speaks: the officer's card is written in it. */
async function keepAll(busy: () => boolean): Promise<void> {
  await loadFile(CALLER, "en").catch(() => undefined);
  keepOffline(busy);
  const speakIn = (tag: string): void => void loadPack(tag).catch(() => undefined);
  language.watch(speakIn);
  speakIn(language.value);
}

/** A second link opened in the same tab changes only the fragment: the page starts afresh from it. */
function followLink(choose: (choices: Choices) => void): () => void {
  const follow = (): void => choose(beginChoices(location.hash));
  addEventListener("hashchange", follow);
  return () => removeEventListener("hashchange", follow);
}

/**
 * While no encounter runs: loads the kit once the page is idle, checks whose server it is, warms the
 * recorder and sends what is left over. Returns what was; null where there was nothing.
 */
function useKit(
  ready: Ready,
  encounter: Encounter | null,
  hearOf: (news: News) => void,
): Leftovers | null {
  const [leftovers, tell] = useState<Leftovers | null>(null);
  const [kit, have] = useState<Kit | null>(null);
  const calm = ready.is === "ready" && encounter === null;
  const service = calm ? ready.service : null;
  useEffect(() => {
    if (service === null) return;
    let over = false;
    whenIdle(async () => {
      if (over) return;
      const kit = await loadKit();
      if (over) return;
      const found = kit.trustPinned(service);
      hearOf({ said: "checked", service, found });
      if ("refused" in found) return;
      kit.warmRecorder();
      have(kit);
    });
    return () => {
      over = true;
    };
  }, [service]);
  // Not anew when the server is heard again: what was sent stays said, and what goes on is not cut off.
  useEffect(() => {
    if (kit === null || !calm) return;
    const sender = kit.sendLeftovers();
    const unwatch = sender.watch((now) => tell(now.waiting + now.sent + now.lost + now.stranded > 0 ? now : null));
    return () => {
      unwatch();
      sender.stop();
      tell(null);
    };
  }, [kit, calm]);
  return leftovers;
}
