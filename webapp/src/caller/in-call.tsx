/**
 * The screen from the press to the end: that it records and what is not yet safe, who is being rung,
 * the attorney's picture and voice, the chat, and the way out. Everything stays where it is; what goes
 * wrong is said over the picture.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RecorderState, Service } from "../contracts";
import { duration, listOf, t, type Key } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { ChatBox } from "../ui/chat-box";
import { useEngagement } from "../ui/engaged";
import { useAwake, useCut, useFocus, useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Picture, Preview } from "../ui/picture";
import { silent } from "../ui/modes";
import { ThirdLine, Voice } from "../ui/third";
import { alarm, say } from "../ui/say";
import { NumberSlot } from "../callback/slot";
import { TellingSlot } from "../people/slot";
import { signal } from "../ui/signals";
import { hush } from "../ui/voice";
import { Cover } from "./cover";
import type { Card } from "../evidence/cards";
import { Again } from "./again";
import type { Encounter, EncounterView } from "./encounter";
import { Hotlines } from "./hotlines";
import { Mistake } from "./mistake";
import { usePrompts } from "./prompts";
import { RecordingState } from "./recording-state";
import { Tool, Tools } from "./tools";
import { SILENCE, troublesOf } from "./troubles";

interface InCallProps {
  encounter: Encounter;
  view: EncounterView;
  service: Service;
  /** the state chosen */
  state: string;
}

export function InCall({ encounter, view, service, state }: InCallProps): JSX.Element {
  useAwake(true);
  const [covered, cover] = useState(false);
  const { standing, call, recorder } = view;
  const talking = standing?.stage === "answered";
  const engaged = useEngagement(service.engagement, talking, (digest) => encounter.shown(digest));
  const troubles = troublesOf(view);
  const cut = useCut(view.connection);
  const sentence = sentenceOf(view, cut);
  // Seconds that count up are not read out every time; that something is wrong is, once.
  const wrong = troubles.map(({ text }) => text.replace(/[0-9]+/g, "…")).join(" ");
  useEffect(() => say(sentence), [sentence]);
  useEffect(() => {
    alarm(wrong);
    if (wrong !== "") signal("trouble");
  }, [wrong]);
  usePrompts(view, sentence);
  const lock = (): void => {
    encounter.lock();
    hush();
    cover(true);
  };
  const speakPrivately = (): void => {
    encounter.speakPrivately(!view.privately);
    say(t(view.privately ? "private.off" : "private.said"));
  };
  const seconds = recorder.phase === "recording" && recorder.kind !== "notes" ? recorder.seconds : null;
  return (
    <>
      {covered && <Cover seconds={seconds} called={(standing?.rung.length ?? 0) > 0 || talking} back={() => cover(false)} />}
      <Screen demonstration={service.demonstration} fixed covered={covered}>
        <main class="encounter" data-testid="encounter" data-stage={standing?.stage ?? "none"}>
          <RecordingBar state={recorder} />
          <div class="over">
            <div class="troubles" data-testid="troubles">
              {view.privately && <Notice tone="care">{t("private.said")}</Notice>}
              {troubles.map(({ text, tone }) => (
                <Notice key={text} tone={tone}>
                  {text}
                </Notice>
              ))}
            </div>
            <RecordingState state={recorder} resume={() => encounter.resume()} film={() => encounter.addFilm()} />
            <Again encounter={encounter} again={view.again} />
            <Coming coming={view.coming} before={view.attorney} />
            <Beside third={view.third} />
            <Speaker speaker={view.speaker} />
            {!talking && (
              <NumberSlot
                offered={offersNumber(view, cut)}
                claim={encounter.claim}
                told={standing?.callback ?? null}
                service={service}
                organization={view.organization?.name ?? ""}
                now={() => encounter.clock.now()}
                beside
              />
            )}
          </div>
          <Stage view={view} sentence={sentence} />
          <ChatBox
            chat={view.chat}
            now={() => encounter.clock.now()}
            is={call.phase === "over" ? "over" : talking ? "open" : "waiting"}
            engaged={engaged}
          />
          <Tools service={service}>
            <Tool
              icon="voiceless"
              on={view.privately}
              use={speakPrivately}
              can={seconds !== null && (view.privately || recorder.microphone === "on")}
            >
              {t("private.button")}
            </Tool>
            <Tool icon="lock" use={lock}>
              {t("lock.button")}
            </Tool>
          </Tools>
          <div class="wayout">
            <TellingSlot telling={view.telling} small wanted={view.tells} />
            <Hotlines service={service} state={state} />
            <div class="ends">
              <Mistake encounter={encounter} />
              <button type="button" class="button ink" onClick={() => void encounter.end()}>
                {t("call.end")}
              </button>
            </div>
          </div>
        </main>
      </Screen>
    </>
  );
}

const WHAT: Record<"film" | "sound" | "notes", Key> = {
  film: "rec.film",
  sound: "rec.sound",
  notes: "rec.notes",
};

function recordingOf({ phase, kind }: RecorderState): Key {
  if (phase === "failed") return "rec.failed";
  if (phase === "starting" || kind === null) return "rec.starting";
  return WHAT[kind === "advice" ? "sound" : kind];
}

