/**
 * The whole verification of a recording while it plays: every signature, receipt and proof, in a
 * worker; where there is film along the time and where not; who had it in hand. Green is shown only
 * once everything was checked and holds, and of the part that plays only where nothing is said against it.
 */

import "../styles/checking.css";
import type { JSX, RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dateAndTime, t, tn, type Key } from "../i18n";
import { fetchService } from "../service";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import type { FindingSaid, ReportSaid } from "../verify/messages";
import { VerifierWorker } from "../verify/run";
import { type Stretch, timelineOf } from "../verify-page/timeline";
import { delayOf, lengthOf } from "../verify-page/words";
import { partAt, playingOf, secondsAt, type Playing } from "./case-moments";
import { type CustodyLine, custodyOf, privilegeIn } from "./custody-lines";
import { headsOf } from "./heads";

export interface CheckingProps {
  sealed: Blob;
  recording: string;
  player: RefObject<HTMLMediaElement | null>;
  /** false where this browser was no console */
  heads: boolean;
}

type State = { is: "running"; bytes: number } | { is: "failed" } | { is: "checked"; report: ReportSaid };

const REASONS: Readonly<Record<string, Key>> = {
  hidden: "gap.hidden",
  muted: "gap.muted",
  private: "gap.private",
  device: "gap.device",
  storage: "gap.storage",
  unknown: "gap.unknown",
};

async function check({ sealed, recording, heads }: CheckingProps, progress: (bytes: number) => void): Promise<ReportSaid> {
  const { policy } = await fetchService();
  const held = heads ? await headsOf(recording) : [];
  const lines = held.map((head) => JSON.stringify(head)).join("\n");
  const given = {
    policy: new Blob([policy]),
    anchors: [],
    signer: "",
    heads: held.length > 0 ? [new Blob([lines])] : [],
    openEnded: false,
  };
  const worker = new VerifierWorker();
  return await worker.verify(sealed, given, progress).finally(() => worker.end());
}

export function Checking(props: CheckingProps): JSX.Element {
  const [state, become] = useState<State>({ is: "running", bytes: 0 });
  useEffect(() => {
    let over = false;
    const show = (next: State): void => void (over || become(next));
    check(props, (bytes) => show({ is: "running", bytes })).then(
      (report) => {
        show({ is: "checked", report });
        if (!over) say(t(`verify.exit.${report.exit}`));
      },
      () => show({ is: "failed" }),
    );
    return () => void (over = true);
  }, [props.sealed]);
  return (
    <div class="checking" data-testid="checking" data-is={state.is} data-exit={state.is === "checked" ? state.report.exit : ""}>
      {state.is === "running" && (
        <div>
          <p class="soft" role="status">
            {t("checking.running")}
          </p>
          {/* Some bytes are read twice: it is never said to be done before it is. */}
          <progress aria-label={t("checking.running")} max={2 * props.sealed.size} value={state.bytes} />
        </div>
      )}
      {state.is === "failed" && <Notice tone="care">{t("checking.failed")}</Notice>}
      {state.is === "checked" && <Checked report={state.report} player={props.player} />}
      <Custody sealed={props.sealed} />
    </div>
  );
}

