/** The chat of an encounter, opened out of its recording: who wrote what, and when. */

import "../styles/letter.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type ChatLine, readChat } from "../chat-kept";
import { dateAndTime, t } from "../i18n";
import { Notice } from "../ui/frame";

interface ChatReadProps {
  media: Blob;
  /** whoever reads it is who called */
  mine: boolean;
}

export function ChatRead({ media, mine }: ChatReadProps): JSX.Element | null {
  const [lines, show] = useState<readonly (ChatLine | null)[] | null>(null);
  useEffect(() => {
    let over = false;
    void media.text().then((text) => over || show(readChat(text)));
    return () => void (over = true);
  }, [media]);
  if (lines === null) return null;
  const read = lines.filter((line) => line !== null);
  const who = ({ by }: ChatLine): string => t(by === "attorney" ? "chat.lawyer" : mine ? "chat.you" : "chat.caller");
  const broken = lines.length - read.length;
  return (
    <section aria-label={t("chat.title")} data-testid="chat-read">
      {broken > 0 && <Notice tone="care">{t("chat.broken")}</Notice>}
      {read.length === 0 ? (
        <p class="soft">{t("chat.none")}</p>
      ) : (
        <>
          <ul class="letter-chat">
            {read.map((line, at) => (
              <li key={at}>
                <span class="small soft">
                  {who(line)}
                  {" · "}
                  <time dateTime={line.time}>{dateAndTime(line.time)}</time>
                </span>
                <br />
                <span dir="auto">{line.text}</span>
              </li>
            ))}
          </ul>
          <p class="small soft">{t("chat.kept")}</p>
        </>
      )}
    </section>
  );
}
