/** The paper itself: twelve words and their QR code, and how they are printed. */

import type { JSX } from "preact";
import { dateAndTime, t } from "../i18n";
import { Icon } from "../ui/icons";
import { QrCode } from "../ui/qr-code";

interface PaperProps {
  /** whose it is, as it stands above the words */
  of: string;
  words: readonly string[];
  done(): void;
}

export function Paper({ of, words, done }: PaperProps): JSX.Element {
  return (
    <>
      <p class="sheet-of">
        <bdi>{of}</bdi> · <bdi>{dateAndTime(new Date().toISOString())}</bdi>
      </p>
      <ol class="words" lang="en" dir="ltr" aria-label={t("sheet.words")}>
        {words.map((word, at) => (
          <li key={at}>{word}</li>
        ))}
      </ol>
      <QrCode text={words.join(" ")} label={t("sheet.qr")} />
      <div class="ways">
        <button type="button" class="button" onClick={() => print()}>
          <Icon name="save" />
          {t("sheet.print")}
        </button>
        <button type="button" class="button main" onClick={done}>
          {t("sheet.done")}
        </button>
      </div>
    </>
  );
}
