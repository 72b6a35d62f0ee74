/** The field for notes of a case, and what colleagues wrote before: in the call, after it, in the case. */

import "../styles/notes.css";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { dateAndTime, t, type Key } from "../i18n";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { CHARACTERS, type KeptText, type KeptTextView } from "./kept-text";
import type { CaseNote, Notebook } from "./notes";

const STATES: Record<KeptTextView["state"], Key> = {
  loading: "notes.loading",
  kept: "notes.kept",
  typing: "notes.typing",
  cut: "notes.cut",
  gone: "notes.gone",
};

/** Folded until somebody writes or reads. */
export function NotesField({ book }: { book: Notebook }): JSX.Element {
  return (
    <details class="third-seat hand notes" onToggle={(event) => event.currentTarget.open && void book.own.load()}>
      <summary>
        <Icon name="pen" />
        {t("notes.title")}
      </summary>
      <Written book={book} />
    </details>
  );
}

/** What was written about a case; one's own can be changed. */
export function Written({ book }: { book: Notebook }): JSX.Element {
  const others = useWatched(book.others);
  return (
    <div class="written" data-testid="notes">
      {others.map((one) => (
        <Before key={one.author} one={one} />
      ))}
      <Field text={book.own} label={t("notes.label")} />
      <p class="soft small">{t(book.shared ? "papers.shared" : "papers.alone")}</p>
    </div>
  );
}

/** A text that is kept while it is typed, and whether it is. */
export function Field({ text: kept, label }: { text: KeptText; label: string }): JSX.Element {
  const { state, text } = useWatched(kept.view);
  // What was typed last is kept at once by whoever leaves this part of the page.
  useEffect(() => () => void kept.flush().catch(() => undefined), [kept]);
  return (
    <>
      <label>
        <span class="small">{label}</span>
        <textarea
          rows={5}
          dir="auto"
          maxLength={CHARACTERS}
          value={text}
          disabled={state === "loading" || state === "gone"}
          data-state={state}
          onInput={(event) => kept.write(event.currentTarget.value)}
        />
      </label>
      <p class="soft small" role="status">
        {t(STATES[state])}
      </p>
    </>
  );
}

/** What a colleague wrote who had the case before: read here, not changed. */
function Before({ one }: { one: CaseNote }): JSX.Element {
  return (
    <blockquote class="before" data-testid="note-before" data-author={one.author}>
      <p class="soft small">{t("notes.by", { name: one.name, time: dateAndTime(one.time) })}</p>
      <p dir="auto" class={one.text === null ? "small wrong" : ""}>{one.text ?? t("notes.broken")}</p>
    </blockquote>
  );
}
