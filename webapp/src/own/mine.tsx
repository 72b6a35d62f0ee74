/** "My recordings": shut until this phone's lock or the sheet opens them; shut again when one leaves. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { passkeysPossible } from "../account/passkeys";
import { WordsField, secretIn } from "../account/words-field";
import { t, type Key } from "../i18n";
import { Unreachable } from "../service";
import { Notice } from "../ui/frame";
import { useAgain, useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { alarm, say } from "../ui/say";
import { OneEncounter } from "./encounter-card";
import { findAll, hold, lockWith, refill, unlock } from "./enrolment";
import { BATCH, ownKeyOf, type OwnKey } from "./key";
import { shownBy } from "./key-screen";
import { forgetOwn, keptOwn } from "./kept";
import type { OwnProps } from "./screens";

export function MyRecordings(props: OwnProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [secret, open] = useState<Uint8Array | null>(null);
  useEffect(() => {
    // Whoever looks over a shoulder, or takes the phone out of a hand, finds it shut.
    const shut = (): void => void (document.hidden && open(null));
    document.addEventListener("visibilitychange", shut);
    return () => document.removeEventListener("visibilitychange", shut);
  }, []);
  return (
    <section class="mine" data-testid="mine" data-open={secret !== null}>
      <h1 ref={heading} tabIndex={-1}>
        {t("own.recordings")}
      </h1>
      {secret === null ? <Shut open={open} /> : <Open {...props} secret={secret} shut={() => open(null)} />}
    </section>
  );
}

function Shut({ open }: { open(secret: Uint8Array): void }): JSX.Element {
  const [own] = useState(keptOwn);
  const [wrong, tell] = useState<Key | null>(null);
  const [byWords, ask] = useState(own === null || own.sealed === null);
  const fail = (key: Key): void => {
    tell(key);
    alarm(t(key));
  };
  const byLock = async (): Promise<void> => {
    tell(null);
    try {
      if (own !== null) open(await unlock(own));
    } catch {
      fail("own.unlock.refused");
    }
  };
  const words = async (event: Event): Promise<void> => {
    const secret = secretIn(event);
    if (secret === null) return fail("signin.words.bent");
    // Its places are claimed once it is known which were used.
    if (own === null) await hold(secret, null);
    open(secret);
  };
  return (
    <>
      <p>{t(own === null ? "own.bring.lead" : "own.unlock.lead")}</p>
      {own?.sealed != null && (
        <button type="button" class="button main" onClick={() => void byLock()}>
          <Icon name="lock" />
          {t("own.unlock")}
        </button>
      )}
      {wrong !== null && <Notice tone="care">{t(wrong)}</Notice>}
      {byWords ? (
        <form class="own-words" noValidate onSubmit={(event) => void words(event)}>
          <WordsField id="own-words" label={t("signin.words.label")} />
          <button type="submit" class={own?.sealed != null ? "button" : "button main"}>
            {t("own.words.open")}
          </button>
        </form>
      ) : (
        <button type="button" class="button plain" onClick={() => ask(true)}>
          {t("signin.words")}
        </button>
      )}
    </>
  );
}

interface OpenProps extends OwnProps {
  secret: Uint8Array;
  shut(): void;
}

function Open({ secret, shut, code, service, organization }: OpenProps): JSX.Element {
  const [key] = useState<OwnKey>(() => ownKeyOf(secret));
  const { found: all, failed, again: look } = useLoaded(() => findAll(key), key);
  const away = failed !== null && failed.why instanceof Unreachable;
  useEffect(() => {
    if (all === null) return;
    say(t(all.length === 0 ? "own.none" : "own.recordings"));
    const last = Math.max(-1, ...all.map(({ place }) => Math.floor(place / BATCH)));
    void refill(key, shownBy(code), last).catch(() => undefined);
  }, [all]);
  useAgain(away, look);
  return (
    <>
      {all === null && failed === null && <p role="status">{t("own.looking")}</p>}
      {failed !== null && (
        <Notice tone="care">
          <p>{t(away ? "service.unreachable" : "own.failed")}</p>
          <button type="button" class="button" onClick={() => void look()}>
            {t("own.again")}
          </button>
        </Notice>
      )}
      {all?.length === 0 && <p class="soft">{t("own.none")}</p>}
      {all !== null && (
        <ul class="encounters">
          {all.map((found) => (
            <OneEncounter
              key={found.encounter}
              found={found}
              ownKey={key}
              hotline={service?.hotline ?? null}
              organization={organization?.name ?? ""}
              organizationKey={service?.organization_key ?? ""}
              service={organization === null ? null : service}
              changed={() => void look()}
            />
          ))}
        </ul>
      )}
      <div class="ways">
        <button type="button" class="button" onClick={shut}>
          <Icon name="lock" />
          {t("own.shut")}
        </button>
      </div>
      <OnThisPhone secret={secret} shut={shut} />
    </>
  );
}

/** The key on this phone: locked with it later, or taken away from it. */
function OnThisPhone({ secret, shut }: { secret: Uint8Array; shut(): void }): JSX.Element {
  const [own, know] = useState(keptOwn);
  const [told, tell] = useState<Key | null>(null);
  const [sure, ask] = useState(false);
  const lock = async (): Promise<void> => {
    try {
      const made = await lockWith(secret, t("own.passkey"));
      if (made !== null) await hold(secret, made);
      know(keptOwn());
      tell(made === null ? "own.lock.none" : "own.locked");
    } catch {
      tell("own.lock.refused");
    }
  };
  return (
    <details class="own-phone">
      <summary>{t("own.phone")}</summary>
      {told !== null && <Notice tone={told === "own.locked" ? "safe" : "care"}>{t(told)}</Notice>}
      {own !== null && own.sealed === null && passkeysPossible() && (
        <button type="button" class="button" onClick={() => void lock()}>
          <Icon name="lock" />
          {t("own.lock.make")}
        </button>
      )}
      <p class="small soft">{t("own.forget.lead")}</p>
      {sure ? (
        <button
          type="button"
          class="button"
          onClick={() => {
            forgetOwn();
            shut();
          }}
        >
          {t("own.forget.sure")}
        </button>
      ) : (
        <button type="button" class="button plain" onClick={() => ask(true)}>
          {t("own.forget")}
        </button>
      )}
    </details>
  );
}
