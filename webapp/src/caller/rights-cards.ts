/** The rights cards of one language: fetched, read, and kept in this browser for when there is no line. */

import { request } from "../service";
import { boolean, list, orNull, record, string, type Read } from "../shape";

export interface Source {
  /** the states whose law it is; empty: wherever the card is shown */
  readonly states: readonly string[];
  readonly text: string;
}

export interface RightsCard {
  readonly name: string;
  readonly title: string;
  /** Markdown, as markdown.ts reads it */
  readonly body: string;
  /** `2026-11-22`: when it was written or last compared with its sources */
  readonly date: string;
  /** where it is shown; empty: everywhere */
  readonly states: readonly string[];
  readonly sources: readonly Source[];
  /** which lawyer read it, as the card says; null where none did */
  readonly reviewed: string | null;
}

export interface Cards {
  /** which language they are in: English, where there are none in the one asked for */
  readonly language: string;
  /** whether the organization wrote them itself */
  readonly own: boolean;
  readonly cards: readonly RightsCard[];
}

const readCards: Read<Cards> = record<Cards>({
  language: string,
  own: boolean,
  cards: list(
    record<RightsCard>({
      name: string,
      title: string,
      body: string,
      date: string,
      states: list(string),
      sources: list(record<Source>({ states: list(string), text: string })),
      reviewed: orNull(string),
    }),
  ),
});

const keyOf = (tag: string): string => `accompany.cards.${tag}`;

export function keptCards(tag: string): Cards | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(tag)) ?? "null");
    return kept === null ? null : readCards(kept, "kept cards");
  } catch {
    return null;
  }
}

/** Fetches the cards of a language and keeps them; rejects where there is no line. */
export async function fetchCards(tag: string): Promise<Cards> {
  const response = await request(`/api/cards/${encodeURIComponent(tag)}`);
  const text = await response.text();
  const cards = readCards(JSON.parse(text), "cards");
  try {
    localStorage.setItem(keyOf(tag), text);
  } catch {
    // Without storage they are there as long as the page.
  }
  return cards;
}

/** What is to be shown in a state ("" where none is chosen): its own cards, with the sources that count there. */
export function shownIn(cards: Cards, state: string): RightsCard[] {
  return cards.cards
    .filter(({ states }) => states.length === 0 || states.includes(state))
    .map((card) => ({ ...card, sources: card.sources.filter(({ states }) => states.length === 0 || states.includes(state)) }));
}
