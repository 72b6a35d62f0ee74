/** The screens after the press: while it runs, and after its end. Loaded once the button is there. */

import type { JSX } from "preact";
import type { Service } from "../contracts";
import { After } from "./after";
import type { Encounter, EncounterView } from "./encounter";
import { InCall } from "./in-call";

interface PressedScreensProps {
  encounter: Encounter;
  view: EncounterView;
  service: Service;
  state: string;
  back(): void;
}

export function PressedScreens({ encounter, view, service, state, back }: PressedScreensProps): JSX.Element {
  if (!view.ended) return <InCall encounter={encounter} view={view} service={service} state={state} />;
  return <After encounter={encounter} view={view} service={service} back={back} />;
}
