/** One contact to add: channel, address, and the words, which have good ones to begin with. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Service } from "../contracts";
import { t, type Key } from "../i18n";
import { oneAtATime } from "../ui/one";
import { alarm } from "../ui/say";
import { isChannel, readAddress, readWords, sealContact, type ChannelName, type Words } from "./contact";

export interface Added {
  sealed: Uint8Array;
  /** shown while this page is open, and not kept */
  address: string;
}

interface ContactFormProps {
  service: Service;
  recipient: string;
  added(contact: Added): void;
  cancel(): void;
}

const CHANNEL: Record<ChannelName, Key> = {
  sms: "people.channel.sms",
  email: "people.channel.email",
  signal: "people.channel.signal",
  whatsapp: "people.channel.whatsapp",
};
const WORDS: Record<keyof Words, Key> = {
  pressed: "people.words.pressed",
  safe: "people.words.safe",
  overdue: "people.words.overdue",
};
type Wrong = "address" | keyof Words | null;

export function ContactForm({ service, recipient, added, cancel }: ContactFormProps): JSX.Element {
  const channels = service.telling.channels.filter(isChannel);
  const most = service.telling.characters;
  const [channel, pick] = useState<ChannelName>(channels[0] ?? "sms");
  const [typed, type] = useState("");
  const [words, write] = useState<Words>(() => ({
    pressed: t("people.default.pressed"),
    safe: t("people.default.safe"),
    overdue: t("people.default.overdue"),
  }));
  const [wrong, blame] = useState<Wrong>(null);
  const [once] = useState(oneAtATime);
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    if (wrong !== null) document.getElementById(`contact-${wrong}`)?.focus();
  }, [wrong]);

  const save = async (): Promise<void> => {
    const address = readAddress(channel, typed);
    const [pressed, safe, overdue] = [words.pressed, words.safe, words.overdue].map((one) => readWords(one, most));
    const found = address === null ? "address" : !pressed ? "pressed" : !safe ? "safe" : !overdue ? "overdue" : null;
    blame(found);
    alarm(found === null ? "" : saidOf(found, channel, most));
    if (address === null || !pressed || !safe || !overdue) return;
    const contact = { channel, address, test: t("people.default.test"), pressed, safe, overdue };
    added({ sealed: await sealContact(contact, recipient), address });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void once(save);
  };
  return (
    <form class="card new-contact" onSubmit={submit} noValidate autocomplete="off">
      <div class="field">
        <label for="contact-channel">{t("people.channel")}</label>
        <select
          ref={first}
          id="contact-channel"
          value={channel}
          onChange={({ currentTarget: { value } }) => isChannel(value) && pick(value)}
        >
          {channels.map((name) => (
            <option key={name} value={name}>
              {t(CHANNEL[name])}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="contact-address">{t(channel === "email" ? "people.address.email" : "people.address.phone")}</label>
        <input
          id="contact-address"
          type="text"
          inputMode={channel === "email" ? "email" : "tel"}
          dir="ltr"
          value={typed}
          autocomplete="off"
          aria-invalid={wrong === "address"}
          aria-describedby="contact-address-wrong"
          onInput={(event) => type(event.currentTarget.value)}
        />
        <p class="missing" id="contact-address-wrong">
          {wrong === "address" && saidOf("address", channel, most)}
        </p>
      </div>
      {(Object.keys(WORDS) as (keyof Words)[]).map((name) => (
        <div class="field" key={name}>
          <label for={`contact-${name}`}>{t(WORDS[name])}</label>
          <textarea
            id={`contact-${name}`}
            rows={3}
            dir="auto"
            value={words[name]}
            aria-invalid={wrong === name}
            aria-describedby={`contact-${name}-wrong`}
            onInput={(event) => write({ ...words, [name]: event.currentTarget.value })}
          />
          <p class="missing" id={`contact-${name}-wrong`}>
            {wrong === name && saidOf(name, channel, most)}
          </p>
        </div>
      ))}
      <div class="acts">
        <button type="submit" class="button main">
          {t("people.save")}
        </button>
        <button type="button" class="button plain" onClick={cancel}>
          {t("people.cancel")}
        </button>
      </div>
    </form>
  );
}

function saidOf(wrong: "address" | keyof Words, channel: ChannelName, most: number): string {
  if (wrong !== "address") return t("people.wrong.words", { count: most });
  return t(channel === "email" ? "people.wrong.email" : "people.wrong.phone");
}
