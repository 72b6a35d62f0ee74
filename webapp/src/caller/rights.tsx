/** The rights cards on the screen. Their text becomes elements one by one; no markup is ever taken over. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dateOf, language, stateName, t } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus, useWatched } from "../ui/hooks";
import { readMarkdown, type Block, type Run } from "./markdown";
import type { PrepareProps } from "./prepare";
import { fetchCards, keptCards, shownIn, type Cards, type RightsCard } from "./rights-cards";

const AS = { strong: "strong", stressed: "em" } as const;

function Runs({ runs }: { runs: readonly Run[] }): JSX.Element {
  return (
    <>
      {runs.map(({ text, as }, at) => {
        if (as === "plain") return text;
        const Tag = AS[as];
        // What is to be said in English stays in its own order in a line from right to left.
        return (
          <Tag key={at} dir="auto">
            {text}
          </Tag>
        );
      })}
    </>
  );
}

function Shown({ block }: { block: Block }): JSX.Element {
  switch (block.is) {
    case "heading":
      return (
        <h3>
          <Runs runs={block.runs} />
        </h3>
      );
    case "paragraph":
      return (
        <p>
          <Runs runs={block.runs} />
        </p>
      );
    case "list":
      return (
        <ul class="says">
          {block.items.map((runs, at) => (
            <li key={at}>
              <Runs runs={runs} />
            </li>
          ))}
        </ul>
      );
  }
}

export function RightsCards({ choices, organization }: PrepareProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const tag = useWatched(language);
  const [cards, show] = useState<Cards | null>(() => keptCards(tag));
  const [failed, fail] = useState(false);
  useEffect(() => {
    let over = false;
    show(keptCards(tag));
    fetchCards(tag).then(
      (found) => !over && (fail(false), show(found)),
      () => !over && fail(true),
    );
    return () => {
      over = true;
    };
  }, [tag]);
  const shown = cards === null ? [] : shownIn(cards, choices.state);
  return (
    <section class="rights">
      <h1 ref={heading} tabIndex={-1}>
        {t("rights.title")}
      </h1>
      <p class="soft">{t("rights.lead")}</p>
      {choices.state === "" && <p class="small soft">{t("rights.state")}</p>}
      {cards === null && <p>{failed ? t("rights.unreachable") : t("service.connecting")}</p>}
      {cards !== null && cards.language !== tag && <Notice tone="care">{t("rights.english")}</Notice>}
      {cards?.own === true && organization !== null && (
        <p class="small soft">{t("rights.by", { organization: organization.name })}</p>
      )}
      <div class="cards" lang={cards?.language} data-testid="cards">
        {shown.map((card) => (
          <Card key={card.name} card={card} state={choices.state} />
        ))}
      </div>
    </section>
  );
}

function Card({ card, state }: { card: RightsCard; state: string }): JSX.Element {
  return (
    <article class="card">
      <h2>{card.title}</h2>
      {card.states.length > 0 && <p class="small soft">{stateName(state)}</p>}
      {readMarkdown(card.body).map((block, at) => (
        <Shown key={at} block={block} />
      ))}
      <footer class="small soft">
        <p>{t("rights.source")}</p>
        <ul class="sources" lang="en" dir="ltr">
          {card.sources.map(({ text }) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
        <p>{t("rights.date", { date: dateOf(card.date) })}</p>
        <p>{card.reviewed === null ? t("rights.unreviewed") : t("rights.reviewed", { who: card.reviewed })}</p>
      </footer>
    </article>
  );
}
