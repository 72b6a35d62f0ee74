/**
 * Where telling people is shown on a page that does not wait for it: nothing where there is nothing to
 * show, and its room until its part of the page has come.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { addWords, t } from "../i18n";
import { lateCome } from "../ui/late";
import type { ContactsProps } from "./contacts";
import { restoreCheckIns } from "./durable";
import { CHECK_INS } from "./names";
import type { Telling } from "./telling";

export type Pages = typeof import("./pages");

/** The pages once they are there, asked for when they are *wanted*. */
export const usePages = lateCome<Pages>(async () => {
  const pages = await import("./pages");
  await addWords(pages.PEOPLE);
  return pages;
});

interface TellingSlotProps {
  telling: Telling | null;
  /** somebody is told soon: the room for it is there before */
  wanted?: boolean;
  small?: boolean;
}

export function TellingSlot({ telling, wanted, small }: TellingSlotProps): JSX.Element | null {
  const found = usePages(telling !== null || wanted === true);
  if (telling === null && wanted !== true) return null;
  if (telling === null || found === null) return <section class="telling" />;
  return <found.TellingPanel telling={telling} small={small === true} />;
}

/** Check-ins of pages that are gone; nothing is loaded where there are none. */
export function ResumedSlot(): JSX.Element | null {
  const [wanted, want] = useState(hasCheckIns);
  useEffect(() => {
    if (!wanted) void restoreCheckIns().then((found) => found && want(true));
  }, [wanted]);
  const found = usePages(wanted);
  if (!wanted) return null;
  return (
    <div class="resumed" data-come={found !== null}>
      {found && <found.ResumedTellings />}
    </div>
  );
}

function hasCheckIns(): boolean {
  try {
    return localStorage.getItem(CHECK_INS) !== null;
  } catch {
    return false;
  }
}

export function PeopleSlot(props: ContactsProps): JSX.Element {
  const found = usePages(true);
  return found === null ? <p>{t("service.connecting")}</p> : <found.PeopleScreen {...props} />;
}

export function ContactsSlot(props: ContactsProps): JSX.Element {
  const found = usePages(true);
  return found === null ? <p>{t("service.connecting")}</p> : <found.Contacts {...props} />;
}
