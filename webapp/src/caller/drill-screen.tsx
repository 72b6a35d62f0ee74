/** The drill on the screen: what it does before it does it, how far it is, what arrived and what becomes of it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { dateAndTime, t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useWatched } from "../ui/hooks";
import { say } from "../ui/say";
import { missingOf } from "./choices";
import { DRILL_SECONDS, Drill, type DrillResult, type DrillView } from "./drill";
import { keepDrill } from "./drill-kept";
import { loadKit } from "./kit-loader";
import { SafariTab } from "./safari";
import type { StepProps } from "./setup";

export function DrillStep(props: StepProps): JSX.Element {
  const { service, choices, settled } = props;
  const [drill, begin] = useState<Drill | null>(null);
  const missing = service === null ? null : missingOf(choices, service);
  const start = (): void => {
    if (service !== null) begin(new Drill(service, choices.code, loadKit()));
  };
  if (drill !== null) {
    return <Running key={String(drill)} drill={drill} again={() => begin(null)} settled={settled} />;
  }
  return (
    <>
      <p>{t("drill.lead")}</p>
      {missing !== null && <Notice tone="care">{t("drill.missing")}</Notice>}
      <p>
        <button type="button" class="button main" disabled={service === null || missing !== null} onClick={start}>
          {t("drill.start")}
        </button>
      </p>
    </>
  );
}

const PHASES: Record<Exclude<DrillView["phase"], "over" | "recording">, Key> = {
  starting: "drill.starting",
  sending: "drill.sending",
  deleting: "drill.deleting",
};

interface RunningProps {
  drill: Drill;
  again(): void;
  settled(done: boolean): void;
}

function Running({ drill, again, settled }: RunningProps): JSX.Element {
  const view = useWatched(drill.view);
  const { phase, result, sealed, arrived } = view;
  const told = useRef(false);
  useEffect(() => {
    if (result === null || told.current) return;
    told.current = true;
    keepDrill({ at: Date.now(), arrived: result.is === "arrived" ? result.kind : "nothing" });
    say(t(result.is === "arrived" ? "drill.done" : "drill.failed"));
    settled(result.is === "arrived");
  }, [result]);
  return (
    <div class="drill" data-testid="drill" data-phase={phase} data-sealed={sealed} data-arrived={arrived}>
      {result === null ? <Going view={view} /> : <Result result={result} view={view} />}
      {result?.is === "failed" && (
        <p>
          <button type="button" class="button" onClick={again}>
            {t("drill.again")}
          </button>
        </p>
      )}
    </div>
  );
}

function Going({ view }: { view: DrillView }): JSX.Element {
  const { phase, seconds, sealed, arrived } = view;
  const whole = Math.min(DRILL_SECONDS, Math.floor(seconds));
  return (
    <>
      <p class="what">
        <span class={phase === "recording" ? "dot live" : "dot"} />
        {phase === "recording"
          ? t("drill.recording", { seconds: whole, count: DRILL_SECONDS })
          : phase !== "over" && t(PHASES[phase])}
      </p>
      <progress max={DRILL_SECONDS} value={whole} aria-label={t("drill.progress")} />
      <p class="small soft">{t("drill.parts", { sealed, arrived })}</p>
    </>
  );
}

function Result({ result, view }: { result: DrillResult; view: DrillView }): JSX.Element {
  if (result.is === "failed") {
    return (
      <>
        <Notice tone="care">{failureOf(result)}</Notice>
        {result.why === "devices" && <SafariTab lead="setup.devices.safari" />}
      </>
    );
  }
  return (
    <>
      <Notice tone="safe">{t("drill.done")}</Notice>
      <ul class="says">
        <li>{t(result.kind === "film" ? "drill.done.film" : "drill.done.sound")}</li>
        <li>{t("drill.parts", { sealed: view.sealed, arrived: view.arrived })}</li>
        <li>{t("drill.done.nobody")}</li>
        <li>{t("drill.done.key")}</li>
        <li>
          {result.due === null
            ? t("drill.done.undeleted")
            : t("drill.done.deleted", { time: dateAndTime(new Date(result.due).toISOString()) })}
        </li>
      </ul>
    </>
  );
}

function failureOf({ why, problem }: Extract<DrillResult, { is: "failed" }>): string {
  if (why === "devices") return t("drill.failed.devices");
  if (why === "sending") return t("drill.failed.sending");
  if (why === "trust") return t("pin.title");
  return problem === null ? t("drill.failed") : t("rec.problem", { problem });
}
