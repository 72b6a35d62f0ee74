/** One's own account: passkeys, the recovery sheet, and where one is signed in. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dateAndTime, t } from "../i18n";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { alarm, say } from "../ui/say";
import { deviceName } from "./device-name";
import { passkeysPossible, underName } from "./passkeys";
import {
  addPasskey,
  endSession,
  fetchSessions,
  fetchWays,
  removePasskey,
  type Passkey,
  type Session,
  type Ways,
} from "./requests";
import { Numbered } from "./sign-in";
import { sealKeys, type KeyBundle } from "./vault";

interface AccountProps {
  keys: KeyBundle | null;
  /** somebody came by their sheet: a device may be lost */
  bySheet: boolean;
  /** shows a new recovery sheet over everything */
  makeSheet(): void;
  /** rises when a new sheet was made */
  sheets: number;
}

export function AccountCard({ keys, bySheet, makeSheet, sheets }: AccountProps): JSX.Element {
  const ways = useLoaded(fetchWays, sheets);
  const sessions = useLoaded(fetchSessions, sheets);
  const [refused, refuse] = useState(false);
  const [name, call] = useState(deviceName);
  const possible = passkeysPossible();
  const failed = refused || ways.failed !== null || sessions.failed !== null;
  useEffect(() => {
    if (failed) alarm(t("account.failed"));
  }, [failed]);
  const after = async (act: Promise<unknown>): Promise<void> => {
    refuse(false);
    await act.catch(() => refuse(true));
  };
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    const sealing = async (secret: Uint8Array): Promise<Uint8Array | null> => keys && sealKeys(keys, secret);
    await after(
      ways
        .change(async () => (await addPasskey(name.trim() || deviceName(), sealing)).ways)
        .then(() => say(t("account.added"))),
    );
  };
  return (
    <section class="card account" aria-labelledby="account-title" data-testid="account">
      <h2 id="account-title">{t("account.title")}</h2>
      {bySheet && <Notice tone="care">{t("account.offer")}</Notice>}
      <h3>{t("account.passkeys")}</h3>
      {ways.found?.passkeys.length === 0 && <p class="soft small">{t("account.none")}</p>}
      <ul>
        {ways.found?.passkeys.map((one) => (
          <OnePasskey
            key={one.id}
            passkey={one}
            keyless={keys === null}
            remove={() => void after(ways.change(() => removePasskey(one.id)))}
          />
        ))}
      </ul>
      {possible ? (
        <form class="field" onSubmit={(event) => void add(event)}>
          <label for="passkey-name">{t("account.name")}</label>
          <input
            id="passkey-name"
            maxLength={60}
            autocomplete="off"
            value={name}
            onInput={(event) => call(event.currentTarget.value)}
          />
          <button type="submit" class="button">
            <Icon name="lock" />
            {t("account.add")}
          </button>
        </form>
      ) : (
        <Numbered named={underName()} />
      )}
      <h3>{t("sheet.title")}</h3>
      <p class="small">{ways.found === null ? "\u00a0" : sheetSaid(ways.found)}</p>
      <button type="button" class="button" onClick={makeSheet}>
        {t("account.sheet.new")}
      </button>
      <h3>{t("account.sessions")}</h3>
      <ul>
        {sessions.found?.map((one) => (
          <OneSession key={one.number} session={one} end={() => void after(sessions.change(() => endSession(one.number)))} />
        ))}
      </ul>
      {(sessions.found?.length ?? 0) > 1 && (
        <button type="button" class="button" onClick={() => void after(sessions.change(() => endSession("others")))}>
          {t("account.sessions.others")}
        </button>
      )}
      {failed && <Notice tone="care">{t("account.failed")}</Notice>}
    </section>
  );
}

const sheetSaid = ({ sheet }: Ways): string =>
  sheet === null ? t("account.sheet.none") : t("account.sheet.made", { time: dateAndTime(sheet) });

interface OnePasskeyProps {
  passkey: Passkey;
  /** whether there are no keys to lock */
  keyless: boolean;
  remove(): void;
}

function OnePasskey({ passkey, keyless, remove }: OnePasskeyProps): JSX.Element {
  const { name, opens, used } = passkey;
  return (
    <li>
      <bdi>{name}</bdi>
      <span class="small soft">
        {t("account.used", { time: dateAndTime(used) })}
        {!opens && !keyless && ` ${t("account.no_lock")}`}
      </span>
      <button type="button" class="button plain small" aria-label={`${t("account.remove")} ${name}`} onClick={remove}>
        {t("account.remove")}
      </button>
    </li>
  );
}

function OneSession({ session, end }: { session: Session; end(): void }): JSX.Element {
  const since = dateAndTime(session.made);
  return (
    <li data-this={session.this}>
      <span>
        {t("account.session", { time: since })}
        {session.this && <strong> {t("account.session.this")}</strong>}
      </span>
      {!session.this && (
        <button type="button" class="button plain small" aria-label={`${t("account.session.end")} ${since}`} onClick={end}>
          {t("account.session.end")}
        </button>
      )}
    </li>
  );
}
