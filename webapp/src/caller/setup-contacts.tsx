/** The step for people to tell: their own part of the page, with its words. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { ContactsSlot } from "../people/slot";
import type { StepProps } from "./setup";

export function ContactsStep({ service, choices, settled }: StepProps): JSX.Element {
  useEffect(() => settled(true), []);
  if (service === null) return <p>{t("service.connecting")}</p>;
  return <ContactsSlot service={service} guestCode={choices.code} />;
}
