/**
 * A recording, opened in this browser: the sealed package is fetched, unsealed with the attorney's
 * identity, checked, compared with the heads heard in the call, and played. Green is shown only where
 * a check holds, and it says what this page cannot vouch for.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CaseRecording } from "../contracts";
import { t, tn, type Key } from "../i18n";
import { Refused, Unreachable, fetchPackage } from "../service";
import { Notice } from "../ui/frame";
import { say } from "../ui/say";
import { digestOf } from "../evidence/statements";
import { writeHex } from "../evidence/text";
import { Unopenable, unseal } from "../unseal";
import { Zip } from "../zip";
import { compareHeads, headsOf, type Comparison } from "./heads";

interface Result {
  address: string | null;
  mime: string;
  segments: number;
  ok: boolean;
  problems: readonly string[];
  closed: boolean;
  comparison: Comparison;
}

type Progress =
  | { is: "fetching" }
  | { is: "unsealing"; done: number; total: number }
  | { is: "failed"; why: string }
  | { is: "opened"; result: Result };

interface OpenedProps {
  recording: CaseRecording;
  time: string;
  identity: string;
}

/** The digest of a statement in a package, as its phone would have stated it in the call. */
function digestsIn(sealed: Blob): (number: number) => Promise<string> {
  return async (number) => {
    const zip = await Zip.open(sealed);
    const end = `/data/statements/${String(number).padStart(6, "0")}.note`;
    const name = zip.names.find((each) => each.endsWith(end));
    return name === undefined ? "" : writeHex(digestOf(await zip.read(name)));
  };
}

async function open(
  recording: string,
  identity: string,
  tell: (progress: Progress) => void,
): Promise<Result> {
  tell({ is: "fetching" });
  const sealed = await fetchPackage(recording, () => undefined);
  const found = await unseal(sealed, identity, (done, total) => tell({ is: "unsealing", done, total }));
  return {
    address: found.media.size > 0 ? URL.createObjectURL(found.media) : null,
    mime: found.mime,
    segments: found.segments,
    ok: found.problems.length === 0,
    problems: found.problems,
    closed: found.closing !== null,
    comparison: await compareHeads(await headsOf(recording), found.head.number, digestsIn(sealed)),
  };
}

function whyOf(error: unknown): string {
  if (error instanceof Unopenable && error.code === "doesnothold") return t("opened.failed.key");
  if (error instanceof Unopenable) return t("opened.failed.package");
  if (error instanceof Unreachable) return t("service.unreachable");
  if (error instanceof Refused) return t("problem.other", { status: error.problem.status });
  return t("opened.failed", { why: error instanceof Error ? error.message : String(error) });
}

const PROBLEMS: Readonly<Record<string, Key>> = {
  statement: "finding.statement",
  chain: "finding.chain",
  "segment-missing": "finding.segment-missing",
  "segment-hash": "finding.segment-hash",
  "segment-damaged": "finding.segment-damaged",
  order: "finding.order",
};

/** What `unseal` found, `<code>:<number of the statement>`, as a sentence. */
function problemSaid(problem: string): string {
  const [code = "", number = ""] = problem.split(":");
  return t(PROBLEMS[code] ?? "finding.other", { number, code });
}

export function Opened({ recording, time, identity }: OpenedProps): JSX.Element {
  const [progress, tell] = useState<Progress>({ is: "fetching" });
  useEffect(() => {
    let left = false;
    let address: string | null = null;
    const show = (next: Progress): void => {
      if (!left) tell(next);
    };
    open(recording.recording, identity, show).then(
      (result) => {
        address = result.address;
        if (left && address !== null) URL.revokeObjectURL(address);
        show({ is: "opened", result });
        say(t("opened.title"));
      },
      (error: unknown) => show({ is: "failed", why: whyOf(error) }),
    );
    return () => {
      left = true;
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, [recording.recording]);
  return (
    <div class="opened" data-testid="opening" data-is={progress.is}>
      {progress.is === "opened" ? (
        <Shown result={progress.result} time={time} />
      ) : (
        <Underway progress={progress} />
      )}
    </div>
  );
}

function Underway({ progress }: { progress: Exclude<Progress, { is: "opened" }> }): JSX.Element {
  if (progress.is === "failed") {
    return <Notice tone="loud">{progress.why}</Notice>;
  }
  const measured = progress.is === "unsealing" ? { max: progress.total, value: progress.done } : {};
  return (
    <>
      <p class="soft" role="status">
        {t(progress.is === "fetching" ? "opened.fetching" : "opened.unsealing")}
      </p>
      <progress aria-label={t("opened.progress")} {...measured} />
    </>
  );
}

interface ShownProps {
  result: Result;
  time: string;
}

function Shown({ result, time }: ShownProps): JSX.Element {
  const label = t("opened.player", { time });
  const { address, mime, ok, comparison } = result;
  return (
    <div class="opened" data-testid="opened" data-holds={ok} data-heads={comparison.is}>
      {address !== null &&
        (mime.startsWith("audio") ? (
          <audio src={address} controls aria-label={label} data-testid="player" />
        ) : (
          <video src={address} controls playsInline aria-label={label} data-testid="player" />
        ))}
      <Verdicts result={result} />
      <p class="soft small">{t("opened.limits")}</p>
    </div>
  );
}

function Verdicts({ result }: { result: Result }): JSX.Element {
  const { ok, problems, segments, closed, comparison } = result;
  return (
    <div class="verdicts" data-testid="verdicts">
      {ok ? (
        <Notice tone="safe">{tn("opened.holds", segments)}</Notice>
      ) : (
        <Notice tone="loud">
          <p>{t("opened.problems")}</p>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problemSaid(problem)}</li>
            ))}
          </ul>
        </Notice>
      )}
      <HeadsVerdict comparison={comparison} />
      {ok && (
        <Notice tone={closed ? "safe" : "care"}>{t(closed ? "opened.closed" : "opened.open_ended")}</Notice>
      )}
    </div>
  );
}

function HeadsVerdict({ comparison }: { comparison: Comparison }): JSX.Element {
  switch (comparison.is) {
    case "match":
      return (
        <Notice tone="safe">
          {t("opened.heads.match", { number: comparison.upTo })}
          {comparison.after > 0 && ` ${tn("opened.heads.after", comparison.after)}`}
        </Notice>
      );
    case "beyond":
      return <Notice tone="care">{tn("opened.heads.beyond", comparison.more)}</Notice>;
    case "differ":
      return <Notice tone="loud">{t("opened.heads.differ")}</Notice>;
    case "none":
      return <Notice>{t("opened.heads.none")}</Notice>;
  }
}
