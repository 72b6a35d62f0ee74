/**
 * Making a public copy: faces are looked for in this browser, boxes are drawn over what else must not
 * be seen, the copy is made, looked at, and only then saved. Nothing leaves the page.
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { duration, t } from "../i18n";
import { saveFile } from "../save";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Boxes } from "./boxes";
import type { FromWorker, ToWorker } from "./copy.worker";
import type { Cover } from "./covers";
import type { Copy, Wishes } from "./make";
import { Preview } from "./preview";
import "../styles/copy.css";

interface StudioProps {
  film: Blob;
  recording: string;
}

type State =
  | { is: "looking" | "making"; share: number }
  | { is: "choosing" }
  | { is: "made"; copy: Copy; address: string }
  | { is: "failed"; browser: boolean };

/** Has *order* done by a worker, until it is done or *stop* ends it; rejects only when stopped. */
function done(order: ToWorker, stop: AbortSignal, underway: (share: number) => void): Promise<FromWorker> {
  const worker = new Worker(new URL("./copy.worker.ts", import.meta.url), { type: "module" });
  return new Promise<FromWorker>((resolve, reject) => {
    stop.addEventListener("abort", () => reject(stop.reason), { once: true });
    worker.onerror = () => resolve({ is: "failed", browser: false });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
      data.is === "underway" ? underway(data.share) : resolve(data);
    worker.postMessage(order);
  }).finally(() => worker.terminate());
}

export function Studio({ film, recording }: StudioProps): JSX.Element {
  const [state, become] = useState<State>({ is: "looking", share: 0 });
  const [faces, know] = useState<readonly Cover[] | null>(null);
  const [covered, cover] = useState(true);
  const [voices, keep] = useState(false);
  /** What was drawn, after each act; the last counts. */
  const [acts, act] = useState<readonly (readonly Cover[])[]>([[]]);
  const drawn = acts.at(-1) ?? [];
  const draw = (next: readonly Cover[]): void => act([...acts, next]);
  const undo = acts.length > 1 ? (): void => act(acts.slice(0, -1)) : null;
  const stopping = useRef<AbortController | null>(null);
  const heading = useFocus<HTMLHeadingElement>();
  const covers = [...(covered ? (faces ?? []) : []), ...drawn];

  const work = async (is: "looking" | "making", wishes: Wishes | null): Promise<void> => {
    const stop = new AbortController();
    stopping.current = stop;
    become({ is, share: 0 });
    try {
      const told = await done({ film, wishes }, stop.signal, (share) => become({ is, share }));
      if (told.is === "looked") know(told.found);
      if (told.is === "made") become({ is: "made", copy: told.copy, address: URL.createObjectURL(told.copy.film) });
      else become(told.is === "failed" ? told : { is: "choosing" });
    } catch {
      become({ is: "choosing" });
    }
  };
  const look = (): Promise<void> => work("looking", null);
  const make = (): Promise<void> => work("making", { covers, voices, mark: t("copy.mark") });
  useEffect(() => {
    void look();
    return () => stopping.current?.abort();
  }, [film]);
  useEffect(() => (state.is === "made" ? () => URL.revokeObjectURL(state.address) : undefined), [state]);
  return (
    <section class="copy" aria-labelledby="copy-title" data-testid="copy" data-is={state.is}>
      <h3 id="copy-title" ref={heading} tabIndex={-1}>
        {t("copy.title")}
      </h3>
      <p class="soft">{t("copy.lead")}</p>
      {(state.is === "looking" || state.is === "making") && (
        <Underway state={state} stop={() => stopping.current?.abort()} />
      )}
      {state.is === "failed" && (
        <div role="alert">
          <Notice tone="loud">{t(state.browser ? "copy.cannot" : "copy.failed")}</Notice>
        </div>
      )}
      {state.is === "choosing" && (
        <>
          {faces === null ? (
            <Notice tone="care">{t("copy.not_looked")}</Notice>
          ) : (
            <Notice tone="care">{t(faces.length === 0 ? "copy.none" : "copy.look")}</Notice>
          )}
          <Preview film={film} covers={covers} draw={(box) => draw([...drawn, box])}>
            {(time, length) => <Boxes drawn={drawn} change={draw} undo={undo} time={time} length={length} />}
          </Preview>
          {faces !== null && faces.length > 0 && (
            <label class="tick">
              <input type="checkbox" checked={covered} onChange={({ currentTarget }) => cover(currentTarget.checked)} />
              {t("copy.faces")}
            </label>
          )}
          <label class="tick">
            <input type="checkbox" checked={voices} onChange={({ currentTarget }) => keep(currentTarget.checked)} />
            {t("copy.voices")}
          </label>
          <p class="row">
            <button type="button" class="button main" onClick={() => void make()}>
              {t("copy.make")}
            </button>
            {faces === null && (
              <button type="button" class="button" onClick={() => void look()}>
                {t("copy.again")}
              </button>
            )}
          </p>
        </>
      )}
      {state.is === "made" && (
        <Made
          {...state}
          name={`not-evidence-copy-${recording.slice(0, 8)}.${state.copy.ending}`}
          back={() => become({ is: "choosing" })}
        />
      )}
    </section>
  );
}

function Underway({ state, stop }: { state: { is: "looking" | "making"; share: number }; stop(): void }): JSX.Element {
  const label = t(state.is === "looking" ? "copy.looking" : "copy.making");
  return (
    <>
      <p role="status">{label}</p>
      <progress aria-label={label} max={1} value={state.share} />
      <p>
        <button type="button" class="button" onClick={stop}>
          {t("copy.stop")}
        </button>
      </p>
    </>
  );
}

interface MadeProps {
  copy: Copy;
  address: string;
  name: string;
  back(): void;
}

/** Saved only by somebody who says that they looked at it. */
function Made({ copy, address, name, back }: MadeProps): JSX.Element {
  const [seen, see] = useState(false);
  const [length, measure] = useState(0);
  return (
    <>
      <Notice tone="care">{t("copy.watch")}</Notice>
      <video
        src={address}
        controls
        playsInline
        aria-label={t("copy.made", { length: duration(length) })}
        data-testid="copy-made"
        onLoadedMetadata={({ currentTarget }) => measure(currentTarget.duration)}
      />
      <label class="tick">
        <input type="checkbox" checked={seen} onChange={({ currentTarget }) => see(currentTarget.checked)} />
        {t("copy.seen")}
      </label>
      <p class="row">
        <button type="button" class="button main" disabled={!seen} onClick={() => saveFile(copy.film, name)}>
          {t("copy.save")}
        </button>
        <button type="button" class="button" onClick={back}>
          {t("copy.back")}
        </button>
      </p>
    </>
  );
}
