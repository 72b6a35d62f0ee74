/** The place where contacts are chosen, outside of set-up. */

import type { JSX } from "preact";
import { t } from "../i18n";
import { useFocus } from "../ui/hooks";
import { Contacts, type ContactsProps } from "./contacts";

export function PeopleScreen(props: ContactsProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  return (
    <section class="choosing" data-testid="people">
      <h1 ref={heading} tabIndex={-1}>
        {t("people.title")}
      </h1>
      <Contacts {...props} />
    </section>
  );
}
