/**
 * The closing letter of a case: prepared in the caller's language, gone over by the attorney, printed
 * from this browser, or sent sealed to the caller's "My recordings", with the chat if the attorney
 * wants so. Nothing of it is kept elsewhere.
 */

import "../styles/letter.css";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Case } from "../contracts";
import { dateAndTime, languageName, t, tn } from "../i18n";
import { loadFile, type Texts } from "../i18n/files";
import { LANGUAGES } from "../i18n/languages";
import { OFFICE } from "../i18n/office";
import type { Attorney } from "../keys";
import { linesOf, sendLetter, takeBackLetter } from "../letters";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { chatOf } from "./chats";

interface LetterProps {
  found: Case;
  attorney: string;
  organization: string;
}

const PARTS = ["letter.dear", "letter.met", "letter.done", "letter.next", "letter.recordings", "letter.ends"] as const;

/** The letter in the words of `texts`: what is to be filled in stands in square brackets. */
export function letterIn(texts: Texts, tag: string, { found, attorney, organization }: LetterProps): string {
  const locales = LANGUAGES[tag]?.locales ?? [tag];
  const day = new Intl.DateTimeFormat(locales, { dateStyle: "long" }).format(new Date(found.pressed));
  const words: Record<string, string> = {
    date: day,
    attorney,
    organization,
    id: found.recordings[0]?.recording ?? "",
  };
  const said = (key: (typeof PARTS)[number]): string =>
    (texts[key] ?? "").replaceAll(/\{(\w+)\}/g, (_, name: string) => words[name] ?? "");
  const parts = PARTS.filter((key) => key !== "letter.recordings" || found.recordings.length > 0);
  return [...parts.map(said), `${attorney}\n${organization}`].join("\n\n");
}

interface ClosingLetterProps extends LetterProps {
  sender: Pick<Attorney, "sign" | "serial">;
  now(): number;
}

export function ClosingLetter(props: ClosingLetterProps): JSX.Element {
  const { language } = props.found;
  const [letter, write] = useState<{ text: string; tag: string } | null>(null);
  const begin = async (): Promise<void> => {
    const tag = Object.hasOwn(LANGUAGES, language) ? language : "en";
    const { texts } = await loadFile(OFFICE, tag);
    write({ text: letterIn(texts, tag, props), tag });
  };
  return (
    <details
      class="third-seat hand letter"
      data-testid="letter"
      onToggle={(event) => void (event.currentTarget.open && letter === null && begin())}
    >
      <summary>
        <Icon name="pen" />
        {t("letter.title")}
      </summary>
      {letter !== null && (
        <>
          <label>
            <span class="small">{t("letter.lead", { language: languageName(letter.tag) })}</span>
            <textarea
              rows={16}
              lang={letter.tag}
              dir={LANGUAGES[letter.tag]?.direction ?? "ltr"}
              value={letter.text}
              onInput={(event) => write({ ...letter, text: event.currentTarget.value })}
            />
          </label>
          <div class="ways">
            <button type="button" class="button" onClick={() => print()}>
              <Icon name="save" />
              {t("letter.print")}
            </button>
          </div>
          {props.found.recordings.length > 0 && <Sending {...props} {...letter} />}
          {/* A field prints what fits into it: this is what goes onto the paper. */}
          <div class="letter-paper" lang={letter.tag} dir={LANGUAGES[letter.tag]?.direction ?? "ltr"} aria-hidden="true">
            {letter.text}
          </div>
        </>
      )}
    </details>
  );
}

/** `before`: sent when this page was opened. */
type Sent = "before" | "asking" | "sending" | "sent" | "back" | "failed";

/** Sends it to the caller, who reads it with a key of their own; or takes it back. */
function Sending({ found, sender, now, text, tag }: ClosingLetterProps & { text: string; tag: string }): JSX.Element {
  const own = found.letters.find(({ author }) => author === sender.serial);
  const [state, become] = useState<Sent>(own === undefined ? "asking" : "before");
  const chat = chatOf(found.encounter)?.entries.value ?? [];
  const [withChat, take] = useState(false);
  const to = own?.recording ?? (found.recordings.find(({ kind }) => kind === "film") ?? found.recordings[0])?.recording ?? "";
  const attempt = async (act: () => Promise<void>, done: "sent" | "back"): Promise<void> => {
    become("sending");
    try {
      await act();
      become(done);
      say(t(`letter.${done}`));
    } catch {
      become("failed");
      alarm(t("letter.failed"));
    }
  };
  const send = (): Promise<void> =>
    attempt(() => sendLetter(found.encounter, to, { text, language: tag, chat: withChat ? linesOf(chat) : [] }, sender, now()), "sent");
  return (
    <div class="sending" data-testid="letter-sending" data-is={state}>
      <p class="small">{t("letter.send.lead")}</p>
      {(own === undefined || state === "before" ? found.letters : found.letters.filter((one) => one !== own)).map(({ author, recording, name, time }) => (
        <p key={`${author} ${recording}`} data-testid="letter-before">
          {t("letter.before", { name, time: dateAndTime(time) })}
        </p>
      ))}
      {text.includes("[") && <Notice tone="care">{t("letter.brackets")}</Notice>}
      {chat.length > 0 && (
        <label class="tick">
          <input type="checkbox" checked={withChat} onChange={({ currentTarget }) => take(currentTarget.checked)} />
          {tn("letter.chat", chat.length)}
        </label>
      )}
      <div class="ways">
        <button type="button" class="button main" disabled={state === "sending"} onClick={() => void send()}>
          <Icon name="send" />
          {t("letter.send")}
        </button>
        {(state === "sent" || state === "before") && (
          <button type="button" class="button" onClick={() => void attempt(() => takeBackLetter(found.encounter, to), "back")}>
            {t("letter.take_back")}
          </button>
        )}
      </div>
      {(state === "sent" || state === "back") && <Notice tone="safe">{t(`letter.${state}`)}</Notice>}
      {state === "failed" && <Notice tone="care">{t("letter.failed")}</Notice>}
    </div>
  );
}
