/** For coordinators: which of the pages' languages a speaker has reviewed. Loaded when it is opened. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { LANGUAGES, dateOf, t } from "../i18n";
import type { ReviewedLanguage } from "../i18n/reviews";

export function Translations(): JSX.Element {
  const [found, show] = useState<readonly ReviewedLanguage[]>([]);
  const look = async (): Promise<void> => {
    const { fetchReviews } = await import("../i18n/reviews");
    show(await fetchReviews());
  };
  return (
    <details
      class="translations small"
      onToggle={(event) => event.currentTarget.open && found.length === 0 && void look().catch(() => undefined)}
    >
      <summary>{t("translations.title")}</summary>
      <p class="soft">{t("translations.lead")}</p>
      <dl>
        {found.map(({ tag, name, review }) => (
          <div key={tag} data-language={tag} data-reviewed={review !== null}>
            <dt>
              <bdi lang={tag} dir={LANGUAGES[tag]?.direction}>
                {name}
              </bdi>
            </dt>
            <dd>
              {review === null
                ? t("translations.unreviewed")
                : t("translations.reviewed", { by: review.by, date: dateOf(review.at) })}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