function Checked({ report, player }: { report: ReportSaid; player: RefObject<HTMLMediaElement | null> }): JSX.Element {
  const having = (verdict: FindingSaid["verdict"]) => report.findings.filter((one) => one.verdict === verdict);
  const parts = playingOf(report.facts.moments, report.findings);
  const tone = ({ 0: "safe", 1: "loud", 2: "care" } as const)[report.exit];
  return (
    <>
      <PlayingNow parts={parts} player={player} whole={report.exit !== 1} />
      <Along report={report} parts={parts} player={player} />
      <Notice tone={tone}>
        <p>{t(`verify.exit.${report.exit}`)}</p>
        <Said heading="verify.fails" findings={having("fails")} />
        <Said heading="verify.unchecked" findings={having("unchecked")} />
      </Notice>
      <details>
        <summary>{tn("checking.holds", having("holds").length)}</summary>
        <ul class="small" lang="en" dir="ltr">
          {having("holds").map(({ text }, at) => (
            <li key={at}>{text}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** The sentences of the catalogue, as every verifier says them. */
function Said({ heading, findings }: { heading: Key; findings: readonly FindingSaid[] }): JSX.Element | null {
  if (findings.length === 0) return null;
  return (
    <>
      <p class="small">{t(heading)}</p>
      <ul class="small" lang="en" dir="ltr">
        {findings.map(({ text, file }, at) => (
          <li key={at}>{file === "" ? text : `${text} (${file})`}</li>
        ))}
      </ul>
    </>
  );
}

interface PlayingProps {
  parts: readonly Playing[];
  player: RefObject<HTMLMediaElement | null>;
}

function useSeconds(player: RefObject<HTMLMediaElement | null>): number {
  const [seconds, tell] = useState(player.current?.currentTime ?? 0);
  useEffect(() => {
    const element = player.current;
    const heard = (): void => tell(element?.currentTime ?? 0);
    element?.addEventListener("timeupdate", heard);
    return () => element?.removeEventListener("timeupdate", heard);
  }, []);
  return seconds;
}

/** What is known of the part that plays just now. */
function PlayingNow({ parts, player, whole }: PlayingProps & { whole: boolean }): JSX.Element | null {
  const part = partAt(parts, useSeconds(player));
  if (part === null || player.current === null) return null;
  const good = whole && !part.fails && part.delay !== null;
  const words = { number: part.number, time: lengthOf(part.offset), delay: delayOf(part.delay ?? 0) };
  const key = part.fails ? "checking.part.fails" : part.delay === null ? "checking.part.alone" : "checking.part";
  return (
    <p class="playing-now small" data-testid="playing-now" data-good={good}>
      <Icon name={good ? "safe" : "care"} />
      {t(key, words)}
    </p>
  );
}

/** So many gaps are named at once: a phone that was too busy has one every second. */
const AT_ONCE = 4;

/** The longest of them, in their order. */
function longestOf(stretches: readonly Stretch[], most: number): readonly Stretch[] {
  const byLength = [...stretches].sort((one, other) => other.end - other.start - (one.end - one.start));
  const longest = new Set(byLength.slice(0, most));
  return stretches.filter((one) => longest.has(one));
}

function Gaps({ stretches, go }: { stretches: readonly Stretch[]; go(offset: number): void }): JSX.Element | null {
  if (stretches.length === 0) return null;
  return (
    <ul class="gaps">
      {stretches.map((one, at) => (
        <li key={at}>
          <button type="button" class="button small" onClick={() => go(one.start)} data-testid="gap">
            {`${lengthOf(one.start)} – ${lengthOf(one.end)}: ${whyOf(one)}`}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The recording from left to right, and its gaps, each a way to that moment. */
function Along({ report, parts, player }: PlayingProps & { report: ReportSaid }): JSX.Element | null {
  const timeline = timelineOf(report.facts);
  if (timeline === null) return null;
  const { stretches, length } = timeline;
  const go = (offset: number): void => {
    if (player.current) player.current.currentTime = secondsAt(parts, offset);
  };
  const without = stretches.filter(({ kind }) => kind !== "film");
  // A chat has moments and no length.
  if (player.current === null && without.length === 0) return null;
  return (
    <div class="along" role="group" aria-label={t("verify.picture")}>
      <svg width="100%" height="20" aria-hidden="true">
        {stretches.map((one, at) => (
          <rect
            key={at}
            class={one.kind}
            x={`${(100 * one.start) / length}%`}
            width={`${Math.max((100 * (one.end - one.start)) / length, 0.25)}%`}
            height="20"
          />
        ))}
      </svg>
      <p class="ends small" aria-hidden="true">
        <span>{lengthOf(0)}</span>
        <span>{lengthOf(length)}</span>
      </p>
      {without.length === 0 && <p class="small">{t("checking.no_gaps")}</p>}
      <Gaps stretches={longestOf(without, AT_ONCE)} go={go} />
      {without.length > AT_ONCE && (
        <details>
          <summary>{t("checking.gaps", { count: without.length })}</summary>
          <Gaps stretches={without} go={go} />
        </details>
      )}
    </div>
  );
}

function whyOf({ kind, reason }: Stretch): string {
  return kind === "awaited" ? t("verify.legend.awaited") : t(REASONS[reason] ?? "gap.unknown");
}

/** Who had it in hand, as the log has it. */
function Custody({ sealed }: { sealed: Blob }): JSX.Element | null {
  const [lines, show] = useState<readonly CustodyLine[]>([]);
  useEffect(() => {
    let over = false;
    custodyOf(sealed).then((found) => over || show(found), () => undefined);
    return () => void (over = true);
  }, [sealed]);
  if (lines.length === 0) return null;
  const privilege = privilegeIn(lines);
  return (
    <details data-testid="custody" open={privilege !== null}>
      <summary>{tn("checking.custody", lines.length)}</summary>
      {privilege !== null && (
        <Notice tone={privilege === "kept" ? "plain" : "care"}>{t(`checking.privilege.${privilege}`)}</Notice>
      )}
      <ol class="small">
        {lines.map(({ time, what, by }, at) => (
          <li key={at}>
            <time dateTime={time}>{dateAndTime(time)}</time>
            {" · "}
            <span lang="en" dir="ltr">{`${what} · ${by}`}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
