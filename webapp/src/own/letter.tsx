/** What the attorney sent after the encounter: the closing letter, and what was written in the chat. */

import "../styles/letter.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Verifier } from "../evidence/notes";
import { LANGUAGES, dateAndTime, t } from "../i18n";
import { type Letter, openLetter } from "../letters";
import { saveFile } from "../save";
import { fetchGrants } from "../service";
import { Notice } from "../ui/frame";
import { bearing, type FiledRecording } from "./requests";

interface LettersProps {
  recording: FiledRecording;
  secret: Uint8Array;
  identity: string;
  /** a vkey */
  organizationKey: string;
}

export function Letters({ recording, secret, identity, organizationKey }: LettersProps): JSX.Element | null {
  const [letters, show] = useState<readonly (Letter | null)[] | null>(null);
  const { letters: sealed, recording: id, opening } = recording;
  useEffect(() => {
    if (sealed.length === 0 || organizationKey === "") return;
    const open = async (): Promise<(Letter | null)[]> => {
      const grants = await fetchGrants(id, bearing(secret));
      const to = { recording: id, opening, grants, identity };
      return await Promise.all(sealed.map((one) => openLetter(one, to, Verifier.parse(organizationKey))));
    };
    let over = false;
    open().then(
      (found) => over || show(found),
      () => over || show([null]),
    );
    return () => void (over = true);
  }, [recording]);
  if (sealed.length === 0) return null;
  return (
    <>
      {letters?.map((letter, at) =>
        letter === null ? <Notice key={at} tone="care">{t("own.letter.broken")}</Notice> : <One key={at} letter={letter} />,
      )}
    </>
  );
}

function One({ letter }: { letter: Letter }): JSX.Element {
  const { name, time, text, language, chat } = letter;
  const file = (): Blob => new Blob([`${text}\n`], { type: "text/plain;charset=utf-8" });
  return (
    <details class="own-phone" data-testid="my-letter">
      <summary>{t("own.letter", { name, time: dateAndTime(time) })}</summary>
      {text !== "" && (
        <p class="letter-read" lang={language} dir={LANGUAGES[language]?.direction ?? "auto"}>
          {text}
        </p>
      )}
      {chat.length > 0 && (
        <>
          <h3>{t("own.letter.chat")}</h3>
          <ul class="letter-chat">
            {chat.map((line, at) => (
              <li key={at}>
                <span class="small soft">
                  {line.by === "caller" ? t("own.letter.you") : name}
                  {" · "}
                  {dateAndTime(line.time)}
                </span>
                <br />
                <span dir="auto">{line.text}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {text !== "" && (
        <button type="button" class="button" onClick={() => saveFile(file(), "letter.txt")}>
          {t("own.letter.save")}
        </button>
      )}
    </details>
  );
}
