/**
 * The caller's page: which screen is shown. Before the press it fetches what there is to know of the
 * server, checks whose it is, and sends what an earlier life of this page left behind.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Leftovers, Organization, Service } from "../contracts";
import { t } from "../i18n";
import { sendLeftovers } from "../leftovers";
import { ServerClock } from "../live";
import { warmRecorder } from "../recorder";
import { fetchServiceForEver } from "../service";
import { useLanguage, useWatched } from "../ui/hooks";
import { Said, alarm } from "../ui/say";
import { After } from "./after";
import { beginChoices, keepChoices, trustPinned, type Choices } from "./choices";
import { Encounter } from "./encounter";
import { InCall } from "./in-call";
import { NotTrusted } from "./not-trusted";
import { Start } from "./start";

export type Ready =
  | { is: "connecting"; unreachable: boolean }
  | { is: "refused"; why: "key" | "note" }
  | { is: "ready"; service: Service; organization: Organization };

const clock = new ServerClock();

export function App(): JSX.Element {
  useLanguage();
  const [ready, decide] = useState<Ready>({ is: "connecting", unreachable: false });
  const [choices, choose] = useState<Choices>(() => beginChoices(location.hash));
  const [encounter, enter] = useState<Encounter | null>(null);
  const leftovers = useLeftovers(ready, encounter);
  useEffect(() => void prepare(decide), []);
  // The recorder's worker and its libraries are loaded before they are needed.
  useEffect(() => {
    if (encounter === null) warmRecorder();
  }, [encounter]);
  useEffect(() => keepChoices(choices), [choices]);
  useEffect(() => followLink(choose), []);
  useEffect(() => void (document.title = `${t("start.title")} · ${t("app.name")}`));

  const press = (): void => {
    if (ready.is !== "ready") return;
    enter(new Encounter(ready.service, ready.organization, choices, clock));
  };
  return (
    <>
      <Said />
      {ready.is === "refused" && <NotTrusted why={ready.why} />}
      {ready.is !== "refused" && encounter === null && (
        <Start ready={ready} choices={choices} choose={choose} press={press} leftovers={leftovers} />
      )}
      {ready.is === "ready" && encounter !== null && (
        <Pressed
          encounter={encounter}
          service={ready.service}
          organization={ready.organization}
          back={() => enter(null)}
        />
      )}
    </>
  );
}

interface PressedProps {
  encounter: Encounter;
  service: Service;
  organization: Organization;
  back(): void;
}

function Pressed({ encounter, service, organization, back }: PressedProps): JSX.Element {
  const view = useWatched(encounter.view);
  return view.ended ? (
    <After
      encounter={encounter}
      view={view}
      organization={organization}
      demonstration={service.demonstration}
      back={back}
    />
  ) : (
    <InCall encounter={encounter} view={view} service={service} />
  );
}

async function prepare(decide: (ready: Ready) => void): Promise<void> {
  const service = await fetchServiceForEver(() => {
    decide({ is: "connecting", unreachable: true });
    alarm(t("service.unreachable"));
  });
  alarm("");
  clock.hear(service.time);
  const found = trustPinned(service);
  if ("refused" in found) decide({ is: "refused", why: found.refused });
  else decide({ is: "ready", service, organization: found.organization });
}

/** A second link opened in the same tab changes only the fragment: the page starts afresh from it. */
function followLink(choose: (choices: Choices) => void): () => void {
  const follow = (): void => choose(beginChoices(location.hash));
  addEventListener("hashchange", follow);
  return () => removeEventListener("hashchange", follow);
}

/** Sends what is left over while no encounter runs; null where there was nothing. */
function useLeftovers(ready: Ready, encounter: Encounter | null): Leftovers | null {
  const [leftovers, tell] = useState<Leftovers | null>(null);
  const service = ready.is === "ready" && encounter === null ? ready.service : null;
  useEffect(() => {
    if (service === null) return;
    tell(null);
    const sender = sendLeftovers(service);
    const unwatch = sender.watch((found) => tell(found.waiting + found.sent > 0 ? found : null));
    return () => {
      unwatch();
      sender.stop();
    };
  }, [service]);
  return leftovers;
}
