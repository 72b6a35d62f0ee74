/** The place of the step for contacts: their own module is taken in where this build has one. */

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import type { StepProps } from "./setup";

type Module = { Contacts: ComponentType };
const FOUND = import.meta.glob<Module>("./contacts.tsx");

export const CONTACTS = FOUND["./contacts.tsx"] ?? null;

export function ContactsStep({ settled }: StepProps): JSX.Element {
  const [Contacts, come] = useState<ComponentType | null>(null);
  useEffect(() => {
    settled(true);
    void CONTACTS?.().then((module) => come(() => module.Contacts), () => undefined);
  }, []);
  return Contacts === null ? <p>{t("service.connecting")}</p> : <Contacts />;
}
