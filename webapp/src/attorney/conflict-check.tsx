/** The conflict check on the page: one's list of names, its reminder at a ring, a name checked in a call. */

import "../styles/notes.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../channel";
import { listOf, t } from "../i18n";
import { useWatched } from "../ui/hooks";
import { Notice } from "../ui/frame";
import { alarm } from "../ui/say";
import { listed, mayBe, mayBeMeant } from "./conflicts";
import type { KeptText } from "./kept-text";
import { Field } from "./notes-field";

export function NamesCard({ names }: { names: KeptText }): JSX.Element {
  useEffect(() => void names.load(), [names]);
  return (
    <section class="card names" aria-labelledby="check-title" data-testid="conflicts">
      <h2 id="check-title">{t("check.title")}</h2>
      <p class="soft small">{t("check.text")}</p>
      <div class="written">
        <Field text={names} label={t("check.label")} />
      </div>
    </section>
  );
}

/** At a ring nobody knows a name yet: that there is a list to check. */
export function CheckReminder({ names }: { names: KeptText }): JSX.Element | null {
  const { length } = listed(useWatched(names.view).text);
  if (length === 0) return null;
  return (
    <p class="check-reminder" data-testid="check" data-names={length}>
      {t("check.remember", { count: length })}
    </p>
  );
}

/** Checks a name that was said: typed here, it goes nowhere. */
export function CheckName({ names }: { names: KeptText }): JSX.Element | null {
  const list = listed(useWatched(names.view).text);
  const [name, type] = useState("");
  if (list.length === 0) return null;
  const found = mayBe(list, name);
  return (
    <details class="third-seat hand check">
      <summary>{t("check.name")}</summary>
      <div class="written">
        <label>
          <span class="small">{t("check.name.label")}</span>
          <input type="text" autocomplete="off" value={name} onInput={(event) => type(event.currentTarget.value)} />
        </label>
        <p role="status" data-testid="checked" data-found={found.length} class={found.length > 0 ? "wrong" : "soft small"}>
          {name.trim() === "" ? "" : found.length > 0 ? t("check.found", { names: listOf(found) }) : t("check.none")}
        </p>
      </div>
    </details>
  );
}

/** A name of the list that was said in the chat or written down: loud, and only here. */
export function CheckSaid({ names, chat, notes }: { names: KeptText; chat: Chat; notes: KeptText }): JSX.Element | null {
  const list = listed(useWatched(names.view).text);
  const lines = useWatched(chat.entries).map(({ text }) => text);
  const noted = useWatched(notes.view).text.split("\n");
  const found = list.filter((one) => [...lines, ...noted].some((text) => mayBeMeant([one], text).length > 0));
  const sentence = found.length === 0 ? "" : t("check.found", { names: listOf(found) });
  useEffect(() => alarm(sentence), [sentence]);
  if (sentence === "") return null;
  return (
    <div data-testid="check-said">
      <Notice tone="loud">{sentence}</Notice>
    </div>
  );
}
