/** Callers who are waited for: until when, and whether they are missed (docs/telling.md). */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { CheckIn } from "../live-contracts";
import { clockTime, stateName, t } from "../i18n";
import { Notice } from "../ui/frame";
import { alarm } from "../ui/say";

export function CheckIns({ checkIns }: { checkIns: readonly CheckIn[] }): JSX.Element | null {
  const missed = checkIns.filter(({ stage }) => stage === "missed").map(sentenceOf);
  const loud = missed.join(" ");
  useEffect(() => {
    if (loud !== "") alarm(loud);
  }, [loud]);
  if (checkIns.length === 0) return null;
  return (
    <section class="check-ins" aria-label={t("check_in.title")} data-testid="check-ins">
      {checkIns.map((one) => (
        <Notice key={one.encounter} tone={TONES[one.stage]}>
          <p>{sentenceOf(one)}</p>
          {one.stage === "missed" && !one.armed && one.told < one.contacts && <p>{t("check_in.unarmed")}</p>}
        </Notice>
      ))}
    </section>
  );
}

const TONES = { waiting: "plain", missed: "loud", safe: "safe" } as const;

function sentenceOf({ stage, state, due, told, contacts }: CheckIn): string {
  const where = { state: stateName(state), time: clockTime(due) };
  if (stage === "safe") return t("check_in.safe", { state: where.state });
  if (stage === "waiting") return t("check_in.waiting", where);
  return t("check_in.missed", { ...where, told, all: contacts });
}
