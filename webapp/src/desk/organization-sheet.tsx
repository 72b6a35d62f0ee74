/** The organization's recovery sheet: shown once, printed, then read back from paper before it counts. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Paper } from "../account/paper";
import { wordsOf } from "../account/words";
import { sameBytes } from "../evidence/text";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { alarm } from "../ui/say";
import { Words } from "./unlock";

interface SheetProps {
  organization: string;
  secret: Uint8Array;
  busy: boolean;
  /** the words came back from the paper, all of them */
  proved(): void;
}

export function OrganizationSheet({ organization, secret, busy, proved }: SheetProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [printed, print_] = useState(false);
  const [wrong, say] = useState(false);
  if (printed) {
    return (
      <section aria-labelledby="proof-title" data-testid="sheet-proof">
        <h2 id="proof-title">{t("org.proof.title")}</h2>
        <p>{t("org.proof.lead")}</p>
        {wrong && <Notice tone="care">{t("org.words.other")}</Notice>}
        <Words
          busy={busy}
          read={(read) => {
            if (sameBytes(read, secret)) return proved();
            say(true);
            alarm(t("org.words.other"));
          }}
        />
        <p>
          <button type="button" class="button plain" onClick={() => print_(false)}>
            {t("org.proof.again")}
          </button>
        </p>
      </section>
    );
  }
  return (
    <section class="sheet" data-testid="organization-sheet">
      <h2 ref={heading} tabIndex={-1}>
        {t("org.sheet.title")}
      </h2>
      <p>{t("org.sheet.lead")}</p>
      <Paper of={organization} words={wordsOf(secret)} done={() => print_(true)} />
    </section>
  );
}
