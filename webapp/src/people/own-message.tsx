/** The phone's own messages, with the words filled in: works without the server, and without a line. */

import type { JSX } from "preact";
import { t } from "../i18n";
import { Icon } from "../ui/icons";

/** Where an organization offers no channel. */
export function OwnMessage(): JSX.Element {
  return (
    <div class="people">
      <p>{t("people.offered.none")}</p>
      <OwnLinks words={t("people.default.pressed")} />
    </div>
  );
}

/** `?&body=` is what both iOS and Android read (RFC 5724 has `?body=`). */
export function OwnLinks({ words }: { words: string }): JSX.Element {
  const text = encodeURIComponent(words);
  return (
    <div class="acts">
      <a class="button" href={`sms:?&body=${text}`}>
        <Icon name="send" />
        {t("people.write.sms")}
      </a>
      <a class="button" href={`mailto:?body=${text}`}>
        <Icon name="send" />
        {t("people.write.mail")}
      </a>
    </div>
  );
}
