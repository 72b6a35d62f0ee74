/**
 * The page that checks a package: chosen or dropped, checked in a worker, shown as a report. It asks
 * no server for anything; once loaded it needs no network.
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { useLanguage } from "../ui/hooks";
import { Said, alarm, say } from "../ui/say";
import type { Given, ReportSaid } from "../verify/messages";
import { Unreadable, VerifierWorker } from "../verify/run";
import { Choose, NOTHING_GIVEN } from "./choose";
import { ReportShown } from "./report";

type State =
  | { is: "choosing"; trouble: string | null }
  | { is: "working"; done: number }
  | { is: "reported"; report: ReportSaid; checked: number };

export function App(): JSX.Element {
  useLanguage();
  const [file, choose] = useState<File | null>(null);
  const [given, give] = useState<Given>(NOTHING_GIVEN);
  const [state, become] = useState<State>({ is: "choosing", trouble: null });
  const verifier = useRef<VerifierWorker | null>(null);
  // There from the start: nothing is fetched once the page is loaded.
  useEffect(() => void (verifier.current = new VerifierWorker()), []);
  useEffect(() => void (document.title = `${t("verify.title")} · ${t("app.name")}`));

  const check = (): void => {
    if (file === null || verifier.current === null) return;
    become({ is: "working", done: 0 });
    say(t("verify.working"));
    const progress = tellQuarters(file.size, (done) => become({ is: "working", done }));
    verifier.current.verify(file, given, progress).then(
      (report) => {
        become({ is: "reported", report, checked: Date.now() });
        say(t(verdictOf(report)));
      },
      (error: unknown) => {
        const trouble = troubleOf(error);
        become({ is: "choosing", trouble });
        alarm(trouble);
      },
    );
  };
  const again = (): void => {
    choose(null);
    become({ is: "choosing", trouble: null });
  };
  return (
    <>
      <Said />
      <Screen demonstration={false} of={null}>
        <main class="verify" data-testid="verify" data-is={state.is}>
          {state.is === "reported" && file !== null ? (
            <ReportShown report={state.report} file={file} checked={state.checked} again={again} />
          ) : (
            <>
              <div>
                <h1>{t("verify.title")}</h1>
                <p class="soft">{t("verify.lead")}</p>
              </div>
              {state.is === "choosing" && state.trouble !== null && <Notice tone="loud">{state.trouble}</Notice>}
              {state.is === "working" ? (
                <Working done={state.done} all={file?.size ?? 0} />
              ) : (
                <Choose file={file} choose={choose} given={given} give={give} check={check} />
              )}
              <p class="soft small">{t("verify.limits")}</p>
            </>
          )}
        </main>
      </Screen>
    </>
  );
}

/** What is heard of progress: each quarter, once. Opened packages are read nearly twice. */
function tellQuarters(size: number, show: (done: number) => void): (bytes: number) => void {
  let quarter = 0;
  return (bytes) => {
    const done = Math.min(bytes, size);
    show(done);
    const now = Math.floor((4 * done) / Math.max(size, 1));
    if (now > quarter && now < 4) say(t("verify.percent", { percent: 25 * now }));
    quarter = Math.max(quarter, now);
  };
}

function Working({ done, all }: { done: number; all: number }): JSX.Element {
  return (
    <div class="working">
      <p>{t("verify.working")}</p>
      <progress aria-label={t("verify.progress")} max={all} value={done} />
    </div>
  );
}

export function verdictOf(report: ReportSaid): Key {
  if (report.findings.some(({ code }) => code === "not-a-package")) return "verify.exit.none";
  return `verify.exit.${report.exit}`;
}

const UNREAD = {
  policy: "verify.unread.policy",
  anchors: "verify.unread.anchors",
  heads: "verify.unread.heads",
  signer: "verify.unread.signer",
} as const;

function troubleOf(error: unknown): string {
  if (error instanceof Unreadable) return t(UNREAD[error.which], { why: error.why });
  return t("verify.failed", { why: error instanceof Error ? error.message : String(error) });
}
