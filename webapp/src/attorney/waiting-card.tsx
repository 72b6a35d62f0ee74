/** Joined, and no card yet: a coordinator looks the license up and signs. The page asks until it is there. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { By } from "../account/requests";
import { writeLines, writeTime } from "../evidence/text";
import { t } from "../i18n";
import { actWith, forgetAttorney, keepInClear, keysLieHere, publicKeys, signWaiting } from "../keys";
import type { Attorney, Waiting } from "../keys";
import type { ServerClock } from "../live";
import { compared } from "../account/compared";
import { Refused, fetchCard, signIn } from "../service";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";

const ASK_AGAIN = 3000;

export const signInWaiting = (waiting: Waiting, clock: ServerClock): Promise<void> =>
  signIn((challenge) =>
    signWaiting(
      waiting,
      writeLines("accompany/session/v1", [
        ["serial", waiting.person],
        ["challenge", challenge],
        ["time", writeTime(clock.now())],
      ]),
    ),
  );

interface WaitingProps {
  waiting: Waiting;
  enter(attorney: Attorney, by: By): void;
}

export function WaitingCard({ waiting, enter }: WaitingProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [refused, refuse] = useState(false);
  const [digits, tell] = useState("");
  const [asked, ask] = useState(0);
  useEffect(() => void publicKeys(waiting.keys).then((keys) => tell(compared(keys))), []);
  useEffect(() => {
    const timer = setTimeout(() => void look(), asked === 0 ? 0 : ASK_AGAIN);
    const look = async (): Promise<void> => {
      try {
        const card = await fetchCard();
        if (card === null) return ask(asked + 1);
        const attorney = await actWith(waiting.keys, card);
        const here = await keysLieHere();
        if (here) await keepInClear(attorney);
        enter(attorney, here ? "key" : "passkey");
      } catch (error) {
        if (error instanceof Refused && error.problem.status === 401) refuse(true);
        else ask(asked + 1);
      }
    };
    return () => clearTimeout(timer);
  }, [asked]);
  return (
    <section class="waiting-card" data-testid="waiting-card">
      <h1 ref={heading} tabIndex={-1}>
        {t("wait.title")}
      </h1>
      <p>{t("wait.lead", { name: waiting.name })}</p>
      <p>
        {t("wait.compare")} <code class="aloud">{digits}</code>
      </p>
      {refused && (
        <Notice tone="care">
          <p>{t("wait.refused")}</p>
          <button type="button" class="button" onClick={() => void forgetAttorney().then(() => location.reload())}>
            {t("desk.forget")}
          </button>
        </Notice>
      )}
    </section>
  );
}
