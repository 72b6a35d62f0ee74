/** The readiness page: one plain mark for each thing, and the next step. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { dateAndTime, languageName, stateName, t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon, type IconName } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import type { PrepareProps } from "./prepare";
import { askPersistence, factsNow } from "./readiness-facts";
import { marksOf, nextOf, type Facts, type Mark, type Marked } from "./readiness";
import type { Step } from "./setup-progress";

interface ReadinessProps extends PrepareProps {
  turnTo(step: Step): void;
}

const ICONS: Record<Mark, IconName> = { good: "safe", care: "care", open: "shut", unseen: "person" };
const MARKS: Record<Mark, Key> = {
  good: "ready.mark.good",
  care: "ready.mark.care",
  open: "ready.mark.open",
  unseen: "ready.mark.unseen",
};

export function Readiness(props: ReadinessProps): JSX.Element {
  const { choices, service, turnTo } = props;
  const heading = useFocus<HTMLHeadingElement>();
  const asked = useMemo(() => ({}), [choices, service]);
  // Some browsers ask a person before they promise anything: what is known by then counts.
  const { found: facts, again: look } = useLoaded(() => factsNow(choices, service), asked);
  const marks = facts === null ? [] : marksOf(facts);
  const next = nextOf(marks);
  const act = ({ at }: Marked): void => {
    if (at === "persist") return void askPersistence().then(look);
    if (at !== null) turnTo(at);
  };
  return (
    <section class="readiness">
      <h1 ref={heading} tabIndex={-1}>
        {t("ready.title")}
      </h1>
      {facts !== null && next === null && <Notice tone="safe">{t("ready.all")}</Notice>}
      {next !== null && (
        <div class="card next">
          <p>
            <strong>{t("ready.next")}</strong> {sentenceOf(next, props, facts)}
          </p>
          <button type="button" class="button main" onClick={() => act(next)}>
            {t(`ready.do.${next.at as Step | "persist"}`)}
          </button>
        </div>
      )}
      {facts !== null && (
        <ul class="marks" data-testid="marks">
          {marks.map((marked) => (
            <li key={marked.aspect} class={marked.mark} data-aspect={marked.aspect} data-mark={marked.mark}>
              <Icon name={ICONS[marked.mark]} />
              <div>
                <strong>{t(`ready.${marked.aspect}`)}</strong>
                <span class="mark-word">{t(MARKS[marked.mark])}</span>
                <p class="small">{sentenceOf(marked, props, facts)}</p>
              </div>
              {marked.at !== null && marked !== next && (
                <button
                  type="button"
                  class="button plain small"
                  aria-label={`${t(`ready.do.${marked.at}`)}: ${t(`ready.${marked.aspect}`)}`}
                  onClick={() => act(marked)}
                >
                  {t(`ready.do.${marked.at}`)}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function sentenceOf({ says }: Marked, props: PrepareProps, facts: Facts | null): string {
  const { choices, organization, service } = props;
  const at = facts?.drill?.at;
  return t(says, {
    state: stateName(choices.state),
    language: languageName(choices.language || "en"),
    organization: organization?.name ?? choices.code,
    number: service?.hotline ?? "",
    time: at === undefined ? "" : dateAndTime(new Date(at).toISOString()),
  });
}
