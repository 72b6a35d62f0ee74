/** The desk on the page: on or off duty, whom it rings for, the cases; a ring or a call over it. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { AccountCard } from "../account/account-card";
import { Sheet } from "../account/sheet";
import type { Organization, Service } from "../contracts";
import { openCard } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import { utf8 } from "../evidence/text";
import { clockTime, languageName, listOf, stateName, t, type Key } from "../i18n";
import { keysLieHere, type Attorney } from "../keys";
import { Notice, Screen } from "../ui/frame";
import { useAwake, useCut, useFocus, useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { Boxes } from "./boxes";
import { MayBrief, Speak } from "./brief";
import { Cases } from "./cases";
import { ChannelsCard } from "./channels-card";
import { CheckIns } from "./check-ins";
import { NamesCard } from "./conflict-check";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";
import { Owed } from "./hand";
import { Interpret } from "./interpret";
import { keepLanguages, keptLanguages } from "./languages";
import type { MediaReady } from "./media";
import { RingScreen } from "./ring";
import { Talk } from "./talk";
import { Callbacks, Turn } from "./turn";

interface DeskScreenProps {
  desk: Desk;
  attorney: Attorney;
  service: Service;
  organization: Organization;
  /** signed in by the recovery sheet: a device may be lost */
  bySheet: boolean;
}

export function DeskScreen({ desk, attorney, service, organization, bySheet }: DeskScreenProps): JSX.Element {
  const view = useWatched(desk.view);
  useAwake(view.on === true || view.call !== null);
  const talking = view.call !== null || view.answering !== null;
  const [ring] = view.rings;
  const { demonstration, languages, engagement } = service;
  const [sheets, makeSheet] = useState({ shown: false, made: 0 });
  if (talking && !desk.advises) return <Interpret desk={desk} view={view} demonstration={demonstration} />;
  if (talking) return <Talk desk={desk} view={view} demonstration={demonstration} languages={languages} engagement={engagement} />;
  if (view.briefing.to > 0) return <Speak desk={desk} view={view} demonstration={demonstration} />;
  return (
    <>
      {ring && <RingScreen key={ring.encounter} desk={desk} view={view} ring={ring} />}
      <div inert={ring !== undefined}>
        <Screen demonstration={service.demonstration} of={organization.name}>
          {sheets.shown ? (
            <main class="enrol">
              <Sheet
                name={attorney.name}
                organization={organization.name}
                keys={attorney.keys}
                done={() => makeSheet(({ made }) => ({ shown: false, made: made + 1 }))}
              />
            </main>
          ) : (
            <main class="desk wide" data-testid="desk" data-on={view.on}>
              <div class="across">
                <Greeting name={attorney.name} news={view.news} />
                <Turn desk={desk} view={view} />
                {ring === undefined && <MayBrief desk={desk} view={view} />}
                <Owed view={view} />
                <CheckIns checkIns={view.checkIns} />
              </div>
              <Duty desk={desk} view={view} attorney={attorney} service={service} />
              <div class="beside">
                <Callbacks desk={desk} view={view} attorney={attorney} />
                {desk.advises && <Cases desk={desk} view={view} attorney={attorney} organization={organization.name} />}
                {desk.advises && <NamesCard names={desk.names} />}
                <ChannelsCard />
                <AccountCard
                  keys={attorney.keys}
                  bySheet={bySheet}
                  sheets={sheets.made}
                  makeSheet={() => makeSheet(({ made }) => ({ shown: true, made }))}
                />
              </div>
            </main>
          )}
        </Screen>
      </div>
    </>
  );
}

function newsOf(news: DeskView["news"]): string | null {
  if (news === null) return null;
  if (news.is === "taken") return t("ring.taken");
  if (news.is === "gone") return t("ring.gone");
  if (news.is === "handed") return t("hand.done", { name: news.name });
  if (news.is === "off") return t("hand.was_off");
  if (news.is === "conflict") return t("conflict.done");
  return news.by === "caller" ? t("call.ended.caller") : t("desk.call.over");
}

function Greeting({ name, news }: { name: string; news: DeskView["news"] }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const sentence = newsOf(news);
  useEffect(() => {
    if (sentence !== null) say(sentence);
  }, [sentence]);
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t("desk.welcome", { name })}
      </h1>
      <p class="soft" data-testid="news">
        {sentence ?? t("enrol.lead")}
      </p>
    </>
  );
}

