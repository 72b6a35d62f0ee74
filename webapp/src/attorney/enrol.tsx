/**
 * Joining by an invitation: the attorney says the name callers see, licensed states and languages; the
 * keys are made in this browser, and the organization's card over them is kept beside them.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { passkeysPossible, underName } from "../account/passkeys";
import type { By } from "../account/requests";
import { askForEver } from "../account/meeting";
import { Protect } from "../account/protect";
import { Numbered } from "../account/sign-in";
import type { Organization, Service } from "../contracts";
import { languageName, stateName, t, type Key } from "../i18n";
import {
  actWith,
  freshKeys,
  keepInClear,
  keepWaiting,
  keptKeys,
  publicKeys,
  type Attorney,
  type Waiting,
} from "../keys";
import type { ServerClock } from "../live";
import { Refused, enrol, fetchInvitation } from "../service";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { alarm } from "../ui/say";
import { Boxes } from "./boxes";
import { signInAs } from "./session";
import { keepLanguages, keptLanguages } from "./languages";
import { signInWaiting } from "./waiting-card";

interface EnrolProps {
  service: Service;
  organization: Organization;
  invitation: string;
  clock: ServerClock;
  enter(attorney: Attorney, by: By): void;
  /** a coordinator has still to sign the card */
  wait(waiting: Waiting): void;
}

type Fate = "asking" | "unreachable" | "open" | "used" | "unknown";

export function Enrol(props: EnrolProps): JSX.Element {
  const { invitation, organization } = props;
  const [fate, learn] = useState<Fate>("asking");
  const [advises, advise] = useState(true);
  useEffect(() => {
    let left = false;
    const ask = async (): Promise<void> => {
      const found = await askForEver(() => fetchInvitation(invitation), () => left || learn("unreachable"));
      if (left) return;
      advise(found?.role === "attorney");
      learn(found === null ? "unknown" : found.used ? "used" : "open");
    };
    void ask();
    return () => {
      left = true;
    };
  }, [invitation]);
  if (fate === "asking") return <p class="soft">{t("service.connecting")}</p>;
  if (fate === "open") return <Form {...props} advises={advises} invitation={invitation} />;
  if (fate === "unreachable") return <p class="soft">{t("service.unreachable")}</p>;
  return (
    <>
      <Heading>{t("enrol.title", { organization: organization.name })}</Heading>
      <p data-testid="enrol-refused">{t(fate === "used" ? "enrol.used" : "enrol.unknown")}</p>
      <p>{t("enrol.next")}</p>
      <p>
        <a class="button" href={location.pathname}>
          {t("enrol.back")}
        </a>
      </p>
    </>
  );
}

