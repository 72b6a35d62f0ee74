/** The coordinators' page: joining by an invitation, or the desk. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { meet, askForEver } from "../account/meeting";
import { passkeysPossible, underName } from "../account/passkeys";
import { Protect } from "../account/protect";
import { goesOnDuty, type Arrived, type By } from "../account/requests";
import { Numbered, SignIn } from "../account/sign-in";
import { readInvitationLink } from "../attorney/invitation";
import type { Service } from "../contracts";
import { t } from "../i18n";
import { ServerClock } from "../live";
import { Notice, Screen } from "../ui/frame";
import { useFocus, useLanguage } from "../ui/hooks";
import { Said } from "../ui/say";
import { DeskScreen } from "./desk-screen";
import { fetchName, forgetPerson, join, loadPerson, signInAs, type Person } from "./person";
import { Watch } from "./watch";

const clock = new ServerClock();

type State =
  | { is: "connecting"; unreachable: boolean }
  | { is: "broken" }
  | { is: "stranger"; invitation: string | null }
  | { is: "refused" }
  | { is: "protect"; person: Person; name: string }
  | { is: "desk"; watch: Watch; name: string; bySheet: boolean };

type Become = (state: State) => void;

export function App(): JSX.Element {
  const tongue = useLanguage();
  const [state, become] = useState<State>({ is: "connecting", unreachable: false });
  const [server, know] = useState<{ service: Service; name: string } | null>(null);
  useEffect(() => void begin(become, (service, name) => know({ service, name })), []);
  useEffect(() => void (document.title = `${t("dd.title")} · ${t("app.name")}`), [tongue]);
  const meetAgain = async (): Promise<void> => {
    const met = await meet(clock, () => undefined);
    if (met !== null) know({ service: met.service, name: met.organization.name });
  };
  const enter = async (person: Person, name: string): Promise<void> => {
    history.replaceState(null, "", location.pathname);
    if (!passkeysPossible()) return comeIn(person, become);
    await signInAs(person, clock);
    become({ is: "protect", person, name });
  };
  /** With a passkey no key needs to lie in this browser. */
  const protect = async (person: Person, name: string, passkey: boolean): Promise<void> => {
    if (!passkey) return comeIn(person, become);
    await forgetPerson();
    open({ id: person.id, sign: null }, name, become);
  };
  const arrive = (arrived: Arrived, by: By): void => {
    // Whoever goes on duty has a page of their own.
    if (goesOnDuty(arrived)) return location.assign("/duty");
    open({ id: arrived.person, sign: null }, arrived.name, become, by === "sheet");
  };
  return (
    <>
      <Said />
      <Screen demonstration={server?.service.demonstration === true} of={server?.name ?? null}>
        {state.is === "desk" ? (
          <DeskScreen
            watch={state.watch}
            name={state.name}
            organization={server?.name ?? ""}
            bySheet={state.bySheet}
            founded={() => void meetAgain()}
          />
        ) : (
          <main class="joining">
            {state.is === "connecting" && (
              <>
                <h1>{t("dd.title")}</h1>
                <p class="soft">{t(state.unreachable ? "service.unreachable" : "service.connecting")}</p>
              </>
            )}
            {state.is === "broken" && <Notice tone="loud">{t("pin.broken")}</Notice>}
            {state.is === "protect" && (
              <Protect
                name={state.name}
                organization={server?.name ?? ""}
                keys={null}
                keepInClear={() => Promise.resolve()}
                done={(passkey) => void protect(state.person, state.name, passkey)}
              />
            )}
            {state.is === "stranger" && state.invitation === null && (
              <SignIn needsKeys={false} arrive={(arrived, _keys, by) => arrive(arrived, by)} />
            )}
            {state.is === "stranger" && <Joining invitation={state.invitation} of={server?.name ?? ""} enter={enter} />}
            {state.is === "refused" && <Stranger />}
          </main>
        )}
      </Screen>
    </>
  );
}

/** The server does not know the key in this browser, or no more. */
function Stranger(): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t("dd.title")}
      </h1>
      <p>{t("dd.refused")}</p>
      <p>
        <button type="button" class="button" onClick={() => void forgetPerson().then(() => location.reload())}>
          {t("dd.forget")}
        </button>
      </p>
    </>
  );
}

interface JoiningProps {
  invitation: string | null;
  of: string;
  enter(person: Person, name: string): Promise<void>;
}

function Joining({ invitation, of, enter }: JoiningProps): JSX.Element {
  const [wrong, say] = useState<"name" | "refused" | null>(null);
  const [busy, work] = useState(false);
  const heading = useFocus<HTMLHeadingElement>();
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name") ?? "").trim();
    if (name === "") return say("name");
    work(true);
    try {
      await enter(await join(invitation ?? "", name), name);
    } catch {
      say("refused");
      work(false);
    }
  };
  return (
    <>
      {invitation !== null && (
        <h1 ref={heading} tabIndex={-1}>
          {t("dd.join", { organization: of })}
        </h1>
      )}
      {invitation === null ? (
        <p class="soft">{t("dd.join.needed")}</p>
      ) : (
        <form noValidate onSubmit={(event) => void send(event)}>
          <p>{t("dd.join.lead")}</p>
          <div class="field">
            <label for="name">{t("dd.join.name")}</label>
            <input
              id="name"
              name="name"
              maxLength={80}
              autocomplete="name"
              aria-invalid={wrong === "name"}
              aria-describedby={wrong === null ? undefined : "wrong"}
            />
            {wrong !== null && (
              <span class="missing" id="wrong" role="alert">
                {t(wrong === "name" ? "dd.join.missing" : "dd.join.refused")}
              </span>
            )}
          </div>
          <p class="soft small">{t(passkeysPossible() ? "passkey.lead" : "dd.join.key")}</p>
          {!passkeysPossible() && <Numbered named={underName()} />}
          <p>
            <button type="submit" class="button main" disabled={busy}>
              {t("dd.join.send")}
            </button>
          </p>
        </form>
      )}
    </>
  );
}

async function begin(become: Become, know: (service: Service, name: string) => void): Promise<void> {
  const server = await meet(clock, () => become({ is: "connecting", unreachable: true }));
  if (server === null) return become({ is: "broken" });
  know(server.service, server.organization.name);
  const invitation = readInvitationLink(location.hash);
  const person = invitation === null ? await loadPerson().catch(() => null) : null;
  if (person === null) return become({ is: "stranger", invitation });
  await comeIn(person, become);
}

/** Signs in, again and again until the server answers, and opens the desk. */
async function comeIn(person: Person, become: Become): Promise<void> {
  const waiting = (): void => become({ is: "connecting", unreachable: true });
  if ((await askForEver(() => signInAs(person, clock), waiting)) === null) return become({ is: "refused" });
  const name = await fetchName();
  open(person, name, become);
}

function open(person: Person, name: string, become: Become, bySheet = false): void {
  become({ is: "desk", watch: new Watch(person, clock), name, bySheet });
}
