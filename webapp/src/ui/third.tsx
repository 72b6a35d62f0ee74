/** The third in a call, as caller and attorney see them: who it is, what they are not, and their voice. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { ThirdView } from "../third-view";
import { Icon } from "./icons";
import { usePlayed } from "./picture";
import { say } from "./say";
import "../styles/third.css";

export function ThirdLine({ third, muted }: { third: ThirdView; muted?: boolean }): JSX.Element | null {
  const { card, call, support } = third;
  const name = card?.name ?? null;
  const rung = t(support ? "support.calling" : "third.calling");
  const sentence = third.rung ? rung : card === null ? "" : t(support ? "support.label" : "third.label", { name: card.name });
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (before.current !== null && name === null) say(t("third.left", { name: before.current }));
    else if (sentence !== "") say(sentence);
    before.current = name;
  }, [sentence, name]);
  if (third.refused) return <p class="third loud">{t("refused.card")}</p>;
  if (sentence === "") return null;
  const joined = call?.phase === "connected";
  return (
    <p class="third" data-testid="third" data-call={call?.phase ?? "none"}>
      <Icon name={joined ? "sound" : "phone"} />
      <span>
        {sentence}
        {name !== null && !joined && <span class="soft small"> {t("third.joining", { name })}</span>}
        {call?.refused && <span class="small"> {t(`refused.${call.refused}`)}</span>}
      </span>
      {call && <Voice stream={call.remote} muted={muted ?? false} is="third" />}
    </p>
  );
}

export interface VoiceProps {
  stream: MediaStream;
  muted: boolean;
  is: string;
}

/** Somebody who is heard and not seen. */
export function Voice({ stream, muted, is }: VoiceProps): JSX.Element {
  const audio = useRef<HTMLAudioElement>(null);
  usePlayed(audio, stream);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    const play = (): void => void element.play().catch(() => undefined);
    // A track that comes later does not start an element that had nothing to play.
    stream.addEventListener("addtrack", play);
    play();
    return () => stream.removeEventListener("addtrack", play);
  }, [stream]);
  return <audio ref={audio} autoplay muted={muted} data-testid={`voice-${is}`} />;
}
