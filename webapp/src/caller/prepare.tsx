/** What is beside the press, loaded apart from it: set-up, readiness, rights cards. */

import "../styles/prepare.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Organization, Service } from "../contracts";
import { addWords, t } from "../i18n";
import { SETUP } from "../i18n/setup";
import { OwnSlot } from "../own/slot";
import { PeopleSlot } from "../people/slot";
import { Screen } from "../ui/frame";
import type { Place } from "./place";
import type { Choices } from "./choices";
import { Readiness } from "./readiness-screen";
import { RightsCards } from "./rights";
import { Setup } from "./setup";
import type { Step } from "./setup-progress";

export interface PrepareProps {
  place: Place;
  go(place: Place | null): void;
  service: Service | null;
  organization: Organization | null;
  choices: Choices;
  choose(part: Partial<Choices>): void;
}

export const withWords = (): Promise<void> => addWords(SETUP);

export function Prepare(props: PrepareProps): JSX.Element {
  const { place, go, service, organization } = props;
  /** the one step that readiness sent to; null for set-up in its order */
  const [only, turnTo] = useState<Step | null>(null);
  useEffect(() => {
    if (place !== "setup") turnTo(null);
    scrollTo(0, 0);
  }, [place]);
  return (
    <Screen demonstration={service?.demonstration === true} of={organization?.name ?? null}>
      <main class="prepare" data-testid="prepare" data-place={place}>
        {place === "setup" && <Setup {...props} only={only} />}
        {place === "ready" && (
          <Readiness
            {...props}
            turnTo={(step) => {
              turnTo(step);
              go("setup");
            }}
          />
        )}
        {place === "rights" && <RightsCards {...props} />}
        {place === "people" && service !== null && <PeopleSlot service={service} guestCode={props.choices.code} />}
        {(place === "mine" || place === "shared") && (
          <OwnSlot
            key={place}
            what={place === "mine" ? "MyRecordings" : "Shared"}
            service={service}
            organization={organization}
            code={props.choices.code}
            open={() => undefined}
          />
        )}
        <p class="out">
          <button type="button" class="button plain" onClick={() => go(null)}>
            {t("beside.back")}
          </button>
        </p>
      </main>
    </Screen>
  );
}
