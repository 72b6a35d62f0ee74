/**
 * The screen after the end: whether the recording is safe, how much still waits, who can open it, and
 * "Lock now". It stays until the caller goes back; what has not gone by then waits sealed.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Service } from "../contracts";
import { t, tn } from "../i18n";
import { Notice, Screen } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import { keptOwn } from "../own/kept";
import { NumberSlot } from "../callback/slot";
import { TellingSlot } from "../people/slot";
import type { Encounter, EncounterView } from "./encounter";
import { problemOf } from "./troubles";

interface AfterProps {
  encounter: Encounter;
  view: EncounterView;
  service: Service;
  back(): void;
}

export function After(props: AfterProps): JSX.Element {
  const { encounter, view, service, back } = props;
  const heading = useFocus<HTMLHeadingElement>();
  const { recorder, attorney, locked } = view;
  const organization = view.organization?.name ?? "";
  const problem = recorder.problem === null ? null : problemOf(recorder.problem);
  const nothing = recorder.recording === null || recorder.kind === "notes";
  return (
    <Screen demonstration={service.demonstration} of={organization}>
      <main class="after" data-testid="after" data-phase={recorder.phase} data-waiting={recorder.waiting}>
        <h1 ref={heading} tabIndex={-1}>
          {t(view.cancelled ? "cancel.title" : "after.title")}
        </h1>
        {view.cancelled && <p>{t("cancel.text")}</p>}
        <div class="card">
          {nothing ? <p>{t("after.none")}</p> : <div class="fate-of-all"><Progress view={view} /></div>}
          {problem !== null && <Notice tone={problem.tone}>{problem.text}</Notice>}
          <div class="facts soft small">
            {!nothing && (
              <p>
                {recorder.granted && attorney
                  ? t("after.who.attorney", { name: attorney.name, organization })
                  : t("after.who", { organization })}{" "}
                {t(keptOwn() === null ? "after.phone" : "after.own")}
              </p>
            )}
            {recorder.recording !== null && (
              <p class="reference">{t("after.reference", { id: recorder.recording })}</p>
            )}
          </div>
        </div>
        <TellingSlot telling={view.telling} />
        <NumberSlot
          offered={(view.standing?.callback ?? null) !== null}
          claim={encounter.claim}
          told={view.standing?.callback ?? null}
          service={service}
          organization={organization}
          now={() => encounter.clock.now()}
          beside={false}
        />
        <div class="ways">
          <button type="button" class="button main" onClick={back}>
            {t("after.back")}
          </button>
          {!nothing && <Lock locked={locked} lock={() => encounter.lock()} />}
        </div>
      </main>
    </Screen>
  );
}

function Progress({ view }: { view: EncounterView }): JSX.Element {
  const { waiting, phase } = view.recorder;
  const [most, raise] = useState(waiting);
  if (waiting > most) raise(waiting);
  const safe = waiting === 0 && phase === "finished";
  const sentence = safe ? t("after.safe") : tn("after.sending", waiting);
  useEffect(() => say(sentence), [safe]);
  if (safe) return <Notice tone="safe">{sentence}</Notice>;
  return (
    <div class="facts">
      <p>{sentence}</p>
      <progress max={Math.max(1, most)} value={most - waiting} aria-label={t("after.progress")} />
      <p class="small soft">{phase === "finished" ? t("after.queue") : t("after.stay")}</p>
    </div>
  );
}

function Lock({ locked, lock }: { locked: boolean; lock(): void }): JSX.Element {
  return (
    <div class="facts">
      <button type="button" class="button" disabled={locked} onClick={lock}>
        <Icon name="lock" />
        {t("after.lock")}
      </button>
      <p class="small soft" role="status">
        {locked ? t("after.locked") : t("after.lock.hint")}
      </p>
    </div>
  );
}
