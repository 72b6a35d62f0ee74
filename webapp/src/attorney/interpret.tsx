/** The third's side of a call, an interpreter's or a responder's: who is there, heard and not seen; own microphone; the way out. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { CallView } from "../call";
import { languageName, stateName, t } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { useCut, useFocus, useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { Voice } from "../ui/third";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";

interface InterpretProps {
  desk: Desk;
  view: DeskView;
  demonstration: boolean;
}

export function Interpret({ desk, view, demonstration }: InterpretProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const { stream, muted } = useWatched(desk.media.view);
  const { call } = view;
  const interpreting = view.seats.interpreting;
  const cut = useCut(view.connection);
  const attorney = interpreting?.attorney ?? null;
  const refused =
    interpreting?.refused === true
      ? t("refused.card")
      : [interpreting?.caller?.refused, attorney?.call.refused].flatMap((one) => (one ? [t(`refused.${one}`)] : []))[0];
  useEffect(() => alarm(refused ?? ""), [refused]);
  return (
    <Screen demonstration={demonstration} fixed>
      <main class="talk interpret" data-testid="interpret">
        <header class="about">
          <h1 ref={heading} tabIndex={-1}>
            {call === null
              ? t("desk.call.joining")
              : t(call.support ? "support.title" : "interpret.title", { language: languageName(call.language), state: stateName(call.state) })}
          </h1>
          <p class="soft small">{cut ? t("desk.waiting") : t(call?.support === true ? "support.rule" : "interpret.rule")}</p>
        </header>
        <div class="troubles">{refused !== undefined && <Notice tone="loud">{refused}</Notice>}</div>
        <section class="stage whole" data-testid="stage">
          <div class="words">
            <Heard name={t("interpret.caller")} call={interpreting?.caller ?? null} is="caller" here={call?.caller_here === true} />
            {attorney === null ? (
              <p>{t("interpret.nobody")}</p>
            ) : (
              <Heard
                name={t("interpret.attorney", { name: attorney.card.name })}
                call={attorney.call}
                is="attorney"
                here={call?.attorney?.here === true}
              />
            )}
          </div>
        </section>
        <div class="tools">
          {stream !== null && (
            <button type="button" class="button" onClick={() => desk.media.mute(!muted)}>
              <Icon name={muted ? "voiceless" : "voice"} />
              {t(muted ? "desk.call.unmute" : "desk.call.mute")}
            </button>
          )}
          <button type="button" class="button ink" onClick={() => desk.leave()}>
            {t("interpret.leave")}
          </button>
        </div>
      </main>
    </Screen>
  );
}

interface HeardProps {
  name: string;
  call: CallView | null;
  is: "caller" | "attorney";
  here: boolean;
}

function Heard({ name, call, is, here }: HeardProps): JSX.Element {
  const phase = call?.phase ?? "waiting";
  const sentence = t(
    phase === "connected"
      ? "desk.call.connected"
      : here && (phase === "waiting" || phase === "joining")
        ? "desk.call.joining"
        : "desk.call.interrupted",
  );
  useEffect(() => say(`${name}: ${sentence}`), [name, sentence]);
  return (
    <div class="heard" data-testid={`heard-${is}`} data-call={phase}>
      <span class="person">
        <Icon name="person" />
      </span>
      <p>{name}</p>
      <p class="soft small">{sentence}</p>
      {call && <Voice stream={call.remote} muted={false} is={is} />}
    </div>
  );
}