const MEDIA: Record<MediaReady, Key | null> = {
  unknown: null,
  asking: "desk.media.asking",
  both: "desk.media.both",
  voice: "desk.media.voice",
  chat: "desk.media.chat",
};

/** Where no passkey locks the keys, that is said wherever they can be used. */
function InClear(): JSX.Element | null {
  const [lie, know] = useState(false);
  useEffect(() => void keysLieHere().then(know, () => know(false)), []);
  return lie ? <p class="soft small">{t("passkey.clear")}</p> : null;
}

interface DutyProps {
  desk: Desk;
  view: DeskView;
  attorney: Attorney;
  service: Service;
}

function Duty({ desk, view, attorney, service }: DutyProps): JSX.Element {
  const { ready } = useWatched(desk.media.view);
  const [armed, hear] = useState(desk.bell.armed);
  const on = view.on === true;
  const cut = useCut(view.connection);
  const resting = view.wrapUp !== null || view.paused !== null || !view.onShift;
  const told = MEDIA[ready];
  useEffect(() => {
    if (view.on !== null) say(t(on ? "desk.on" : "desk.off"));
  }, [view.on]);
  useEffect(() => alarm(cut ? `${t("desk.cut")} ${t("desk.waiting")}` : ""), [cut]);
  const arm = (work: () => Promise<void>) => (): void => void work().then(() => hear(desk.bell.armed));
  return (
    <section class="card duty" aria-label={t("duty.title")}>
      <div class="now">
        <span class={signOf(on && !resting, cut)} />
        <h2 data-testid="duty-state">{t(cut ? "desk.cut" : on ? "desk.on" : "desk.off")}</h2>
      </div>
      <p class="soft small telling">{telling(resting ? false : view.on, cut)}</p>
      {on && view.onCall !== null && (
        <p class="small" data-testid="on-call">
          {t("turn.on_call", { time: clockTime(view.onCall) })}
        </p>
      )}
      {on ? (
        <button type="button" class="button go" onClick={() => desk.goOff()}>
          {t("desk.go_off")}
        </button>
      ) : (
        <button type="button" class="button main" onClick={arm(() => desk.goOn())}>
          {t("desk.go_on")}
        </button>
      )}
      {on && !armed && <Notice tone="care">{t("desk.silent")}</Notice>}
      <button type="button" class="button plain" onClick={arm(() => desk.bell.test())}>
        <Icon name="sound" />
        {t("desk.test")}
      </button>
      {on && told !== null && (
        <p class="soft small" data-testid="media">
          {t(told)}
        </p>
      )}
      <Reach desk={desk} attorney={attorney} service={service} />
      <InClear />
    </section>
  );
}

/** Green says that it would ring now, and nothing less. */
function signOf(on: boolean, cut: boolean): string {
  if (cut) return "sign cut";
  return on ? "sign on" : "sign";
}

function telling(on: boolean | null, cut: boolean): string {
  if (cut) return t("desk.waiting");
  if (on === null) return t("desk.connecting");
  return on ? t("desk.on.text") : t("desk.off.text");
}

/** For which states and languages it rings: states by the card, languages as chosen here. */
function Reach({ desk, attorney, service }: Omit<DutyProps, "view">): JSX.Element {
  const [languages, choose] = useState(() => keptLanguages(service.languages));
  const change = (chosen: string[]): void => {
    if (chosen.length === 0) return;
    choose(chosen);
    keepLanguages(chosen);
    desk.languagesChanged();
  };
  return (
    <dl aria-label={t("desk.reach")}>
      {desk.advises && (
        <div>
          <dt>{t("desk.states")}</dt>
          <dd>{listOf(licensedStates(attorney, service).map(stateName))}</dd>
        </div>
      )}
      <div>
        <dt>{t("desk.languages")}</dt>
        <dd>
          <details>
            <summary>{listOf(languages.map((tag) => languageName(tag)))}</summary>
            <Boxes
              legend={t("enrol.languages")}
              options={service.languages.map((tag) => [tag, languageName(tag, true)] as const)}
              chosen={languages}
              choose={change}
            />
          </details>
        </dd>
      </div>
    </dl>
  );
}

function licensedStates(attorney: Attorney, service: Service): string[] {
  try {
    const card = openCard(utf8(attorney.card), Verifier.parse(service.organization_key));
    return card.licenses.map(({ state }) => state);
  } catch {
    // Another organization's card: the server refuses it at the session, and says so.
    return [];
  }
}
