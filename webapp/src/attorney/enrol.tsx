/**
 * Joining by an invitation: the attorney says the name callers see, licensed states and languages; the
 * keys are made in this browser, and the organization's card over them is kept beside them.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Organization, Service } from "../contracts";
import { languageName, stateName, t, type Key } from "../i18n";
import { keepCard, makeAttorneyKeys, type Attorney } from "../keys";
import { Refused, enrol, fetchInvitation } from "../service";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { alarm } from "../ui/say";
import { Boxes } from "./boxes";
import { keepLanguages, keptLanguages } from "./languages";

interface EnrolProps {
  service: Service;
  organization: Organization;
  invitation: string | null;
  enter(attorney: Attorney): void;
}

type Fate = "asking" | "open" | "used" | "unknown" | "none";

export function Enrol(props: EnrolProps): JSX.Element {
  const { invitation, organization } = props;
  const [fate, learn] = useState<Fate>(invitation === null ? "none" : "asking");
  useEffect(() => {
    if (invitation === null) return;
    fetchInvitation(invitation).then(
      ({ used }) => learn(used ? "used" : "open"),
      () => learn("unknown"),
    );
  }, [invitation]);
  if (fate === "asking") return <p class="soft">{t("service.connecting")}</p>;
  if (fate === "open") return <Form {...props} invitation={invitation ?? ""} />;
  const why: Key = { used: "enrol.used", unknown: "enrol.unknown", none: "enrol.needed" }[fate] as Key;
  return (
    <>
      <Heading>{fate === "none" ? t("enrol.needed.title") : t("enrol.title", { organization: organization.name })}</Heading>
      <p data-testid="enrol-refused">{t(why)}</p>
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
}

function Form({ service, organization, invitation, enter }: FormProps): JSX.Element {
  const [name, call] = useState("");
  const [states, license] = useState<string[]>([]);
  const [languages, speak] = useState(() => keptLanguages(service.languages));
  const [missing, miss] = useState<Gap | null>(null);
  const [working, work] = useState(false);
  const [refused, refuse] = useState<string | null>(null);

  const gap = (): Gap | null => {
    if (name.trim() === "") return "name";
    if (states.length === 0) return "states";
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
      enter(await join(invitation, said));
    } catch (error) {
      const status = error instanceof Refused ? error.problem.status : 0;
      refuse(status === 0 ? t("service.unreachable") : t("problem.other", { status }));
      work(false);
    }
  };
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
        <div data-gap="languages">
          <Boxes
            legend={t("enrol.languages")}
            options={service.languages.map((tag) => [tag, languageName(tag, true)] as const)}
            chosen={languages}
            choose={speak}
            missing={told("languages")}
          />
        </div>
        <Notice icon="lock">{t("enrol.keys")}</Notice>
        {service.demonstration && <Notice tone="care">{t("enrol.demo")}</Notice>}
        {refused !== null && <Notice tone="loud">{refused}</Notice>}
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

async function join(invitation: string, said: Said): Promise<Attorney> {
  const keys = await makeAttorneyKeys();
  const card = await enrol(invitation, { ...said, ...keys });
  keepLanguages(said.languages);
  return keepCard(card);
}
