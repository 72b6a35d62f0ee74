/**
 * The attorney's page: joining by an invitation, or the desk. Which of the two follows from whether
 * this browser holds an attorney's keys.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Service } from "../contracts";
import { meet, askForEver, type Server } from "../account/meeting";
import { goesOnDuty, type Arrived, type By } from "../account/requests";
import { SignIn } from "../account/sign-in";
import type { KeyBundle } from "../account/vault";
import { openCard } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import { utf8 } from "../evidence/text";
import { t } from "../i18n";
import {
  actWith,
  forgetAttorney,
  keepInClear,
  keepWaiting,
  loadAttorney,
  loadWaiting,
  type Attorney,
  type Waiting,
} from "../keys";
import { ServerClock } from "../live";
import { Notice, Screen, VerifyLink } from "../ui/frame";
import { useFocus, useLanguage } from "../ui/hooks";
import { Said } from "../ui/say";
import { Desk } from "./desk";
import { DeskScreen } from "./desk-screen";
import { Enrol } from "./enrol";
import { readInvitationLink } from "./invitation";
import { keptLanguages } from "./languages";
import { signInAs } from "./session";
import { WaitingCard, signInWaiting } from "./waiting-card";

const clock = new ServerClock();

type State =
  | { is: "connecting"; unreachable: boolean }
  | { is: "broken" }
  | { is: "stranger"; invitation: string | null }
  | { is: "unknown-card"; attorney: Attorney }
  | { is: "waiting"; waiting: Waiting }
  | { is: "desk"; attorney: Attorney; desk: Desk; bySheet: boolean };

export function App(): JSX.Element {
  const tongue = useLanguage();
  const [state, become] = useState<State>({ is: "connecting", unreachable: false });
  const [server, know] = useState<Server | null>(null);
  useEffect(() => void begin(become, know), []);
  useEffect(() => void (document.title = `${t("duty.title")} · ${t("app.name")}`), [state.is, tongue]);

  const enter = (attorney: Attorney, by: By): void => {
    history.replaceState(null, "", location.pathname);
    if (server) void comeIn(attorney, server.service, become, by);
  };
  const wait = (waiting: Waiting): void => {
    history.replaceState(null, "", location.pathname);
    become({ is: "waiting", waiting });
  };
  if (state.is === "desk" && server) {
    return (
      <>
        <Said />
        <DeskScreen desk={state.desk} attorney={state.attorney} bySheet={state.bySheet} {...server} />
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
          {state.is === "stranger" && server && state.invitation !== null && (
            <Enrol {...server} invitation={state.invitation} clock={clock} enter={enter} wait={wait} />
          )}
          {state.is === "stranger" && state.invitation === null && <ComeBack arrive={enter} wait={wait} />}
          {state.is === "waiting" && <WaitingCard waiting={state.waiting} enter={enter} />}
          {state.is === "connecting" && <Connecting unreachable={state.unreachable} />}
          {state.is === "broken" && <Notice tone="loud">{t("pin.broken")}</Notice>}
          {state.is === "unknown-card" && <UnknownCard name={state.attorney.name} />}
          {state.is === "stranger" && state.invitation === null && <VerifyLink />}
        </main>
      </Screen>
    </>
  );
}

function Connecting({ unreachable }: { unreachable: boolean }): JSX.Element {
  return (
    <>
      <h1>{t("duty.title")}</h1>
      <p class="soft">{t(unreachable ? "service.unreachable" : "service.connecting")}</p>
    </>
  );
}

/** Somebody without keys in this browser: a passkey or the recovery sheet brings them. */
interface ComeBackProps {
  arrive(attorney: Attorney, by: By): void;
  wait(waiting: Waiting): void;
}

function ComeBack({ arrive, wait }: ComeBackProps): JSX.Element {
  const enter = async (arrived: Arrived, keys: KeyBundle | null, by: By, keep: boolean): Promise<void> => {
    // A coordinator's page is another one.
    if (!goesOnDuty(arrived)) return location.assign("/desk");
    if (keys === null) return;
    if (arrived.card === null) {
      const waiting = { person: arrived.person, name: arrived.name, keys };
      if (keep) await keepWaiting(waiting);
      return wait(waiting);
    }
    const attorney = await actWith(keys, arrived.card);
    if (keep) await keepInClear(attorney);
    arrive(attorney, by);
  };
  return (
    <>
      <SignIn needsKeys arrive={(...come) => void enter(...come)} />
      <p class="soft" data-testid="enrol-refused">
        {t("enrol.needed")}
      </p>
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
  const server = await meet(clock, () => become({ is: "connecting", unreachable: true }));
  if (server === null) return become({ is: "broken" });
  const { service } = server;
  know(server);
  const attorney = await loadAttorney().catch(() => null);
  const invitation = readInvitationLink(location.hash);
  if (attorney === null) {
    const waiting = invitation === null ? await loadWaiting().catch(() => null) : null;
    if (waiting === null) return become({ is: "stranger", invitation });
    await askForEver(() => signInWaiting(waiting, clock), () => become({ is: "connecting", unreachable: true }));
    return become({ is: "waiting", waiting });
  }
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

/**
 * Signs in, again and again until the server answers, and opens the desk. Who came by a passkey or a
 * sheet is in already, and that session counts as freshly proved: another would not.
 */
async function comeIn(attorney: Attorney, service: Service, become: Become, by: By = "key"): Promise<void> {
  const waiting = (): void => become({ is: "connecting", unreachable: true });
  const known = by !== "key" || (await askForEver(() => signInAs(attorney, clock), waiting)) !== null;
  if (!known) return become({ is: "unknown-card", attorney });
  const desk = new Desk(attorney, service, clock, () => keptLanguages(service.languages));
  become({ is: "desk", attorney, desk, bySheet: by === "sheet" });
}
