/** Making a key of one's own: what it is for, this phone's lock where it can, and always the sheet. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Paper } from "../account/paper";
import { passkeysPossible } from "../account/passkeys";
import { wordsOf } from "../account/words";
import { readCode } from "../caller/choices";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { lockWith, newSecret, take, type Lock } from "./enrolment";
import { keptOwn } from "./kept";
import type { OwnProps } from "./screens";

type Stage = "offer" | "lock" | "locking" | "sheet" | "keeping";

/** What a press may show when tokens are handed in. */
export const shownBy = (code: string): { guest_code?: string } => (readCode(code) === null ? {} : { guest_code: code });

export function KeyOfOwn({ organization, code, open }: OwnProps): JSX.Element {
  const [own, know] = useState(keptOwn);
  const [secret, draw] = useState<Uint8Array | null>(null);
  if (own !== null) {
    return (
      <div class="own" data-testid="own" data-locked={own.sealed !== null}>
        <Notice tone="safe">{t("own.have")}</Notice>
        <p>{t(own.sealed === null ? "own.have.paper" : "own.have.lock")}</p>
        <button type="button" class="button" onClick={open}>
          <Icon name="film" />
          {t("own.recordings")}
        </button>
      </div>
    );
  }
  if (secret === null) {
    return (
      <div class="own" data-testid="own">
        <p>{t("own.lead")}</p>
        <p>{t("own.nobody")}</p>
        <div class="ways">
          <button type="button" class="button main" onClick={() => draw(newSecret())}>
            <Icon name="lock" />
            {t("own.make")}
          </button>
          <button type="button" class="button plain" onClick={open}>
            {t("own.bring")}
          </button>
        </div>
      </div>
    );
  }
  const kept = async (lock: Lock | null): Promise<void> => {
    await take(secret, lock, shownBy(code));
    know(keptOwn());
    draw(null);
    say(t("own.have"));
  };
  return <Making secret={secret} of={organization?.name ?? t("app.name")} kept={kept} />;
}

interface MakingProps {
  secret: Uint8Array;
  of: string;
  kept(lock: Lock | null): Promise<void>;
}

function Making({ secret, of, kept }: MakingProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [stage, become] = useState<Stage>(passkeysPossible() ? "lock" : "sheet");
  const [lock, hold] = useState<Lock | null>(null);
  const [told, tell] = useState<"own.lock.refused" | "own.lock.none" | null>(null);
  const make = async (): Promise<void> => {
    become("locking");
    try {
      const made = await lockWith(secret, t("own.passkey"));
      hold(made);
      if (made === null) tell("own.lock.none");
      become("sheet");
    } catch {
      tell("own.lock.refused");
      alarm(t("own.lock.refused"));
      become("lock");
    }
  };
  if (stage === "lock" || stage === "locking") {
    const busy = stage === "locking";
    return (
      <section class="protect" data-testid="own" data-stage={stage}>
        <h2 ref={heading} tabIndex={-1}>
          {t("own.lock")}
        </h2>
        <p>{t("own.lock.lead")}</p>
        {told !== null && <Notice tone="care">{t(told)}</Notice>}
        <div class="ways">
          <button type="button" class="button main" disabled={busy} onClick={() => void make()}>
            <Icon name="lock" />
            {t(busy ? "passkey.making" : "own.lock.make")}
          </button>
          <button type="button" class="button plain" disabled={busy} onClick={() => become("sheet")}>
            {t("own.lock.without")}
          </button>
        </div>
      </section>
    );
  }
  const done = (): void => {
    become("keeping");
    void kept(lock);
  };
  return (
    <section class="sheet" data-testid="own" data-stage={stage}>
      <h2 ref={heading} tabIndex={-1}>
        {t("own.sheet")}
      </h2>
      {told !== null && <Notice tone="care">{t(told)}</Notice>}
      <p>{t("own.sheet.lead")}</p>
      {stage === "sheet" && <Paper of={of} words={wordsOf(secret)} done={done} />}
    </section>
  );
}