function Heading({ children }: { children: string }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

type Gap = "name" | "states" | "languages";
const MISSING: Record<Gap, Key> = {
  name: "enrol.missing.name",
  states: "enrol.missing.states",
  languages: "enrol.missing.languages",
};

interface FormProps extends EnrolProps {
  invitation: string;
  /** as a lawyer; nobody else's card names a state */
  advises: boolean;
}

function Form({ service, organization, invitation, advises, clock, enter, wait }: FormProps): JSX.Element {
  const [joined, protect] = useState<Joined | null>(null);
  const [name, call] = useState("");
  const [states, license] = useState<string[]>([]);
  const [languages, speak] = useState(() => keptLanguages(service.languages));
  const [missing, miss] = useState<Gap | null>(null);
  const [working, work] = useState(false);
  /** the server's status; 0: no answer came */
  const [refused, refuse] = useState<number | null>(null);

  const gap = (): Gap | null => {
    if (name.trim() === "") return "name";
    if (advises && states.length === 0) return "states";
    return languages.length === 0 ? "languages" : null;
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const found = gap();
    miss(found);
    if (found !== null) {
      alarm(t(MISSING[found]));
      document.querySelector<HTMLElement>(`[data-gap="${found}"] input`)?.focus();
      return;
    }
    work(true);
    refuse(null);
    try {
      const said = { name: name.trim(), licenses: states, languages };
      const joined = await join(invitation, said);
      if (!joined.waits) {
        if (!passkeysPossible()) return enter(joined.attorney, "key");
        await signInAs(joined.attorney, clock);
        return protect(joined);
      }
      await signInWaiting(joined.waiting, clock);
      if (passkeysPossible()) return protect(joined);
      await keepWaiting(joined.waiting);
      wait(joined.waiting);
    } catch (error) {
      refuse(error instanceof Refused ? error.problem.status : 0);
      work(false);
    }
  };
  if (joined) {
    const who = joined.waits ? joined.waiting : joined.attorney;
    return (
      <Protect
        name={who.name}
        organization={organization.name}
        keys={who.keys}
        keepInClear={() => (joined.waits ? keepWaiting(joined.waiting) : keepInClear(joined.attorney))}
        done={() => (joined.waits ? wait(joined.waiting) : enter(joined.attorney, "passkey"))}
      />
    );
  }
  const told = (which: Gap): string | null => (missing === which ? t(MISSING[which]) : null);
  return (
    <>
      <div>
        <Heading>{t("enrol.title", { organization: organization.name })}</Heading>
        <p class="soft">{t("enrol.lead")}</p>
      </div>
      <form class="card" noValidate onSubmit={(event) => void submit(event)}>
        <div class="field" data-gap="name">
          <label for="enrol-name">{t("enrol.name")}</label>
          <input
            id="enrol-name"
            autocomplete="name"
            maxLength={120}
            value={name}
            aria-invalid={missing === "name"}
            aria-describedby={missing === "name" ? "enrol-name-missing" : undefined}
            onInput={(event) => call(event.currentTarget.value)}
          />
          {missing === "name" && (
            <p class="missing" id="enrol-name-missing">
              {told("name")}
            </p>
          )}
        </div>
        {advises && (
          <div data-gap="states">
            <Boxes
              legend={t("enrol.states")}
              options={service.states.map((code) => [code, stateName(code)] as const)}
              chosen={states}
              choose={license}
              missing={told("states")}
              scrolls={service.states.length > 12}
            />
          </div>
        )}
        <div data-gap="languages">
          <Boxes
            legend={t("enrol.languages")}
            options={service.languages.map((tag) => [tag, languageName(tag, true)] as const)}
            chosen={languages}
            choose={speak}
            missing={told("languages")}
          />
        </div>
        <Notice icon="lock">{t(passkeysPossible() ? "passkey.lead" : "enrol.keys")}</Notice>
        {!passkeysPossible() && <Numbered named={underName()} />}
        {service.demonstration && <Notice tone="care">{t("enrol.demo")}</Notice>}
        {refused !== null && (
          <Notice tone="loud">{refused === 0 ? t("service.away") : t("problem.other", { status: refused })}</Notice>
        )}
        <button class="button main" disabled={working}>
          {working ? t("enrol.working") : t("enrol.send")}
        </button>
      </form>
    </>
  );
}

interface Said {
  name: string;
  licenses: string[];
  languages: string[];
}

type Joined = { waits: false; attorney: Attorney } | { waits: true; waiting: Waiting };

async function join(invitation: string, said: Said): Promise<Joined> {
  keepLanguages(said.languages);
  // In memory until a passkey locks them, or the person has chosen that none does. Where there can be
  // no passkey they are kept before they are sent: nobody is made whose keys are lost.
  const keys = passkeysPossible() ? await freshKeys() : await keptKeys();
  const { person, card } = await enrol(invitation, { ...said, ...(await publicKeys(keys)) });
  if (card === null) return { waits: true, waiting: { person, name: said.name, keys } };
  const attorney = await actWith(keys, card);
  if (!passkeysPossible()) await keepInClear(attorney);
  return { waits: false, attorney };
}
