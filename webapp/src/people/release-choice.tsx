/** Naming who gets the recordings where the caller is missed: a link is made, shown once, and given away. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { RECIPIENT } from "../evidence/statements";
import { t } from "../i18n";
import { recipientOf } from "../seal/age";
import { Notice } from "../ui/frame";
import { QrCode } from "../ui/qr-code";
import { alarm, say } from "../ui/say";
import { forgetRelease, keepRelease, keptRelease } from "./release";
import { newLinkSecret, passDigests, releaseIdentity, releaseLink } from "./release-link";

/** With fewer presses than this left, the page says so. */
const FEW = 8;

export function ReleaseChoice({ minutes }: { minutes: number }): JSX.Element {
  const [named, name] = useState(keptRelease);
  const [link, show] = useState<string | null>(null);
  const [wrong, blame] = useState<"bent" | "failed" | null>(null);
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget as HTMLFormElement).get("recipient") ?? "").trim();
    const fail = (what: "bent" | "failed"): void => {
      blame(what);
      alarm(t(what === "bent" ? "release.bent" : "release.failed"));
    };
    if (typed !== "" && !RECIPIENT.test(typed)) return fail("bent");
    const secret = newLinkSecret();
    const recipient = typed === "" ? await recipientOf(releaseIdentity(secret)) : typed;
    if (!keepRelease({ recipient, passes: passDigests(secret) })) return fail("failed");
    blame(null);
    name(keptRelease());
    show(releaseLink(secret));
    say(t("release.once"));
  };
  const remove = (): void => {
    forgetRelease();
    name(null);
    show(null);
    say(t("release.removed"));
  };
  return (
    <section class="release" aria-labelledby="release-title" data-testid="release" data-named={named !== null}>
      <h2 id="release-title">{t("release.title")}</h2>
      <p>{t("release.lead")}</p>
      {minutes === 0 && <Notice tone="plain">{t("release.no_time")}</Notice>}
      {named === null ? (
        <Naming wrong={wrong} make={make} />
      ) : (
        <>
          {link === null ? <p>{t("release.named")}</p> : <Shown link={link} done={() => show(null)} />}
          {named.passes.length < FEW && (
            <Notice tone="care">{t("release.left", { count: named.passes.length })}</Notice>
          )}
          <p class="small soft">{t("release.lost")}</p>
          <div class="acts">
            <button type="button" class="button" onClick={remove}>
              {t("release.remove")}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

interface NamingProps {
  wrong: "bent" | "failed" | null;
  make(event: Event): Promise<void>;
}

function Naming({ wrong, make }: NamingProps): JSX.Element {
  return (
    <form noValidate onSubmit={(event) => void make(event)}>
      <details>
        <summary>{t("release.key")}</summary>
        <div class="field">
          <label for="release-to">{t("release.key.to")}</label>
          <textarea
            id="release-to"
            name="recipient"
            rows={3}
            dir="ltr"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={wrong === "bent"}
          />
        </div>
      </details>
      {wrong !== null && <Notice tone="care">{t(wrong === "bent" ? "release.bent" : "release.failed")}</Notice>}
      <button type="submit" class="button">
        {t("release.make")}
      </button>
    </form>
  );
}

function Shown({ link, done }: { link: string; done(): void }): JSX.Element {
  const copy = (): void => void navigator.clipboard.writeText(link).then(() => say(t("release.copied")));
  return (
    <>
      <div class="field">
        <label for="release-link">{t("release.once")}</label>
        {/* Off: else the browser writes what stands in a field down, to restore the page by. */}
        <textarea
          id="release-link"
          data-testid="release-link"
          rows={3}
          dir="ltr"
          readOnly
          autocomplete="off"
          value={link}
        />
      </div>
      <QrCode text={link} label={t("release.qr")} />
      <div class="acts">
        <button type="button" class="button main" onClick={copy}>
          {t("release.copy")}
        </button>
        <button type="button" class="button plain" onClick={done}>
          {t("release.done")}
        </button>
      </div>
    </>
  );
}
