/** Coming in where this browser has no keys: by a passkey, or by the words of a recovery sheet. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { Refused, Unreachable } from "../service";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import { passkeysPossible, underName } from "./passkeys";
import { goesOnDuty, sealedOf, signInByPasskey, signInByToken, type Arrived, type By } from "./requests";
import { openKeys, tokenOf, type KeyBundle } from "./vault";
import { WordsField, secretIn } from "./words-field";

interface SignInProps {
  /** whether somebody needs keys to go on, or the session alone is enough */
  needsKeys: boolean;
  /** By the sheet, somebody has come who may have lost every device; *keep* is true for whom a passkey
   * knows that locks no keys: they stay in this browser, or the words would be asked for each time. */
  arrive(arrived: Arrived, keys: KeyBundle | null, by: By, keep: boolean): void;
}

export function SignIn({ needsKeys, arrive }: SignInProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const possible = passkeysPossible();
  const [words, ask] = useState(!possible);
  const [wrong, say] = useState<Key | null>(null);
  const [busy, work] = useState(false);
  const [keep, keepAfter] = useState(false);
  const attempt = async (act: () => Promise<void>, otherwise: Key): Promise<void> => {
    work(true);
    say(null);
    try {
      await act();
    } catch (error) {
      const told: Key = error instanceof Unreachable ? "service.away" : slow(error) ? "signin.slow" : otherwise;
      say(told);
      alarm(t(told));
    }
    work(false);
  };
  const byPasskey = async (): Promise<void> => {
    const { arrived, secret } = await signInByPasskey();
    const sealed = sealedOf(arrived);
    if (!needsKeys || !goesOnDuty(arrived)) return arrive(arrived, null, "passkey", false);
    if (secret && sealed) return arrive(arrived, await openKeys(sealed, secret), "passkey", false);
    // Known, but this passkey locks no keys: the sheet does.
    ask(true);
    keepAfter(true);
    say("signin.no_keys");
  };
  const byWords = async (event: Event): Promise<void> => {
    const secret = secretIn(event);
    if (secret === null) {
      say("signin.words.bent");
      return alarm(t("signin.words.bent"));
    }
    await attempt(async () => {
      const arrived = await signInByToken(tokenOf(secret));
      const sealed = sealedOf(arrived);
      arrive(arrived, sealed && (await openKeys(sealed, secret)), keep ? "passkey" : "sheet", keep);
    }, "signin.words.refused");
  };
  const named = possible ? null : underName();
  return (
    <section class="sign-in" data-testid="sign-in">
      <h1 ref={heading} tabIndex={-1}>
        {t("signin.title")}
      </h1>
      {possible && (
        <button
          type="button"
          class="button main"
          disabled={busy}
          onClick={() => void attempt(byPasskey, "signin.refused")}
        >
          <Icon name="lock" />
          {t("signin.passkey")}
        </button>
      )}
      {!possible && <Numbered named={named} />}
      {wrong !== null && <Notice tone="care">{t(wrong)}</Notice>}
      {words ? (
        <form noValidate onSubmit={(event) => void byWords(event)}>
          <WordsField id="words" label={t("signin.words.label")} />
          <button type="submit" class="button" disabled={busy}>
            {t("signin.words.send")}
          </button>
        </form>
      ) : (
        <button type="button" class="button plain" onClick={() => ask(true)}>
          {t("signin.words")}
        </button>
      )}
      <p class="small soft">{t("signin.lost")}</p>
    </section>
  );
}

/** Why there are no passkeys here, and where there are. */
export function Numbered({ named }: { named: string | null }): JSX.Element {
  return (
    <Notice tone="care">
      <p>{t("passkey.number")}</p>
      {named !== null && (
        <a class="button plain" href={named}>
          {t("passkey.named")}
        </a>
      )}
    </Notice>
  );
}

const slow = (error: unknown): boolean => error instanceof Refused && error.problem.status === 429;
