/**
 * A recording, opened in this browser: the sealed package is fetched, unsealed with the attorney's
 * identity, checked, compared with the heads heard in the call, and played. Green is shown only where
 * a check holds, and it says what this page cannot vouch for.
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PublicCopy } from "../copy/public-copy";
import { ExportPart } from "../disclosure/export-part";
import type { CardSigner } from "../disclosure/run";
import { t, tn, type Key, type Values } from "../i18n";
import { Refused, Unreachable, fetchPackage } from "../service";
import { Notice } from "../ui/frame";
import { useAgain } from "../ui/hooks";
import { say } from "../ui/say";
import { digestOf } from "../evidence/statements";
import { writeHex } from "../evidence/text";
import { Unopenable, type Unsealed, unseal } from "../unseal";
import { Zip } from "../zip";
import type { CheckingProps } from "./case-checking";
import { ChatRead } from "./chat-read";
import { compareHeads, headsOf, type Comparison } from "./heads";

interface Result {
  sealed: Blob;
  found: Unsealed;
  address: string | null;
  /** null where nothing could have been heard */
  comparison: Comparison | null;
}

/** Why it could not be opened, in whatever language the page has by then. */
interface Why {
  key: Key;
  values?: Values;
}

type Progress =
  | { is: "fetching" }
  | { is: "unsealing"; done: number; total: number }
  | { is: "failed"; why: Why; away: boolean }
  | { is: "opened"; result: Result };

interface OpenedProps {
  recording: string;
  time: string;
  identity: string;
  /** how the package comes, where a session does not open it */
  fetchSealed?(bare?: boolean): Promise<Blob>;
  /** what is said where the server has it no more */
  gone?: Key;
  /** who signs what is given out of it, where a card names their key */
  signer?: CardSigner;
  /** false where this browser was no console: there is nothing to compare with */
  heads?: boolean;
  /** whoever looks is who called */
  mine?: boolean;
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
  { recording, identity, fetchSealed, heads }: OpenedProps,
  tell: (progress: Progress) => void,
): Promise<Result> {
  const sealed = await (fetchSealed?.() ?? fetchPackage(recording, () => undefined));
  const found = await unseal(sealed, identity, (done, total) => tell({ is: "unsealing", done, total }));
  return {
    sealed,
    found,
    address: found.media.size > 0 && found.kind !== "notes" ? URL.createObjectURL(found.media) : null,
    comparison:
      heads === false ? null : await compareHeads(await headsOf(recording), found.head.number, digestsIn(sealed)),
  };
}

function whyOf(error: unknown, gone: Key | undefined): Why {
  if (error instanceof Unopenable && error.code === "doesnothold") return { key: "opened.failed.key" };
  if (error instanceof Unopenable) return { key: "opened.failed.package" };
  if (error instanceof Unreachable) return { key: "service.unreachable" };
  if (error instanceof Refused) {
    const { status } = error.problem;
    return status === 404 && gone !== undefined ? { key: gone } : { key: "problem.other", values: { status } };
  }
  return { key: "opened.failed", values: { why: error instanceof Error ? error.message : String(error) } };
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

export function Opened(props: OpenedProps): JSX.Element {
  const { recording } = props;
  const [progress, tell] = useState<Progress>({ is: "fetching" });
  const look = useRef((): Promise<void> => Promise.resolve());
  useEffect(() => {
    let left = false;
    let address: string | null = null;
    const show = (next: Progress): void => {
      if (!left) tell(next);
    };
    look.current = () =>
      open(props, show).then(
        (result) => {
          address = result.address;
          if (left && address !== null) URL.revokeObjectURL(address);
          show({ is: "opened", result });
          say(t("opened.title"));
        },
        (error: unknown) =>
          show({ is: "failed", why: whyOf(error, props.gone), away: error instanceof Unreachable }),
      );
    show({ is: "fetching" });
    void look.current();
    return () => {
      left = true;
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, [recording]);
  useAgain(progress.is === "failed" && progress.away, () => look.current());
  return (
    <div class="opened" data-testid="opening" data-is={progress.is}>
      {progress.is === "opened" ? (
        <Shown result={progress.result} {...props} />
      ) : (
        <Underway progress={progress} />
      )}
    </div>
  );
}

function Underway({ progress }: { progress: Exclude<Progress, { is: "opened" }> }): JSX.Element {
  if (progress.is === "failed") {
    return <Notice tone="loud">{t(progress.why.key, progress.why.values)}</Notice>;
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

interface ShownProps extends OpenedProps {
  result: Result;
}

function Shown({ result, ...props }: ShownProps): JSX.Element {
  const { time, recording, identity, fetchSealed, signer } = props;
  const player = useRef<HTMLVideoElement & HTMLAudioElement>(null);
  const label = t("opened.player", { time });
  const { address, found, comparison, sealed } = result;
  const { mime, problems, kind, media } = found;
  const fetchBare = (): Promise<Blob> => fetchSealed?.(true) ?? fetchPackage(recording, () => undefined, {}, true);
  return (
    <div class="opened" data-testid="opened" data-holds={problems.length === 0} data-heads={comparison?.is ?? "none"}>
      {kind === "notes" && <ChatRead media={media} mine={props.mine === true} />}
      {address !== null &&
        (mime.startsWith("audio") ? (
          <audio ref={player} src={address} controls aria-label={label} data-testid="player" />
        ) : (
          <video ref={player} src={address} controls playsInline aria-label={label} data-testid="player" />
        ))}
      <CheckedWhole sealed={sealed} recording={recording} player={player} heads={props.heads !== false} />
      <Verdicts result={result} />
      <p class="soft small">{t("opened.limits")}</p>
      {address !== null && !mime.startsWith("audio") && <PublicCopy film={found.media} recording={recording} />}
      <ExportPart {...{ sealed, found, player, identity, fetchBare }} signer={signer ?? null} />
    </div>
  );
}

/** What checks the whole package comes when a recording is opened: no page waits for it before. */
function CheckedWhole(props: CheckingProps): JSX.Element {
  const [loaded, have] = useState<typeof import("./case-checking") | "not" | null>(null);
  useEffect(() => {
    import("./case-checking").then(have, () => have("not"));
  }, []);
  if (loaded === "not") return <Notice tone="care">{t("checking.failed")}</Notice>;
  if (loaded === null) return <p class="soft">{t("checking.running")}</p>;
  return <loaded.Checking {...props} />;
}

function Verdicts({ result }: { result: Result }): JSX.Element {
  const { found, comparison } = result;
  const { problems, segments } = found;
  const [ok, closed] = [problems.length === 0, found.closing !== null];
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
      {comparison !== null && <HeadsVerdict comparison={comparison} />}
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
