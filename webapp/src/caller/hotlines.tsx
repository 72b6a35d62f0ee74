/** Ways that need no network but the telephone's: the hotline's number, and a prepared text message. */

import type { JSX } from "preact";
import type { Service } from "../contracts";
import { stateName, t } from "../i18n";
import { Hotline, unbroken } from "../ui/frame";
import { Icon } from "../ui/icons";

interface HotlinesProps {
  service: Service | null;
  /** the state chosen, or "" */
  state: string;
}

export function Hotlines({ service, state }: HotlinesProps): JSX.Element {
  const number = service?.hotline_sms ?? null;
  return (
    <>
      <Hotline number={service?.hotline ?? null} />
      {number !== null && (
        <a class="button" href={smsLink(number, state)}>
          <Icon name="chat" />
          {t("hotline.text", { number: unbroken(number) })}
        </a>
      )}
    </>
  );
}

/** The words name the state and nothing else. `?&` is what both iOS and Android read. */
export function smsLink(number: string, state: string): string {
  const body = state === "" ? t("hotline.text.short") : t("hotline.text.body", { state: stateName(state) });
  return `sms:${number.replace(/[^+0-9]/g, "")}?&body=${encodeURIComponent(body)}`;
}
