/** The attorney's side of a call: the caller's film, chat, own camera and microphone, and the end. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { CallView } from "../call";
import { readCard } from "../evidence/cards";
import { Note } from "../evidence/notes";
import { utf8 } from "../evidence/text";
import { duration, languageName, stateName, t, tn } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { ChatBox } from "../ui/chat-box";
import { useEngagement } from "../ui/engaged";
import { useCut, useFocus, useNow, useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Picture, Preview } from "../ui/picture";
import { alarm, say } from "../ui/say";
import { ThirdLine } from "../ui/third";
import { CheckName, CheckSaid } from "./conflict-check";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";
import { Conflict, HandOver, KeysAwaited, OnItsWay } from "./hand";
import { ThirdTools } from "./invite";
import { NotesField } from "./notes-field";
import { Prepared } from "./prepared";

interface TalkProps {
  desk: Desk;
  view: DeskView;
  demonstration: boolean;
  languages: readonly string[];
  engagement: Readonly<Record<string, string[]>>;
}

export function Talk({ desk, view, demonstration, languages, engagement }: TalkProps): JSX.Element {
  const { talk } = view;
  const sentence = phaseSentence(view, useCut(view.connection));
  useEffect(() => say(sentence), [sentence]);
  const book = view.call?.seat === "attorney" ? desk.notes.of(view.call.encounter) : null;
  const refused = talk?.refused ?? null;
  useEffect(() => alarm(refused === null ? "" : t(`refused.${refused}`)), [refused]);
  const privately = talk?.privately === true;
  const engaged = useEngagement(engagement, view.call !== null, (digest) => desk.shown(digest));
  const wasPrivate = useRef(false);
  useEffect(() => {
    if (privately !== wasPrivate.current) say(t(privately ? "desk.call.private" : "desk.call.heard"));
    wasPrivate.current = privately;
  }, [privately]);
  return (
    <Screen demonstration={demonstration} fixed>
      <main class="talk" data-testid="talk" data-call={talk?.phase ?? "waiting"} data-heads={view.heads}>
        <About desk={desk} view={view} sentence={sentence} />
        <div class="troubles">
          {privately && <Notice tone="care">{t("desk.call.private")}</Notice>}
          {refused !== null && <Notice tone="loud">{t(`refused.${refused}`)}</Notice>}
          {view.problem !== null && (
            <Notice tone="loud">{t("problem.other", { status: view.problem.status })}</Notice>
          )}
          <TakingOver view={view} />
          {view.call !== null && <KeysAwaited view={view} encounter={view.call.encounter} />}
          {view.call !== null && <OnItsWay desk={desk} view={view} encounter={view.call.encounter} />}
          <ThirdLine third={view.seats.third} />
          {desk.chat && book !== null && <CheckSaid names={desk.names} chat={desk.chat} notes={book.own} />}
        </div>
        <Stage desk={desk} talk={talk} sentence={sentence} />
        {desk.chat && <ChatBox chat={desk.chat} now={() => desk.clock.now()} is="open" engaged={engaged} />}
        <Tools desk={desk}>
          {desk.chat && view.call !== null && (
            <Prepared chat={desk.chat} language={view.call.language} now={() => desk.clock.now()} />
          )}
          {book !== null && <NotesField book={book} />}
          <CheckName names={desk.names} />
          {view.call?.seat === "attorney" && <ThirdTools desk={desk} view={view} languages={languages} />}
          {view.call?.seat === "attorney" && view.handovers.length === 0 && <HandOver desk={desk} {...view.call} />}
          {view.call !== null && <Conflict desk={desk} encounter={view.call.encounter} />}
        </Tools>
      </main>
    </Screen>
  );
}

/** This console takes a call over: whose it is until then. */
function TakingOver({ view }: { view: DeskView }): JSX.Element | null {
  const taking = view.call?.seat === "colleague";
  const sentence = taking ? t("hand.taking", { name: nameOn(view.call?.attorney?.card ?? null) }) : "";
  useEffect(() => {
    if (sentence !== "") say(sentence);
  }, [sentence]);
  if (!taking) return null;
  return (
    <p class="third" data-testid="taking">
      <Icon name="person" />
      <span>{sentence}</span>
    </p>
  );
}

/** The name on a card that nothing is sealed to here: for a sentence alone. */
function nameOn(card: string | null): string {
  try {
    return card === null ? "" : readCard(Note.parse(utf8(card)).text).name;
  } catch {
    return "";
  }
}

function phaseSentence({ talk, call }: DeskView, cut: boolean): string {
  if (talk?.phase === "connected") return t("desk.call.connected");
  if (talk?.phase === "interrupted" || talk?.phase === "failed") return t("desk.call.interrupted");
  if (cut) return t("desk.waiting");
  if (call !== null && !call.caller_here) return t("desk.call.away");
  return t("desk.call.joining");
}

function About({ desk, view, sentence }: { desk: Desk; view: DeskView; sentence: string }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const now = useNow(() => desk.clock.now(), 1000);
  const { call } = view;
  const since = call === null ? 0 : (now - Date.parse(call.answered)) / 1000;
  return (
    <header class="about">
      <h1 ref={heading} tabIndex={-1}>
        {call === null
          ? t("desk.call.joining")
          : t("desk.call.title", { state: stateName(call.state), language: languageName(call.language) })}
      </h1>
      <p class="soft small">
        <span data-testid="phase">{sentence}</span>
        {" · "}
        <span class="time">{duration(since)}</span>
        {view.heads > 0 && ` · ${tn("desk.call.heads", view.heads)}`}
      </p>
    </header>
  );
}

interface StageProps {
  desk: Desk;
  talk: CallView | null;
  sentence: string;
}

function Stage({ desk, talk, sentence }: StageProps): JSX.Element {
  const { stream, hidden } = useWatched(desk.media.view);
  const together = talk?.phase === "connected" && talk.picture;
  const own = stream !== null && stream.getVideoTracks().length > 0 && !hidden;
  const joining = talk === null || talk.phase === "waiting" || talk.phase === "joining";
  return (
    <section class={`stage whole ${together ? "seen" : ""} ${joining ? "calling" : ""}`} data-testid="stage">
      {talk && (
        <Picture stream={talk.remote} label={t("call.caller")} seen={together} heard={talk.voice} />
      )}
      {!together && (
        <div class="words">
          <span class="person">
            <Icon name="person" />
          </span>
          <p>{sentence}</p>
          {talk?.phase === "connected" && (
            <p class="soft small">{talk.voice ? t("call.voice") : t("call.chat")}</p>
          )}
        </div>
      )}
      {own && !joining && <Preview stream={stream} />}
    </section>
  );
}

function Tools({ desk, children }: { desk: Desk; children: ComponentChildren }): JSX.Element {
  const { stream, muted, hidden } = useWatched(desk.media.view);
  const voice = (stream?.getAudioTracks().length ?? 0) > 0;
  const picture = (stream?.getVideoTracks().length ?? 0) > 0;
  return (
    <div class="tools">
      {voice && (
        <button type="button" class="button" onClick={() => desk.media.mute(!muted)}>
          <Icon name={muted ? "voiceless" : "voice"} />
          {t(muted ? "desk.call.unmute" : "desk.call.mute")}
        </button>
      )}
      {picture && (
        <button type="button" class="button" onClick={() => desk.media.hide(!hidden)}>
          <Icon name={hidden ? "cameraless" : "camera"} />
          {t(hidden ? "desk.call.show" : "desk.call.hide")}
        </button>
      )}
      {children}
      <button type="button" class="button ink" onClick={() => void desk.end()}>
        {t("call.end")}
      </button>
    </div>
  );
}
