/**
 * The first frame of the next opening, as the service worker keeps it in the page: the button is there, and
 * can be pressed, before the page's script is read. It holds nothing but what the press page shows to anybody.
 */

import { render } from "preact";
import type { Service } from "../contracts";
import { silent } from "../ui/modes";
import { Said } from "../ui/say";
import type { Choices } from "./choices";
import { Start } from "./start";

const NOTHING = (): void => undefined;

/** What the page draws first, as text; it never opens with a flash. */
export function firstFrame(service: Service, choices: Choices): string {
  const apart = document.createElement("div");
  const ready = { is: "ready", service, organization: null } as const;
  const props = { ready, choices, choose: NOTHING, press: NOTHING, leftovers: null, doors: <></> };
  render(
    <>
      <Said />
      <Start {...props} />
    </>,
    apart,
  );
  // What was said in this opening is nothing to say in the next; what is below the button moves nothing above.
  for (const part of apart.querySelectorAll("[role=status], [role=alert], .hotlines")) part.replaceChildren();
  for (const part of apart.querySelectorAll(".press ~ *, .around ~ :not(.hotlines)")) part.remove();
  const html = apart.innerHTML;
  render(null, apart);
  return html;
}

/** Lets the service worker keep it. Silent mode is dark only once the script says so: there is none for it. */
export async function keepFirstFrame(service: Service, choices: Choices): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (workers === undefined || !isSecureContext) return;
  const { active } = await workers.ready;
  const { lang, dir } = document.documentElement;
  const frame = silent.value ? "" : firstFrame(service, choices);
  active?.postMessage({ frame, lang, dir, from: new URL(import.meta.url).pathname });
}
