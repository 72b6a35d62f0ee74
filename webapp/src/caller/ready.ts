/**
 * What the page knows of its server by now, pure: whatever comes last, an answer that was kept never takes the
 * place of one that was heard, and a refusal stands. Not here: asking, keeping and checking (app.tsx, trust.ts).
 */

import type { Organization, Service } from "../contracts";
import type { Trust } from "./trust";

export type Ready =
  | { is: "connecting"; unreachable: boolean }
  | { is: "refused"; why: "key" | "note" }
  /** `organization` is null until the kit has checked its note */
  | { is: "ready"; service: Service; organization: Organization | null };

export type News =
  | { said: "unreachable" }
  /** the server answered, by another key than the pinned one */
  | { said: "another key" }
  | { said: "answer"; service: Service }
  /** the kit looked at *service*, which may be an older answer than the one that is known now */
  | { said: "checked"; service: Service; found: Trust };

export function hear(now: Ready, news: News): Ready {
  if (now.is === "refused") return now;
  switch (news.said) {
    case "unreachable":
      return now.is === "connecting" ? { is: "connecting", unreachable: true } : now;
    case "another key":
      return { is: "refused", why: "key" };
    case "answer":
      return { is: "ready", service: news.service, organization: stillHolds(now, news.service) };
    case "checked":
      if (now.is !== "ready" || now.service !== news.service) return now;
      return "refused" in news.found
        ? { is: "refused", why: news.found.refused }
        : { ...now, organization: news.found.organization };
  }
}

/** What was checked before holds for the same note by the same key: what is being read and typed stays. */
function stillHolds(now: Ready, { origin, organization, organization_key: key }: Service): Organization | null {
  if (now.is !== "ready") return null;
  const { service } = now;
  const same = service.origin === origin && service.organization === organization && service.organization_key === key;
  return same ? now.organization : null;
}
