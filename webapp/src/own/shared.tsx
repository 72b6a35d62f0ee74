/** A recording that somebody gave by a link: opened here, and nowhere else without the link. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Opened } from "../attorney/opened";
import { t } from "../i18n";
import { fetchPackage } from "../service";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { linkKeyOf } from "./key";
import { readReleaseLink } from "../people/release-link";
import { readLink } from "./link";
import { Released } from "./released";
import { bearing } from "./requests";
import { SaveButton } from "./save-button";

export function Shared(): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [link] = useState(() => readLink(location.hash));
  const [release] = useState(() => readReleaseLink(location.hash));
  return (
    <section class="mine" data-testid="shared">
      <h1 ref={heading} tabIndex={-1}>
        {t("own.shared")}
      </h1>
      {release !== null ? (
        <Released secret={release} />
      ) : link === null ? <Notice tone="care">{t("own.shared.bent")}</Notice> : <Given {...link} />}
    </section>
  );
}

function Given({ recording, secret }: { recording: string; secret: Uint8Array }): JSX.Element {
  const [playing, play] = useState(false);
  const [{ identity, pass }] = useState(() => linkKeyOf(secret));
  const fetchSealed = (bare?: boolean): Promise<Blob> => fetchPackage(recording, () => undefined, bearing(pass), bare);
  return (
    <>
      <p>{t("own.shared.lead")}</p>
      <div class="ways">
        <button type="button" class="button main" aria-expanded={playing} onClick={() => play(!playing)}>
          <Icon name={playing ? "shut" : "film"} />
          {t(playing ? "opened.close" : "own.play")}
        </button>
        <SaveButton recording={recording} fetchSealed={fetchSealed} gone="own.shared.gone" />
      </div>
      {playing && (
        <Opened recording={recording} time={recording} identity={identity} fetchSealed={fetchSealed} heads={false} gone="own.shared.gone" />
      )}
    </>
  );
}
