/** Everything of a desk as CSV files. */

import type { JSX } from "preact";
import { t, type Key } from "../i18n";
import { Icon } from "../ui/icons";
import { filePath } from "./answers";

const FILES = ["figures", "days", "presses", "callbacks", "roster", "gaps", "webhooks"] as const;
const DAYS = 366;

export function FilesPart(): JSX.Element {
  return (
    <section aria-labelledby="files-title" data-testid="files">
      <h2 id="files-title">{t("dd.files")}</h2>
      <p class="soft">
        {t("dd.files.lead")} {t("dd.small")}
      </p>
      <ul class="files">
        {FILES.map((name) => (
          <li key={name}>
            <a class="button plain" href={filePath(name, DAYS)} download>
              <Icon name="save" />
              {t(`dd.file.${name}` as Key)}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
