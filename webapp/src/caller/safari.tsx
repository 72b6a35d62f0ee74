/**
 * The way into a Safari tab, offered where this page was opened from the home screen of an iPhone and
 * camera or microphone are away: iOS stops both there when the screen locks, and may not give them back.
 * What is kept in one is not there in the other, so the link carries what was chosen.
 */

import type { JSX } from "preact";
import type { RecorderState } from "../contracts";
import { t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { beginChoices, pinned, writeLink } from "./choices";

/** What is asked of a browser; only Safari on iOS says `standalone`. */
export interface Browser {
  readonly navigator: { readonly standalone?: unknown; readonly userAgent: string; readonly maxTouchPoints: number };
  matchMedia(query: string): { readonly matches: boolean };
}

/** Whether this is a page on the home screen of an iPhone or iPad, which names itself a Mac. */
export function onIosHomeScreen({ navigator, matchMedia }: Browser): boolean {
  if (navigator.standalone === true) return true;
  const { userAgent, maxTouchPoints } = navigator;
  const ios = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
  return ios && matchMedia("(display-mode: standalone)").matches;
}

/** Whether something that should be recorded is away; what never was asked for is not missed. */
export function isAway({ camera, microphone, interrupted }: RecorderState): boolean {
  return interrupted !== null || [camera, microphone].some((one) => one === "lost" || one === "refused");
}

/** This page in Safari itself: a plain link would stay in here. */
function addressInSafari(): string {
  const { protocol, host, pathname } = location;
  return `x-safari-${protocol}//${host}${pathname}${writeLink(beginChoices(""), pinned())}`;
}

/** Nothing where this is a tab already. */
export function SafariTab({ lead }: { lead: Key }): JSX.Element | null {
  if (!onIosHomeScreen({ navigator, matchMedia: (query) => matchMedia(query) })) return null;
  return (
    <div class="safari" data-testid="safari">
      <Notice icon="camera">{t(lead)}</Notice>
      <a class="button ink" href={addressInSafari()}>
        {t("rec.safari.open")}
      </a>
    </div>
  );
}
