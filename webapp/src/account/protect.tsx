/** Right after joining: a passkey that locks the keys where it can, then the recovery sheet. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import { deviceName } from "./device-name";
import { addPasskey } from "./requests";
import { Sheet } from "./sheet";
import { sealKeys, type KeyBundle } from "./vault";

interface ProtectProps {
  name: string;
  organization: string;
  /** null for whoever has no keys to lock */
  keys: KeyBundle | null;
  /** keeps the keys in this browser's storage, where no passkey locks them */
  keepInClear(): Promise<void>;
  /** goes on; whether there is a passkey now */
  done(passkey: boolean): void;
}

type Stage = "ask" | "making" | "refused" | "clear" | "sheet";

export function Protect({ name, organization, keys, keepInClear, done }: ProtectProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [stage, become] = useState<Stage>("ask");
  const [made, note] = useState(false);
  const make = async (): Promise<void> => {
    become("making");
    try {
      const { opens } = await addPasskey(deviceName(), async (secret) => keys && sealKeys(keys, secret));
      note(true);
      if (keys && !opens) await keepInClear();
      become(keys && !opens ? "clear" : "sheet");
    } catch {
      become("refused");
      alarm(t("passkey.refused"));
    }
  };
  const without = async (): Promise<void> => {
    await keepInClear();
    become("sheet");
  };
  if (stage === "sheet") return <Sheet name={name} organization={organization} keys={keys} done={() => done(made)} />;
  return (
    <section class="protect" data-testid="protect" data-stage={stage}>
      <h1 ref={heading} tabIndex={-1}>
        {t(keys ? "protect.title" : "protect.title.keyless")}
      </h1>
      {stage === "clear" ? (
        <>
          <Notice tone="care">{t("passkey.no_lock")}</Notice>
          <button type="button" class="button main" onClick={() => become("sheet")}>
            {t("protect.on")}
          </button>
        </>
      ) : (
        <>
          <p>{t("passkey.lead")}</p>
          {stage === "refused" && <Notice tone="loud">{t("passkey.refused")}</Notice>}
          <div class="ways">
            <button type="button" class="button main" disabled={stage === "making"} onClick={() => void make()}>
              <Icon name="lock" />
              {t(stage === "making" ? "passkey.making" : "passkey.make")}
            </button>
            <button type="button" class="button plain" disabled={stage === "making"} onClick={() => void without()}>
              {t("passkey.without")}
            </button>
          </div>
          {keys && <p class="small soft">{t("passkey.clear")}</p>}
        </>
      )}
    </section>
  );
}
