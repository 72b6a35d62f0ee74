/** Check-ins of pages that are gone: each can still be told that the caller is safe. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { keptCheckIns, keptPeople } from "./kept";
import { TellingPanel } from "./panel";
import { Telling } from "./telling";

export function ResumedTellings(): JSX.Element {
  const [tellings, resume] = useState<readonly Telling[]>([]);
  useEffect(() => {
    const people = keptPeople();
    const found = keptCheckIns(Date.now()).map((checkIn) => Telling.resumed(checkIn, people));
    resume(found);
    return () => found.forEach((telling) => telling.stop());
  }, []);
  return (
    <>
      {tellings.map((telling, at) => (
        <TellingPanel key={at} telling={telling} />
      ))}
    </>
  );
}
