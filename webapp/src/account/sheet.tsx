/** A recovery sheet: made here, shown once, printed or written down; twelve words and their QR code. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { alarm } from "../ui/say";
import { Paper } from "./paper";
import { putSheet } from "./requests";
import { SHEET_BYTES, sealKeys, tokenOf, type KeyBundle } from "./vault";
import { wordsOf } from "./words";

interface SheetProps {
  name: string;
  organization: string;
  /** what the sheet is to open, or null for whoever has no keys */
  keys: KeyBundle | null;
  done(): void;
}

export function Sheet({ name, organization, keys, done }: SheetProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [words, show] = useState<string[] | null>(null);
  const [failed, fail] = useState(false);
  const make = async (): Promise<void> => {
    fail(false);
    const secret = crypto.getRandomValues(new Uint8Array(SHEET_BYTES));
    try {
      await putSheet(tokenOf(secret), keys && (await sealKeys(keys, secret)));
      // Shown only once the server has it: paper that opens nothing would be worse than none.
      show(wordsOf(secret));
    } catch {
      fail(true);
      alarm(t("account.failed"));
    }
  };
  useEffect(() => void make(), []);
  return (
    <section class="sheet" data-testid="sheet">
      <h1 ref={heading} tabIndex={-1}>
        {t("sheet.title")}
      </h1>
      <p>{t("sheet.lead")}</p>
      {failed && (
        <>
          <Notice tone="loud">{t("account.failed")}</Notice>
          <button type="button" class="button" onClick={() => void make()}>
            {t("sheet.again")}
          </button>
        </>
      )}
      {words && <Paper of={`${organization} · ${name}`} words={words} done={done} />}
    </section>
  );
}
