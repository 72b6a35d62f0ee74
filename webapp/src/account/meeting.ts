/**
 * Meeting the server, for the pages of people who work here: it is asked until it answers, and is
 * believed to be whose it says. Not here: callers, whose link says whose server it must be.
 */

import { trust } from "../caller/trust";
import type { Organization, Service } from "../contracts";
import { t } from "../i18n";
import type { ServerClock } from "../live";
import { Refused, fetchServiceForEver } from "../service";
import { alarm } from "../ui/say";

export interface Server {
  service: Service;
  organization: Organization;
}

/** Returns the server, or null where what it says of itself does not hold; *waiting* meanwhile. */
export async function meet(clock: ServerClock, waiting: () => void): Promise<Server | null> {
  const service = await fetchServiceForEver(() => {
    waiting();
    alarm(t("service.unreachable"));
  });
  alarm("");
  clock.hear(service.time);
  const found = trust(service, null);
  return "refused" in found ? null : { service, organization: found.organization };
}

/** What the server answers, asked until it does; null where it says no; *waiting* meanwhile. */
export async function askForEver<T>(ask: () => Promise<T>, waiting: () => void): Promise<T | null> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Refused && error.problem.status < 500 && error.problem.status !== 429) return null;
      waiting();
      await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 500 * 2 ** tries)));
    }
  }
}
