/** The field for a recovery sheet's twelve words, and what was typed in it. Not here: what they stand for (words). */

import type { JSX } from "preact";
import { t } from "../i18n";
import { readWords } from "./words";

const NAME = "words";

interface WordsFieldProps {
  id: string;
  label: string;
  /** whether what was sent is no sheet's words, where the field itself says so */
  bent?: boolean;
}

/** Typed, or pasted from a reader of the sheet's QR code. */
export function WordsField({ id, label, bent }: WordsFieldProps): JSX.Element {
  const said = `${id}-bent`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        name={NAME}
        rows={3}
        dir="ltr"
        lang="en"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={bent}
        aria-describedby={bent === true ? said : undefined}
      />
      {bent === true && (
        <span class="missing" id={said}>
          {t("signin.words.bent")}
        </span>
      )}
    </div>
  );
}

/** Keeps a form from being sent, and returns the secret that its words are; null where they are none. */
export function secretIn(event: Event): Uint8Array | null {
  event.preventDefault();
  return readWords(String(new FormData(event.currentTarget as HTMLFormElement).get(NAME) ?? ""));
}
