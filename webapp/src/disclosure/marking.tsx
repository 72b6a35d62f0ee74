/**
 * Marking on the time line what is to be withheld: where the recording plays, or by numbers; what was
 * spoken privately by one press. The last act can be taken back.
 */

import type { JSX, RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { offsetAt, playingParts } from "../attorney/case-moments";
import { readChat } from "../chat-kept";
import { t, tn, type Key } from "../i18n";
import type { Unsealed } from "../opened";
import { NumberField } from "../ui/number-field";
import { say } from "../ui/say";
import { lengthOf } from "../verify-page/words";
import { type Acts, type Mark, changed, leftOut, marked, marksOf, removed, undone, withheldBy } from "./marks";

interface MarkingProps {
  acts: Acts;
  become(acts: Acts): void;
  found: Unsealed;
  player: RefObject<HTMLMediaElement | null>;
}

/** As they stand in the package, for a court: in English. */
const REASONS: Readonly<Record<"privileged" | "person" | "relevant", string>> = {
  privileged: "privileged: talk with counsel",
  person: "another person's privacy",
  relevant: "not relevant",
};
type Reason = keyof typeof REASONS;
const NAMES = Object.keys(REASONS) as Reason[];

export function Marking({ acts, become, found, player }: MarkingProps): JSX.Element {
  const [begun, begin] = useState<number | null>(null);
  const [reason, because] = useState<Reason>("privileged");
  const { parts, time: began } = found;
  const marks = marksOf(acts);
  const out = leftOut(withheldBy(marks, parts, began), parts);
  const here = (): number => Math.round(offsetAt(playingParts(parts), player.current?.currentTime ?? 0));
  const mark = (from: number, to: number): void => {
    become(marked(acts, { from: began + from, to: began + to, reason: REASONS[reason] }));
    begin(null);
    say(t("disclose.withheld", { from: lengthOf(from), to: lengthOf(to) }));
  };
  const from = (): void => {
    const at = here();
    begin(at);
    say(t("disclose.begun", { time: lengthOf(at) }));
  };
  const undo = undone(acts);
  const id = `reason-${found.recording}`;
  return (
    <fieldset class="marking" data-testid="marking">
      <legend>{t("disclose.withhold")}</legend>
      <p class="small">{t("disclose.withhold.lead")}</p>
      <Picture found={found} out={out} begun={begun} />
      <div class="field">
        <label for={id}>{t("disclose.reason")}</label>
        <select id={id} value={reason} onChange={({ currentTarget }) => because(currentTarget.value as Reason)}>
          {NAMES.map((one) => (
            <option key={one} value={one}>
              {t(`disclose.reason.${one}`)}
            </option>
          ))}
        </select>
      </div>
      {found.kind === "notes" && <Lines found={found} mark={mark} />}
      <div class="ways">
        {found.kind !== "notes" && (
          <>
            <button type="button" class="button" onClick={from}>
              {t("disclose.from_here")}
            </button>
            <button type="button" class="button" disabled={begun === null} onClick={() => begun !== null && mark(begun, here())}>
              {t("disclose.to_here")}
            </button>
          </>
        )}
        <button type="button" class="button" disabled={undo === null} onClick={() => undo !== null && become(undo)}>
          {t("disclose.undo")}
        </button>
      </div>
      {begun !== null && <p class="small">{t("disclose.begun", { time: lengthOf(begun) })}</p>}
      {found.gaps
        .filter((gap) => gap.reason === "private")
        .map(({ offset, duration }) => (
          <button key={offset} type="button" class="button small" onClick={() => mark(offset, offset + duration)}>
            {t("disclose.private", { from: lengthOf(offset), to: lengthOf(offset + duration) })}
          </button>
        ))}
      <ol class="marks">
        {marks.map((one, at) => (
          <One key={at} mark={one} number={at + 1} began={began} change={(next) => become(changed(acts, at, next))} remove={() => become(removed(acts, at))} />
        ))}
      </ol>
      <p class="small" role="status" data-testid="out">
        {out.length === 0
          ? t("disclose.none")
          : tn("disclose.out", out.reduce((sum, { parts: count }) => sum + count, 0), {
              where: out.map((one) => `${lengthOf(one.from)} – ${lengthOf(one.to)}`).join(", "),
            })}
      </p>
    </fieldset>
  );
}

/** A chat is not played: each of its lines has a button of its own. */
function Lines({ found, mark }: { found: Unsealed; mark(from: number, to: number): void }): JSX.Element | null {
  const [lines, show] = useState<ReturnType<typeof readChat>>([]);
  useEffect(() => void found.media.text().then((text) => show(readChat(text))), [found.media]);
  const parts = found.parts.filter(({ here, duration }) => here && duration > 0);
  // A part that holds more than its line, or none, is marked by its seconds.
  if (lines.length !== parts.length) return null;
  return (
    <ul class="letter-chat">
      {parts.map(({ number, offset, duration }, at) => (
        <li key={number}>
          <button type="button" class="button small" onClick={() => mark(offset, offset + duration)}>
            <bdi>{t("disclose.withhold.line", { text: lines[at]?.text ?? "" })}</bdi>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface OneProps {
  mark: Mark;
  number: number;
  began: number;
  change(mark: Mark): void;
  remove(): void;
}

function One({ mark, number, began, change, remove }: OneProps): JSX.Element {
  const why = NAMES.find((one) => REASONS[one] === mark.reason);
  return (
    <li>
      <fieldset>
        <legend>
          {t("disclose.mark", { number })}
          {why !== undefined && ` · ${t(`disclose.reason.${why}`)}`}
        </legend>
        {(["from", "to"] as const).map((end) => (
          <label key={end}>
            {t(`disclose.${end}` as Key)}
            <NumberField
              min={0}
              step={0.1}
              value={Math.round((mark[end] - began) / 100) / 10}
              done={(seconds) => change({ ...mark, [end]: began + Math.round(1000 * seconds) })}
            />
          </label>
        ))}
        <button type="button" class="button plain" onClick={remove}>
          {t("disclose.remove", { number })}
        </button>
      </fieldset>
    </li>
  );
}

interface PictureProps {
  found: Unsealed;
  out: readonly { from: number; to: number }[];
  begun: number | null;
}

/** Film as a bar; what is withheld is cut out of it, and framed. The list below says the same in words. */
function Picture({ found: { parts }, out, begun }: PictureProps): JSX.Element | null {
  const length = parts.reduce((end, { offset, duration }) => Math.max(end, offset + duration), 0);
  if (length === 0) return null;
  const share = (at: number): string => `${(100 * at) / length}%`;
  return (
    <svg width="100%" height="24" aria-hidden="true">
      {leftOut(new Map(parts.filter(({ here }) => here).map(({ number }) => [number, ""])), parts).map(({ from, to }) => (
        <rect key={from} class="film" x={share(from)} y="4" width={share(to - from)} height="16" />
      ))}
      {out.map(({ from, to }) => (
        <rect key={from} class="out" x={share(from)} y="2" width={share(to - from)} height="20" />
      ))}
      {begun !== null && <rect class="begun" x={share(begun)} y="0" width="3" height="24" />}
    </svg>
  );
}
