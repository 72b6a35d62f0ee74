/** The chat of a call, on both pages. Its messages go end to end: see `channel.ts`. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CHAT_LIMIT, newChatId, type Chat, type ChatEntry } from "../channel";
import { t } from "../i18n";
import { useWatched } from "./hooks";
import { Icon } from "./icons";
import { say } from "./say";

interface ChatBoxProps {
  chat: Chat;
  now(): number;
  /** the words of the engagement, at the head of it */
  engaged?: readonly string[];
  /** before the call nothing can be said yet, after it nothing any more */
  is: "waiting" | "open" | "over";
}

export function ChatBox({ chat, now, is, engaged = [] }: ChatBoxProps): JSX.Element {
  const entries = useWatched(chat.entries);
  const list = useRef<HTMLOListElement>(null);
  const newest = entries.at(-1);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
    if (newest && !newest.mine) say(`${t("chat.them")}: ${newest.text}`);
  }, [newest?.id]);
  return (
    <section class="chat" aria-label={t("chat.title")}>
      <ol ref={list} tabIndex={0} aria-label={t("chat.title")}>
        {engaged.length > 0 && (
          <li class="engaged" data-testid="engaged">
            {engaged.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </li>
        )}
        {entries.length === 0 && is !== "over" && (
          <li class="none">{t(is === "open" ? "chat.empty" : "chat.later")}</li>
        )}
        {entries.map((entry) => (
          <Entry key={`${entry.mine}${entry.id}`} entry={entry} />
        ))}
      </ol>
      {is === "open" && <Say chat={chat} now={now} />}
    </section>
  );
}

function Entry({ entry }: { entry: ChatEntry }): JSX.Element {
  return (
    <li class={entry.mine ? "mine" : "theirs"}>
      {entry.before ? (
        <span class="soft small">{t("chat.before")} </span>
      ) : (
        <span class="hidden-text">{entry.mine ? t("chat.you") : t("chat.them")}: </span>
      )}
      <bdi>{entry.text}</bdi>
      {entry.mine && <span class="fate">{entry.seen ? t("chat.seen") : t("chat.waiting")}</span>}
    </li>
  );
}

function Say({ chat, now }: { chat: Chat; now(): number }): JSX.Element {
  const [text, change] = useState("");
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    chat.say(text, newChatId(), new Date(now()).toISOString());
    change("");
  };
  return (
    <form onSubmit={submit}>
      <input
        aria-label={t("chat.label")}
        placeholder={t("chat.label")}
        maxLength={CHAT_LIMIT}
        autocomplete="off"
        enterkeyhint="send"
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <button class="button main" aria-label={t("chat.send")}>
        <Icon name="send" />
      </button>
    </form>
  );
}
