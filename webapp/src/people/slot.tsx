/**
 * Where telling people is shown on a page that does not wait for it: nothing where there is nothing to
 * show, and its room until its part of the page has come.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { addWords, t } from "../i18n";
import type { ContactsProps } from "./contacts";
import { restoreCheckIns } from "./durable";
import { CHECK_INS } from "./names";
import type { Telling } from "./telling";

export type Pages = typeof import("./pages");

const AGAIN = 3_000;
let pages: Pages | null = null;

async function loadPages(): Promise<Pages> {
  for (;;) {
    try {
      const found = await import("./pages");
      await addWords(found.PEOPLE);
      return (pages = found);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/** The pages once they are there, asked for when they are *wanted*. */
export function usePages(wanted: boolean): Pages | null {
  const [found, show] = useState(pages);
  useEffect(() => {
    let over = false;
    if (wanted) void loadPages().then((loaded) => over || show(loaded));
    return () => void (over = true);
  }, [wanted]);
  return wanted ? found : null;
}

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
