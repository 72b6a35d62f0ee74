/** "A number was left", on the desk and the console: opened on a click, called, copied, given to the owner. */

import "../styles/callback.css";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { AccompanyError } from "../errors";
import type { CallbackNumber } from "../evidence/callback-numbers";
import { dateAndTime, t } from "../i18n";
import { Notice, unbroken } from "../ui/frame";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { fetchNumber, giveNumber, openSealed, ownerOn, type SealedNumber } from "./opening";

interface ShownNumberProps {
  encounter: string;
  /** which callback it is, for whoever hears and does not see */
  of: string;
  /** opens what is sealed to it; null: not on this page, or not yet */
  identity: string | null;
  /** a vkey */
  organizationKey: string;
  now(): number;
  /** what is to be done where there is no identity */
  children?: ComponentChildren;
  /** for coordinators: seals it to the owner, too */
  gives?: boolean;
  /** who is to call, as the board says; null: nobody yet */
  owner?: string | null;
}

type Step =
  | { is: "shut" | "asked" | "fetching" | "failed" | "absent" | "broken" }
  | { is: "nobody"; found: SealedNumber }
  | { is: "open"; found: SealedNumber; number: CallbackNumber };

export function ShownNumber(props: ShownNumberProps): JSX.Element {
  const { encounter, of, identity, owner, gives, children } = props;
  const [step, go] = useState<Step>({ is: "shut" });
  const open = async (): Promise<void> => {
    if (identity === null) return go({ is: "asked" });
    go({ is: "fetching" });
    const next = await opened(encounter, identity);
    go(next);
    if (next.is === "open") say(t("number.there"));
    else if (next.is === "failed" || next.is === "absent" || next.is === "broken") alarm(t(`number.${next.is}`));
  };
  // Asked for before the keys were there: shown once they are.
  useEffect(() => {
    if (step.is === "asked" && identity !== null) void open();
  }, [identity]);
  // Somebody else is to call now: whether they have a copy is asked, and what is shown stays.
  const look = async (identity: string): Promise<void> => {
    const next = await opened(encounter, identity);
    if (next.is === "open") go((now) => (now.is === "open" ? next : now));
  };
  useEffect(() => {
    if (gives === true && step.is === "open" && identity !== null) void look(identity);
  }, [owner]);
  return (
    <div class="shown-number" data-testid="shown-number" data-step={step.is}>
      <p class="there">
        <Icon name="phone" />
        {t("number.there")}
      </p>
      {step.is === "open" ? (
        <Open {...props} step={step} shut={() => go({ is: "shut" })} />
      ) : (
        <button
          type="button"
          class="button"
          aria-label={`${t("number.show")}: ${of}`}
          disabled={step.is === "fetching"}
          onClick={() => void open()}
        >
          <Icon name="lock" />
          {t("number.show")}
        </button>
      )}
      {step.is === "asked" && identity === null && children}
      {step.is === "nobody" && <Notice tone="care">{t("number.none_here")}</Notice>}
      {(step.is === "failed" || step.is === "absent" || step.is === "broken") && (
        <Notice tone="care">{t(`number.${step.is}`)}</Notice>
      )}
    </div>
  );
}

async function opened(encounter: string, identity: string): Promise<Step> {
  let found: SealedNumber | null;
  try {
    found = await fetchNumber(encounter);
  } catch {
    return { is: "failed" };
  }
  if (found === null) return { is: "absent" };
  if (found.sealed === null) return { is: "nobody", found };
  try {
    return { is: "open", found, number: await openSealed(found.sealed, encounter, identity) };
  } catch (error) {
    if (!(error instanceof AccompanyError)) throw error;
    return { is: "broken" };
  }
}

interface OpenProps extends ShownNumberProps {
  step: Extract<Step, { is: "open" }>;
  shut(): void;
}

function Open({ step, gives, organizationKey, now, shut }: OpenProps): JSX.Element {
  const { number, found } = step;
  const [copied, told] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(number.number);
      told(true);
      say(t("number.copied"));
    } catch {
      alarm(t("number.failed"));
    }
  };
  return (
    <div class="open">
      <p class="digits">
        <bdi dir="ltr">{number.number}</bdi>
      </p>
      <p>{t(`number.says.${number.message}`)}</p>
      {number.when !== "" && (
        <p>
          {t("number.says.when")} <bdi>{number.when}</bdi>
        </p>
      )}
      <p class="small">{t("number.unproved")}</p>
      <p class="soft small">{t("number.noted", { time: dateAndTime(found.until) })}</p>
      <p class="ways">
        <a class="button main" href={`tel:${number.number}`}>
          <Icon name="phone" />
          {t("number.call", { number: unbroken(number.number) })}
        </a>
        <button type="button" class="button" onClick={() => void copy()}>
          <Icon name={copied ? "safe" : "card"} />
          {t(copied ? "number.copied" : "number.copy")}
        </button>
        <button type="button" class="button plain" onClick={shut}>
          {t("number.hide")}
        </button>
      </p>
      {gives === true && found.owner !== null && (
        <Give key={found.owner} number={number} card={found.owner} organizationKey={organizationKey} now={now} />
      )}
    </div>
  );
}

interface GiveProps extends Pick<ShownNumberProps, "organizationKey" | "now"> {
  number: CallbackNumber;
  card: string;
}

/** It was sealed before somebody took the callback: to them it is sealed here. */
function Give({ number, card, organizationKey, now }: GiveProps): JSX.Element | null {
  const [given, tell] = useState<"not yet" | "given" | "failed">("not yet");
  const owner = ownerOrNull(card, organizationKey, now());
  if (owner === null) return null;
  const give = async (): Promise<void> => {
    try {
      await giveNumber(number, owner);
      tell("given");
      say(t("number.given", { name: owner.name }));
    } catch {
      tell("failed");
      alarm(t("number.failed"));
    }
  };
  if (given === "given") return <Notice tone="safe">{t("number.given", { name: owner.name })}</Notice>;
  return (
    <>
      {given === "failed" && <Notice tone="care">{t("number.failed")}</Notice>}
      <button type="button" class="button" onClick={() => void give()}>
        {t("number.give", { name: owner.name })}
      </button>
    </>
  );
}

function ownerOrNull(card: string, organizationKey: string, now: number): ReturnType<typeof ownerOn> | null {
  try {
    return ownerOn(card, organizationKey, now);
  } catch (error) {
    if (!(error instanceof AccompanyError)) throw error;
    return null;
  }
}
