/**
 * Choosing whom to tell: add, order, test, remove with undo, and after what time the caller is missed.
 * Names are shown only as long as this page is open; what is kept is sealed (contact.ts, kept.ts).
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Service } from "../contracts";
import { writeBase64 } from "../evidence/text";
import { t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { say } from "../ui/say";
import { recipientOfService } from "./contact";
import { ContactForm, type Added } from "./contact-form";
import { changePeople, freeSign, keptPeople, movedUp, withContact, type KeptContact, type People } from "./kept";
import { PEOPLE } from "./names";
import { OwnMessage } from "./own-message";
import { ReleaseChoice } from "./release-choice";
import { sendTest } from "./telling";

export interface ContactsProps {
  service: Service;
  guestCode: string;
}

export function Contacts({ service, guestCode }: ContactsProps): JSX.Element {
  const recipient = useRef(recipientOfService(service)).current;
  const [people, change] = useState(() => peopleFor(recipient));
  const [removed, forget] = useState<{ contact: KeptContact; at: number } | null>(null);
  const [adding, add] = useState(false);
  // Addresses typed on this page, by what was sealed of them: in memory, and gone with it.
  const [names, name] = useState<Readonly<Record<string, string>>>({});
  const { channels, contacts: most } = service.telling;

  useEffect(() => {
    const follow = ({ key }: StorageEvent): void => (key === PEOPLE ? change(peopleFor(recipient)) : undefined);
    addEventListener("storage", follow);
    return () => removeEventListener("storage", follow);
  }, []);
  const edit = (how: (now: People) => Partial<People>): void => change(changePeople(people, how));
  const editContacts = (how: (now: readonly KeptContact[]) => readonly KeptContact[]): void =>
    edit(({ contacts }) => ({ contacts: how(contacts) }));
  const added = ({ sealed: bytes, address }: Added): void => {
    const sealed = writeBase64(bytes);
    name({ ...names, [sealed]: address });
    // More than there may be would be refused, and nobody told.
    editContacts((now) => (now.length < most ? withContact(now, { sign: freeSign(now), sealed }) : now));
    forget(null);
    add(false);
    say(t("people.saved"));
  };
  const remove = (contact: KeptContact, at: number): void => {
    forget({ contact, at });
    editContacts((now) => now.filter(({ sealed }) => sealed !== contact.sealed));
    say(t("people.removed"));
  };
  const undo = (): void => {
    if (removed !== null) editContacts((now) => (now.length < most ? withContact(now, removed.contact, removed.at) : now));
    forget(null);
  };
  const later = (
    <>
      <TimeChoice
        people={people}
        offered={service.telling.minutes}
        choose={(minutes) => edit(() => ({ minutes }))}
      />
      <ReleaseChoice minutes={people.minutes} />
    </>
  );
  if (channels.length === 0) {
    return (
      <div class="people">
        <OwnMessage />
        {later}
      </div>
    );
  }
  return (
    <div class="people">
      <p>{t("people.lead")}</p>
      {keptPeople().recipient !== recipient && keptPeople().contacts.length > 0 && (
        <Notice tone="care">{t("people.changed")}</Notice>
      )}
      <ol class="contacts" aria-label={t("people.title")}>
        {people.contacts.map((contact, at) => (
          <Row
            key={contact.sign}
            contact={contact}
            name={names[contact.sealed] ?? null}
            first={at === 0}
            guestCode={guestCode}
            up={() => editContacts((now) => movedUp(now, contact.sign))}
            remove={() => remove(contact, at)}
          />
        ))}
      </ol>
      {people.contacts.length === 0 && <p class="soft">{t("people.none")}</p>}
      {removed !== null && (
        <div class="kept">
          <span>{t("people.removed")}</span>
          <button type="button" class="button plain" onClick={undo}>
            {t("people.undo")}
          </button>
        </div>
      )}
      {adding ? (
        <ContactForm service={service} recipient={recipient} added={added} cancel={() => add(false)} />
      ) : people.contacts.length < most ? (
        <button type="button" class="button main" onClick={() => add(true)}>
          {t("people.add")}
        </button>
      ) : (
        <p class="soft">{t("people.full", { count: most })}</p>
      )}
      {later}
      <p class="small soft">{t("people.sealed")}</p>
      <p class="small soft">{t("people.restart")}</p>
    </div>
  );
}

/** What is kept, where the service can still open it. */
function peopleFor(recipient: string): People {
  const kept = keptPeople();
  return kept.recipient === recipient ? kept : { recipient, minutes: kept.minutes, contacts: [] };
}

interface RowProps {
  contact: KeptContact;
  name: string | null;
  first: boolean;
  guestCode: string;
  up(): void;
  remove(): void;
}

type Tried = "no" | "sending" | "told" | "failed" | "later";
const TRIED: Record<Exclude<Tried, "no">, Key> = {
  sending: "people.test.sending",
  told: "people.test.sent",
  failed: "people.test.failed",
  later: "people.test.later",
};

function Row({ contact, name, first, guestCode, up, remove }: RowProps): JSX.Element {
  const [tried, tell] = useState<Tried>("no");
  const label = t("people.one", { number: contact.sign });
  const test = async (): Promise<void> => {
    tell("sending");
    tell(await sendTest(contact.sealed, guestCode));
  };
  useEffect(() => {
    if (tried !== "no" && tried !== "sending") say(t(TRIED[tried]));
  }, [tried]);
  return (
    <li class="card contact" aria-label={label}>
      <p class="who">
        <Icon name="lock" />
        <span>{label}</span> {name !== null && <bdi class="soft">{name}</bdi>}
      </p>
      <div class="acts">
        <button type="button" class="button plain" disabled={tried === "sending"} onClick={() => void test()}>
          {t("people.test")}
        </button>
        <button type="button" class="button plain" disabled={first} onClick={up}>
          {t("people.up")}
        </button>
        <button type="button" class="button plain" onClick={remove}>
          {t("people.remove")}
        </button>
      </div>
      {tried !== "no" && <p class="small">{t(TRIED[tried])}</p>}
    </li>
  );
}

interface TimeChoiceProps {
  people: People;
  offered: readonly number[];
  choose(minutes: number): void;
}

function TimeChoice({ people, offered, choose }: TimeChoiceProps): JSX.Element {
  return (
    <div class="field">
      <label for="check-in-time">{t("people.time")}</label>
      <select
        id="check-in-time"
        value={String(people.minutes)}
        onChange={(event) => choose(Number(event.currentTarget.value))}
      >
        {offered.map((minutes) => (
          <option key={minutes} value={String(minutes)}>
            {after(minutes)}
          </option>
        ))}
      </select>
    </div>
  );
}

function after(minutes: number): string {
  if (minutes === 0) return t("people.time.off");
  if (minutes % 60 === 0) return t("people.time.hours", { count: minutes / 60 });
  return t("people.time.minutes", { count: minutes });
}
