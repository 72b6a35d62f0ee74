/** What callers see of a number to be called back on: loaded when one may be left, or was. */

import "../styles/callback.css";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import type { CallbackTold } from "../live-contracts";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { keptCallbacks } from "./kept";
import { Left, isThere, type Claim, type Trusted } from "./left";
import { NumberPanel, worthShowing } from "./panel";

export { CALLBACK } from "../i18n/callback";

/** One for each press of this page: the screen after it shows the same as the screen of the call. */
const ofPresses = new Map<string, Left>();

export interface PressNumberProps {
  claim: Claim;
  told: CallbackTold | null;
  service: Trusted;
  organization: string;
  now(): number;
  /** shown over the call, when a button is pressed */
  beside: boolean;
}

export function PressNumber({ claim, told, service, organization, now, beside }: PressNumberProps): JSX.Element | null {
  const [left] = useState(() => {
    const found = ofPresses.get(claim.encounter) ?? new Left({ claim, service, now, keeps: true, told });
    ofPresses.set(claim.encounter, found);
    return found;
  });
  useEffect(() => left.hear(told), [told]);
  const view = useWatched(left.view);
  if (!worthShowing(left, view)) return null;
  if (beside) return <Beside left={left} organization={organization} />;
  return (
    <div class="card">
      <NumberPanel left={left} organization={organization} />
    </div>
  );
}

function Beside({ left, organization }: { left: Left; organization: string }): JSX.Element {
  const [open, show] = useState(false);
  const there = isThere(useWatched(left.view));
  return (
    <>
      <button type="button" class="button leave-number" data-testid="leave-number" data-left={there} onClick={() => show(true)}>
        <Icon name={there ? "safe" : "phone"} />
        {t(there ? "number.left.short" : "number.offer")}
      </button>
      {open && <Over left={left} organization={organization} there={there} close={() => show(false)} />}
    </>
  );
}

interface OverProps {
  left: Left;
  organization: string;
  there: boolean;
  close(): void;
}

function Over({ left, organization, there, close }: OverProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="number-dialog" aria-label={t("number.title")} onClose={close}>
      <NumberPanel left={left} organization={organization} open={!there} />
      <p class="ways">
        <button type="button" class="button plain" onClick={() => dialog.current?.close()}>
          {t("number.close")}
        </button>
      </p>
    </dialog>
  );
}

/** Of pages that are gone: what waits is sent, and can still be changed and taken back. */
export function ResumedNumbers({ service, organization }: { service: Trusted | null; organization: string }): JSX.Element {
  const [all, resume] = useState<readonly Left[]>([]);
  useEffect(() => {
    const now = (): number => Date.now();
    const found = keptCallbacks(now())
      .filter(({ encounter }) => !ofPresses.has(encounter))
      .map((kept) => Left.resumed(kept, service, now));
    resume(found);
    return () => found.forEach((left) => left.stop());
    // Not anew with every answer of the same server: what is being typed is to be sent by the one it is typed for.
  }, [service?.demonstration, service?.organization, service?.organization_key]);
  const here = [...ofPresses.values()];
  return (
    <>
      {[...here, ...all].map((left) => (
        <Resumed key={left.encounter} left={left} organization={organization} />
      ))}
    </>
  );
}

function Resumed({ left, organization }: { left: Left; organization: string }): JSX.Element | null {
  const { told, waits, over } = useWatched(left.view);
  const [shown, show] = useState(false);
  const worth = waits !== null || told?.left === true;
  useEffect(() => {
    if (worth) show(true);
  }, [worth]);
  if (!shown && (over || !worth)) return null;
  return (
    <div class="card">
      <NumberPanel left={left} organization={organization} />
    </div>
  );
}
