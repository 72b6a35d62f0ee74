/** An organization's people: invited, active, gone; inviting somebody, and somebody leaving. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { dateAndTime, t, tn, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { oneAtATime } from "../ui/one";
import { QrCode } from "../ui/qr-code";
import { alarm, say } from "../ui/say";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";
import { Leaving } from "./leaving";
import { ROLES, fetchInvitations, fetchMembers, invite, takeBack, unproved, type Invitation, type Link, type Member } from "./members";

type Shown = { is: "all" } | { is: "link"; link: Link } | { is: "leaving" | "again" | "past"; person: string };

export const memberRole = (role: string): string =>
  (ROLES as readonly string[]).includes(role) ? t(`team.role.${role}` as Key) : role;

export function TeamPart(): JSX.Element {
  const [shown, show] = useState<Shown>({ is: "all" });
  if (shown.is === "link") return <HandOver link={shown.link} done={() => show({ is: "all" })} />;
  if (shown.is === "all") return <Everybody show={show} />;
  return (
    <Leaving
      key={shown.person}
      person={shown.person}
      why={shown.is}
      link={(link) => show({ is: "link", link })}
      back={() => show({ is: "all" })}
    />
  );
}

function Everybody({ show }: { show(shown: Shown): void }): JSX.Element {
  const people = useLoaded(fetchMembers, 0);
  const invited = useLoaded(fetchInvitations, 0);
  const [wrong, fail] = useState(false);
  const take = async (id: string): Promise<void> => {
    try {
      await invited.change(() => takeBack(id));
      fail(false);
    } catch {
      fail(true);
      alarm(t("dd.failed"));
    }
  };
  const again = (): void => void Promise.all([people.again(), invited.again()]);
  const active = people.found?.filter(({ removed }) => removed === null) ?? [];
  const gone = people.found?.filter(({ removed }) => removed !== null) ?? [];
  return (
    <section class="team" aria-labelledby="team-title" data-testid="team">
      <h2 id="team-title">{t("team.title")}</h2>
      <p class="soft">{t("team.lead")}</p>
      {(people.failed !== null || invited.failed !== null || wrong) && <Failed again={again} />}
      <Invite made={(link) => show({ is: "link", link })} />
      {invited.found !== null && <Invited invitations={invited.found} take={(id) => void take(id)} />}
      <h3>{t("team.active")}</h3>
      <ul class="cards" data-testid="active">
        {active.map((one) => (
          <Active key={one.person} member={one} show={show} />
        ))}
      </ul>
      <h3>{t("team.gone")}</h3>
      {people.found !== null && gone.length === 0 && <p class="soft">{t("team.gone.none")}</p>}
      <ul class="cards" data-testid="gone">
        {gone.map((one) => (
          <li class="card" key={one.person}>
            <h4>
              <bdi>{one.name}</bdi>
            </h4>
            <p class="soft small">
              {memberRole(one.role)} · {t("team.gone.since", { time: dateAndTime(one.removed ?? one.since) })}
            </p>
            <button
              type="button"
              class="button plain"
              aria-label={`${t("team.look")}: ${one.name}`}
              onClick={() => show({ is: "past", person: one.person })}
            >
              {t("team.look")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Invite({ made }: { made(link: Link): void }): JSX.Element {
  const [once] = useState(oneAtATime);
  const [wrong, fail] = useState<Key | null>(null);
  const send = async (event: Event): Promise<void> => {
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [role, name, days] = ["role", "name", "days"].map((field) => String(form.get(field) ?? ""));
    try {
      made(await invite(role ?? "", (name ?? "").trim(), Number(days)));
    } catch (error) {
      fail(unproved(error) ? "team.fresh" : "dd.failed");
    }
  };
  return (
    <form class="card" onSubmit={(event) => (event.preventDefault(), void once(() => send(event)))} aria-labelledby="invite-title">
      <h3 id="invite-title">{t("team.invite.title")}</h3>
      <div class="row">
        <div class="field">
          <label for="invite-role">{t("team.invite.role")}</label>
          <select id="invite-role" name="role">
            {ROLES.map((role) => (
              <option key={role} value={role}>
                {memberRole(role)}
              </option>
            ))}
          </select>
        </div>
        <div class="field grows">
          <label for="invite-name">{t("team.invite.name")}</label>
          <input id="invite-name" name="name" maxLength={80} autocomplete="off" />
        </div>
        <div class="field">
          <label for="invite-days">{t("team.invite.days")}</label>
          <input id="invite-days" name="days" type="number" min={1} max={30} defaultValue="7" required />
        </div>
        <button type="submit" class="button main">
          {t("team.invite.send")}
        </button>
      </div>
      {wrong !== null && (
        <div role="alert">
          <Notice tone="care">{t(wrong)}</Notice>
        </div>
      )}
    </form>
  );
}

function HandOver({ link, done }: { link: Link; done(): void }): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const address = location.origin + link.path;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(address);
    say(t("team.link.copied"));
  };
  return (
    <section class="hand-over" aria-labelledby="link-title" data-testid="hand-over">
      <h2 id="link-title" ref={heading} tabIndex={-1}>
        {t("team.link.title")}
      </h2>
      <p>
        <strong>{memberRole(link.role)}.</strong> {t("team.link.lead", { time: dateAndTime(link.until) })}
      </p>
      <QrCode text={address} label={t("team.link.qr")} />
      <code dir="ltr" data-testid="link">
        {address}
      </code>
      <p class="row">
        <button type="button" class="button" onClick={() => void copy()}>
          {t("team.link.copy")}
        </button>
        <button type="button" class="button main" onClick={done}>
          {t("team.link.done")}
        </button>
      </p>
    </section>
  );
}

function Invited({ invitations, take }: { invitations: readonly Invitation[]; take(id: string): void }): JSX.Element {
  return (
    <>
      <h3>{t("team.invited")}</h3>
      {invitations.length === 0 && <p class="soft">{t("team.invited.none")}</p>}
      <ul class="cards" data-testid="invited">
        {invitations.map(({ id, role, name, by, until }) => (
          <li class="card" key={id}>
            <h4>
              <bdi>{name === "" ? t("team.invited.nameless") : name}</bdi>
            </h4>
            <p class="soft small">
              {memberRole(role)} · {t("team.invited.until", { time: dateAndTime(until) })}
              {by !== "" && ` · ${t("team.invited.by", { name: by })}`}
            </p>
            <button
              type="button"
              class="button"
              aria-label={`${t("team.take_back")}: ${name || memberRole(role)}`}
              onClick={() => take(id)}
            >
              {t("team.take_back")}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Active({ member, show }: { member: Member; show(shown: Shown): void }): JSX.Element {
  const { person, name, role, since, sessions, passkeys, me } = member;
  return (
    <li class="card" data-person={person}>
      <h4>
        <bdi>{name}</bdi> {me && t("team.me")}
      </h4>
      <p class="soft small">
        {memberRole(role)} · {t("team.since", { time: dateAndTime(since) })}
      </p>
      <p class="soft small">
        {sessions === 0 ? t("team.sessions.none") : tn("team.sessions", sessions)}
        {passkeys === 0 && ` · ${t("team.passkey.none")}`}
      </p>
      {!me && (
        <p class="row">
          <button
            type="button"
            class="button"
            aria-label={`${t("team.reinvite")} ${name}`}
            onClick={() => show({ is: "again", person })}
          >
            <Icon name="again" />
            {t("team.reinvite")}
          </button>
          <button
            type="button"
            class="button"
            aria-label={`${t("team.remove")} ${name}`}
            onClick={() => show({ is: "leaving", person })}
          >
            {t("team.remove")}
          </button>
        </p>
      )}
    </li>
  );
}
