/** A number that was left, for coordinators: the organization's keys open it, and are asked for once. */

import type { JSX } from "preact";
import { fetchCharter } from "../desk/charter";
import { Failed } from "../desk/loaded";
import { useLoaded } from "../ui/loaded";
import { Unlock } from "../desk/unlock";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { ShownNumber } from "./shown";

/** The organization's keys in this page, and its own key by which cards are checked. */
export interface Unlocked {
  readonly identity: string;
  /** a vkey */
  readonly key: string;
}

interface DeskNumberProps {
  encounter: string;
  of: string;
  /** who is to call, as the board says; null: nobody yet */
  owner: string | null;
  /** in this page's memory while the part is shown */
  keys: Unlocked | null;
  unlock(keys: Unlocked): void;
  now(): number;
}

export function DeskNumber({ keys, unlock, ...rest }: DeskNumberProps): JSX.Element {
  return (
    <ShownNumber {...rest} identity={keys?.identity ?? null} organizationKey={keys?.key ?? ""} gives>
      <Keys unlock={unlock} />
    </ShownNumber>
  );
}

function Keys({ unlock }: { unlock(keys: Unlocked): void }): JSX.Element {
  const charter = useLoaded(fetchCharter, 0);
  if (charter.found === null) {
    return charter.failed ? <Failed again={charter.again} /> : <p class="soft">{t("service.connecting")}</p>;
  }
  const { demonstration, key } = charter.found;
  if (demonstration) return <Notice tone="plain">{t("number.demo")}</Notice>;
  return (
    <>
      <p>{t("number.unlock")}</p>
      <Unlock charter={charter.found} opened={({ identity }) => unlock({ identity, key })} />
    </>
  );
}