function RecordingBar({ state }: { state: RecorderState }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const live = state.phase === "recording" && state.kind !== "notes";
  useEffect(() => {
    if (live) say(t("say.recording"));
  }, [live]);
  return (
    <div class="recording" data-testid="recording" data-phase={state.phase} data-kind={state.kind}>
      <h1 class="what" ref={heading} tabIndex={-1}>
        <span class={live ? "dot live" : "dot"} />
        {t(recordingOf(state))}
        {live && <span class="seconds">{duration(state.seconds)}</span>}
      </h1>
      {live && <Fate state={state} />}
    </div>
  );
}

/** Whether what was recorded is safe: said in seconds, and loudly when nothing arrives any more. */
function Fate({ state }: { state: RecorderState }): JSX.Element {
  // The half second on its way is not counted: a sign that flickers says nothing.
  const behind = Math.floor(state.unsafeSeconds);
  const loud = state.silence > SILENCE;
  const tone = loud ? "loud" : behind === 0 ? "safe" : "";
  return (
    <span class={`fate-of-film ${tone}`} data-testid="unsafe" data-seconds={state.unsafeSeconds}>
      <Icon name={loud ? "care" : behind === 0 ? "safe" : "sending"} />
      {behind === 0 ? t("safe.all") : t("safe.behind", { seconds: behind })}
    </span>
  );
}

/** Not in the first seconds of ringing: once nobody is left, a callback is owed, or the line is gone. */
function offersNumber({ standing }: EncounterView, cut: boolean): boolean {
  const told = standing?.callback ?? null;
  if (told === null) return false;
  return cut || told.left || told.deadline !== null || standing?.stage === "unanswered";
}

/** The one sentence about the ringing and the call. */
function sentenceOf(view: EncounterView, cut: boolean): string {
  const { standing, attorney, call } = view;
  const name = attorney?.name ?? t("call.attorney");
  if (standing?.stage === "ended" && standing.ended_by !== "attorney") return t("call.ended");
  if (standing?.stage === "ended") return t("call.ended.attorney", { name });
  if (call.phase === "over") return t("call.ended.attorney", { name });
  if (standing?.stage === "answered") {
    if (call.phase === "connected") return t("call.here", { name });
    if (call.phase === "interrupted" || call.phase === "failed") return t("call.interrupted");
    if (!standing.attorney_here) return t("call.away", { name });
    // With that lawyer there will be no call.
    if (call.refused === "card") return t("wait.refused");
    return t("call.joining", { name });
  }
  if (cut) return t("wait.offline");
  if (view.problem !== null) return t("wait.refused");
  if (standing?.stage === "unanswered") return t("wait.nobody");
  if (standing && standing.rung.length > 0) return t("wait.ringing", { names: listOf(standing.rung) });
  return t("wait.calling");
}

function Stage({ view, sentence }: { view: EncounterView; sentence: string }): JSX.Element {
  const { call, preview, standing, recorder } = view;
  const name = view.attorney?.name ?? t("call.attorney");
  const together = call.phase === "connected" && call.picture;
  const calling = standing?.stage !== "answered" && standing?.stage !== "ended";
  const quiet = useWatched(silent);
  const own = preview !== null && recorder.camera === "on";
  return (
    <section class={`stage ${together ? "seen" : ""} ${calling ? "calling" : ""}`} data-testid="stage" data-call={call.phase}>
      <Picture
        stream={call.remote}
        label={t("call.picture", { name })}
        seen={together}
        heard={call.voice}
        muted={quiet}
      />
      {together ? (
        <p class="caption">{sentence}</p>
      ) : (
        <div class="words">
          <span class="person">
            <Icon name={calling ? "phone" : "person"} />
          </span>
          <p class="sentence">{sentence}</p>
          <p class="soft small">{underOf(view)}</p>
        </div>
      )}
      {own && <Preview stream={preview} />}
    </section>
  );
}

/** Somebody takes the call over: who, and that nobody leaves before. */
function Coming({ coming, before }: { coming: Card | null; before: Card | null }): JSX.Element | null {
  const sentence =
    coming === null ? "" : t("hand.coming", { name: coming.name, before: before?.name ?? t("call.attorney") });
  useEffect(() => {
    if (sentence !== "") say(sentence);
  }, [sentence]);
  if (sentence === "") return null;
  return (
    <p class="third" data-testid="coming">
      <Icon name="person" />
      <span>{sentence}</span>
    </p>
  );
}

function Beside({ third }: { third: EncounterView["third"] }): JSX.Element {
  return <ThirdLine third={third} muted={useWatched(silent)} />;
}

/** Somebody speaks to all who wait: who, and that nobody hears this phone. */
function Speaker({ speaker }: { speaker: EncounterView["speaker"] }): JSX.Element | null {
  const quiet = useWatched(silent);
  const { card, call } = speaker;
  const sentence = card === null ? "" : t("brief.here", { name: card.name });
  useEffect(() => {
    if (sentence !== "") say(sentence);
  }, [sentence]);
  if (speaker.refused) return <p class="third loud">{t("refused.card")}</p>;
  if (call === null) return null;
  return (
    <p class="third" data-testid="speaker" data-call={call.phase}>
      <Icon name="sound" />
      <span>
        {sentence}
        {call.refused && <span class="small"> {t(`refused.${call.refused}`)}</span>}
      </span>
      <Voice stream={call.remote} muted={quiet} is="speaker" />
    </p>
  );
}

function underOf({ call, standing, recorder }: EncounterView): string {
  if (call.phase === "connected") return call.voice ? t("call.voice") : t("call.chat");
  const quiet = standing?.stage === "answered" || recorder.phase !== "recording" || recorder.kind === "notes";
  return quiet ? "" : t("wait.stay");
}
