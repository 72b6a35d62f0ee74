/** Opening the organization's keys on this page: by a passkey that holds them, or by the sheet's words. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { passkeysPossible } from "../account/passkeys";
import type { KeyBundle } from "../account/vault";
import { WordsField, secretIn } from "../account/words-field";
import { t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import { openByPasskey, openBySheet, type Charter } from "./charter";

interface UnlockProps {
  charter: Charter;
  opened(keys: KeyBundle, secret: Uint8Array | null): void;
  /** a drill asks for the paper alone */
  paperOnly?: boolean;
}

export function Unlock({ charter, opened, paperOnly = false }: UnlockProps): JSX.Element {
  const [wrong, say] = useState<Key | null>(null);
  const [busy, work] = useState(false);
  const attempt = async (act: () => Promise<void>, otherwise: Key): Promise<void> => {
    work(true);
    say(null);
    try {
      await act();
    } catch {
      say(otherwise);
      alarm(t(otherwise));
    }
    work(false);
  };
  const byPasskey = (): Promise<void> =>
    attempt(async () => {
      const keys = await openByPasskey(charter);
      if (keys === null) return say("org.unlock.no_lock");
      opened(keys, null);
    }, "signin.refused");
  const held = !paperOnly && passkeysPossible() && Object.keys(charter.sealed).length > 0;
  return (
    <div class="unlock" data-testid="unlock">
      {held && (
        <button type="button" class="button main" disabled={busy} onClick={() => void byPasskey()}>
          <Icon name="lock" />
          {t("org.unlock.passkey")}
        </button>
      )}
      {wrong !== null && <Notice tone="care">{t(wrong)}</Notice>}
      <Words
        busy={busy}
        read={(secret) =>
          void attempt(async () => opened(await openBySheet(secret, charter), secret), "org.words.other")
        }
      />
    </div>
  );
}

interface WordsProps {
  busy: boolean;
  read(secret: Uint8Array): void;
}

/** The sheet's twelve words, typed, or pasted from a reader of its QR code. */
export function Words({ busy, read }: WordsProps): JSX.Element {
  const [bent, bend] = useState(false);
  const send = (event: Event): void => {
    const secret = secretIn(event);
    bend(secret === null);
    if (secret === null) return alarm(t("signin.words.bent"));
    read(secret);
  };
  return (
    <form noValidate onSubmit={send}>
      <WordsField id="org-words" label={t("org.words")} bent={bent} />
      <button type="submit" class="button" disabled={busy}>
        {t("org.words.send")}
      </button>
    </form>
  );
}
