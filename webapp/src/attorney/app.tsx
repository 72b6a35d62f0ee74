/**
 * The attorney's page: joining by an invitation, or the desk. Which of the two follows from whether
 * this browser holds an attorney's keys.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Organization, Service } from "../contracts";
import { trust } from "../caller/trust";
import { openCard } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import { utf8 } from "../evidence/text";
import { t } from "../i18n";
import { forgetAttorney, loadAttorney, type Attorney } from "../keys";
import { ServerClock } from "../live";
import { Refused, fetchServiceForEver } from "../service";
import { Notice, Screen, VerifyLink } from "../ui/frame";
import { useFocus, useLanguage } from "../ui/hooks";
import { Said, alarm } from "../ui/say";
import { Desk, signInAs } from "./desk";
import { DeskScreen } from "./desk-screen";
import { Enrol } from "./enrol";
import { keptLanguages } from "./languages";

const clock = new ServerClock();

type State =
  | { is: "connecting"; unreachable: boolean }
  | { is: "broken" }
  | { is: "stranger"; invitation: string | null }
  | { is: "unknown-card"; attorney: Attorney }
  | { is: "desk"; attorney: Attorney; desk: Desk };

interface Server {
  service: Service;
  organization: Organization;
}

/** The invitation's code in a link `/duty#invitation=<code>`, or null. */
export function readInvitationLink(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("invitation") || null;
}

export function App(): JSX.Element {
  const tongue = useLanguage();
  const [state, become] = useState<State>({ is: "connecting", unreachable: false });
  const [server, know] = useState<Server | null>(null);
  useEffect(() => void begin(become, know), []);
  useEffect(() => void (document.title = `${t("duty.title")} · ${t("app.name")}`), [state.is, tongue]);

  const enter = (attorney: Attorney): void => {
    history.replaceState(null, "", location.pathname);
    if (server) void comeIn(attorney, server.service, become);
  };
  if (state.is === "desk" && server) {
    return (
      <>
        <Said />
        <DeskScreen desk={state.desk} attorney={state.attorney} {...server} />
      </>
    );
  }
  return (
    <>
      <Said />
      <Screen
        demonstration={server?.service.demonstration === true}
        of={server?.organization.name ?? null}
      >
        <main class="enrol">
          {state.is === "stranger" && server && (
            <Enrol {...server} invitation={state.invitation} enter={enter} />
          )}
          {state.is === "connecting" && <Waiting unreachable={state.unreachable} />}
          {state.is === "broken" && <Notice tone="loud">{t("pin.broken")}</Notice>}
          {state.is === "unknown-card" && <UnknownCard name={state.attorney.name} />}
          <VerifyLink />
        </main>
      </Screen>
    </>
  );
}

function Waiting({ unreachable }: { unreachable: boolean }): JSX.Element {
  return (
    <>
      <h1>{t("duty.title")}</h1>
      <p class="soft">{t(unreachable ? "service.unreachable" : "service.connecting")}</p>
    </>
  );
}

/** The server does not know the card in this browser: another server's, or its data are gone. */
function UnknownCard({ name }: { name: string }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const forget = (): void => void forgetAttorney().then(() => location.reload());
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t("desk.unknown.title")}
      </h1>
      <p>{t("desk.unknown", { name })}</p>
      <p>
        <button type="button" class="button" onClick={forget}>
          {t("desk.forget")}
        </button>
      </p>
    </>
  );
}

type Become = (state: State) => void;

async function begin(become: Become, know: (server: Server) => void): Promise<void> {
  const service = await fetchServiceForEver(() => {
    become({ is: "connecting", unreachable: true });
    alarm(t("service.unreachable"));
  });
  alarm("");
  clock.hear(service.time);
  const found = trust(service, null);
  if ("refused" in found) return become({ is: "broken" });
  know({ service, organization: found.organization });
  const attorney = await loadAttorney().catch(() => null);
  const invitation = readInvitationLink(location.hash);
  if (attorney === null) return become({ is: "stranger", invitation });
  if (!signedBy(service.organization_key, attorney.card)) {
    // The card is another organization's; an invitation of this one makes a new card.
    return become(invitation === null ? { is: "unknown-card", attorney } : { is: "stranger", invitation });
  }
  if (invitation !== null) history.replaceState(null, "", location.pathname);
  await comeIn(attorney, service, become);
}

function signedBy(organizationKey: string, card: string): boolean {
  try {
    openCard(utf8(card), Verifier.parse(organizationKey));
    return true;
  } catch {
    return false;
  }
}

/** Signs in, again and again until the server answers, and opens the desk. */
async function comeIn(attorney: Attorney, service: Service, become: Become): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await signInAs(attorney, clock);
      break;
    } catch (error) {
      if (error instanceof Refused && error.problem.status < 500 && error.problem.status !== 429) {
        return become({ is: "unknown-card", attorney });
      }
      become({ is: "connecting", unreachable: true });
      await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 500 * 2 ** tries)));
    }
  }
  const desk = new Desk(attorney, service, clock, () => keptLanguages(service.languages));
  become({ is: "desk", attorney, desk });
}
