/** The film with its covers on it, to play and to draw further boxes on by pointer. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { duration, t } from "../i18n";
import { coversAt, paint, type Cover } from "./covers";

interface PreviewProps {
  film: Blob;
  covers: readonly Cover[];
  draw(box: Cover): void;
  /** what belongs to the moment shown: its time and the film's length, in seconds */
  children(time: number, length: number): ComponentChildren;
}

/** Less than this share of a side is a slip of the hand. */
const SLIP = 0.01;

export function Preview({ film, covers, draw, children }: PreviewProps): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [address, have] = useState("");
  const [time, tell] = useState(0);
  const [length, measure] = useState(0);
  const [playing, play] = useState(false);
  const begun = useRef<[number, number] | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(film);
    have(made);
    return () => URL.revokeObjectURL(made);
  }, [film]);
  const show = (further: readonly Cover[] = []): void => {
    const [shown, context] = [video.current, canvas.current?.getContext("2d")];
    if (!shown || !context || shown.videoWidth === 0) return;
    context.canvas.width = shown.videoWidth;
    context.canvas.height = shown.videoHeight;
    paint(context, [...coversAt(covers, shown.currentTime), ...further]);
  };
  useEffect(() => {
    show();
    if (!playing) return;
    let next = requestAnimationFrame(function again() {
      show();
      next = requestAnimationFrame(again);
    });
    return () => cancelAnimationFrame(next);
  });
  const at = (event: PointerEvent): [number, number] => {
    const { left, top, width, height } = video.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    const within = (value: number): number => Math.min(1, Math.max(0, value));
    return [within((event.clientX - left) / width), within((event.clientY - top) / height)];
  };
  const between = ([x, y]: [number, number], [right, bottom]: [number, number]): Cover => ({
    x: Math.min(x, right),
    y: Math.min(y, bottom),
    width: Math.abs(right - x),
    height: Math.abs(bottom - y),
    from: time,
    to: length,
  });
  const release = (event: PointerEvent): void => {
    if (begun.current === null) return;
    const box = between(begun.current, at(event));
    begun.current = null;
    if (box.width > SLIP && box.height > SLIP) draw(box);
    else show();
  };
  return (
    <>
      <div
        class="screening"
        data-testid="copy-stage"
        onPointerDown={(event) => {
          video.current?.pause();
          event.currentTarget.setPointerCapture(event.pointerId);
          begun.current = at(event);
        }}
        onPointerMove={(event) => begun.current !== null && show([between(begun.current, at(event))])}
        onPointerUp={release}
        onPointerCancel={() => (begun.current = null)}
      >
        <video
          ref={video}
          src={address}
          playsInline
          aria-label={t("copy.preview")}
          onLoadedData={({ currentTarget }) => (measure(currentTarget.duration), show())}
          onDurationChange={({ currentTarget }) => measure(currentTarget.duration)}
          onTimeUpdate={({ currentTarget }) => tell(currentTarget.currentTime)}
          onSeeked={() => show()}
          onPlay={() => play(true)}
          onPause={() => play(false)}
        />
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <div class="scrub">
        <button
          type="button"
          class="button"
          onClick={() => void (playing ? video.current?.pause() : video.current?.play().catch(() => undefined))}
        >
          {t(playing ? "copy.pause" : "copy.play")}
        </button>
        <input
          type="range"
          min={0}
          max={length}
          step={0.1}
          value={time}
          aria-label={t("copy.time")}
          aria-valuetext={duration(time)}
          onInput={({ currentTarget }) => {
            if (video.current !== null) video.current.currentTime = Number(currentTarget.value);
          }}
        />
        <span aria-hidden="true">{duration(time)}</span>
      </div>
      {children(time, length)}
    </>
  );
}
