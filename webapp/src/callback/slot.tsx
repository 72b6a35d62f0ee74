/** Where a number to be called back on is shown on a page that does not wait for it. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { addWords } from "../i18n";
import { lateCome } from "../ui/late";
import type { Trusted } from "./left";
import { CALLBACKS } from "./names";
import type { PressNumberProps } from "./pages";

const usePages = lateCome(async () => {
  const pages = await import("./pages");
  await addWords(pages.CALLBACK);
  return pages;
});

/** Of a press: nothing where no number may be left; once shown it stays, and says what became of it. */
export function NumberSlot({ offered, ...props }: PressNumberProps & { offered: boolean }): JSX.Element | null {
  const [wanted, want] = useState(offered);
  useEffect(() => {
    if (offered) want(true);
  }, [offered]);
  const found = usePages(wanted);
  return found === null ? null : <found.PressNumber {...props} />;
}

/** Of pages that are gone; nothing is loaded where there is nothing. */
export function ResumedNumberSlot(props: { service: Trusted | null; organization: string }): JSX.Element | null {
  const [wanted] = useState(hasNumbers);
  const found = usePages(wanted);
  return found === null ? null : <found.ResumedNumbers {...props} />;
}

function hasNumbers(): boolean {
  try {
    return localStorage.getItem(CALLBACKS) !== null;
  } catch {
    return false;
  }
}
