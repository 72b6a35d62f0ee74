/** The screen for a server that is not the one the caller's link names. Nothing is sent from it. */

import type { JSX } from "preact";
import { t } from "../i18n";
import { useFocus } from "../ui/hooks";
import { Screen } from "../ui/frame";

export function NotTrusted({ why }: { why: "key" | "note" }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  return (
    <Screen demonstration={false} of={null}>
      <main class="refusal" data-testid="not-trusted">
        <h1 ref={heading} tabIndex={-1}>
          {t("pin.title")}
        </h1>
        <p>{why === "key" ? t("pin.text") : t("pin.broken")}</p>
      </main>
    </Screen>
  );
}
