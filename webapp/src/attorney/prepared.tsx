/**
 * Sentences for the chat that nobody has to type: read here in one's own language, sent in the one the
 * caller chose, where there is a file for it, else in English.
 */

import type { JSX } from "preact";
import { newChatId, type Chat } from "../channel";
import { languageName, t } from "../i18n";
import { loadFile } from "../i18n/files";
import { OFFICE } from "../i18n/office";

const SENTENCES = ["quick.lawyer", "quick.heard", "quick.calm", "quick.free", "quick.silent", "quick.sign"] as const;

interface PreparedProps {
  chat: Chat;
  /** the caller's */
  language: string;
  now(): number;
}

export function Prepared({ chat, language, now }: PreparedProps): JSX.Element {
  const say = async (key: (typeof SENTENCES)[number]): Promise<void> => {
    const file = await loadFile(OFFICE, language).catch(() => loadFile(OFFICE, "en"));
    chat.say(file.texts[key] ?? t(key), newChatId(), new Date(now()).toISOString());
  };
  return (
    <details class="third-seat hand prepared">
      <summary>{t("quick.title")}</summary>
      <p class="small">{t("quick.sent", { language: languageName(language) })}</p>
      <ul>
        {SENTENCES.map((key) => (
          <li key={key}>
            <button type="button" class="button" onClick={() => void say(key)}>
              {t(key)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
