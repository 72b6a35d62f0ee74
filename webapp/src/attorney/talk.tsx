/** The attorney's side of a call: the caller's film, chat, own camera and microphone, and the end. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { CallView } from "../call";
import { duration, languageName, stateName, t, tn } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { ChatBox } from "../ui/chat-box";
import { useCut, useFocus, useNow, useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Picture, Preview } from "../ui/picture";
import { alarm, say } from "../ui/say";
import type { Desk, DeskView } from "./desk";

interface TalkProps {
  desk: Desk;
  view: DeskView;
  demonstration: boolean;
}

export function Talk({ desk, view, demonstration }: TalkProps): JSX.Element {
  const { talk } = view;
  const sentence = phaseSentence(view, useCut(view.connection));
  useEffect(() => say(sentence), [sentence]);
  const refused = talk?.refused ?? null;
  useEffect(() => alarm(refused === null ? "" : t(`refused.${refused}`)), [refused]);
  return (
    <Screen demonstration={demonstration} fixed>
      <main class="talk" data-testid="talk" data-call={talk?.phase ?? "waiting"} data-heads={view.heads}>
        <About desk={desk} view={view} sentence={sentence} />
        <div class="troubles">
          {refused !== null && <Notice tone="loud">{t(`refused.${refused}`)}</Notice>}
          {view.problem !== null && (
            <Notice tone="loud">{t("problem.other", { status: view.problem.status })}</Notice>
          )}
        </div>
        <Stage desk={desk} talk={talk} sentence={sentence} />
        {desk.chat && <ChatBox chat={desk.chat} now={() => desk.clock.now()} is="open" />}
        <Tools desk={desk} />
      </main>
    </Screen>
  );
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
    <section class={joining ? "stage whole calling" : "stage whole"} data-testid="stage">
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
      {own && <Preview stream={stream} />}
    </section>
  );
}

function Tools({ desk }: { desk: Desk }): JSX.Element {
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
      <button type="button" class="button ink" onClick={() => void desk.end()}>
        {t("call.end")}
      </button>
    </div>
  );
}
