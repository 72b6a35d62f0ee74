/** Moving pictures on the page: the other side's, large and with its voice, and one's own, small. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./icons";

interface PictureProps {
  stream: MediaStream;
  /** what the picture is, for who does not see it */
  label: string;
  /** whether picture and voice arrive */
  seen: boolean;
  heard: boolean;
  /** the phone makes no sound */
  muted?: boolean;
}

/** Plays *stream*; lets go of it with the element, which a browser keeps for as long as it has one (Chromium). */
export function usePlayed(media: RefObject<HTMLMediaElement | null>, stream: MediaStream): void {
  useEffect(() => {
    const element = media.current;
    if (element === null) return;
    element.srcObject = stream;
    return () => {
      element.srcObject = null;
    };
  }, [stream]);
}

export function Picture({ stream, label, seen, heard, muted }: PictureProps): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const [silent, mark] = useState(false);
  const play = (): void => {
    video.current?.play().then(
      () => mark(false),
      (error: unknown) => mark(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  };
  usePlayed(video, stream);
  // A track that comes later does not start an element that had nothing to play.
  useEffect(play, [stream, seen, heard]);
  return (
    <>
      <video
        ref={video}
        class={seen ? "" : "away"}
        aria-label={label}
        data-testid="remote"
        autoplay
        playsInline
        muted={muted ?? false}
      />
      {silent && (
        <button type="button" class="button hear" onClick={play}>
          <Icon name="sound" />
          {t("call.hear")}
        </button>
      )}
    </>
  );
}

export function Preview({ stream }: { stream: MediaStream }): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  usePlayed(video, stream);
  return (
    <video
      ref={video}
      class="preview"
      aria-label={t("call.own")}
      data-testid="preview"
      autoplay
      playsInline
      muted
    />
  );
}
