/** One encounter of one's own: when, who helped and how to reach them, and what was recorded. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Opened } from "../attorney/opened";
import { Left, type Trusted } from "../callback/left";
import { NumberPanel, worthShowing } from "../callback/panel";
import "../styles/callback.css";
import { askDeletion, takeBackDeletion } from "../deletion";
import { writeBase64 } from "../evidence/text";
import { dateAndTime, stateName, t, tn } from "../i18n";
import type { CallbackTold } from "../live-contracts";
import { fetchPackage } from "../service";
import { Hotline, Notice } from "../ui/frame";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { alarm } from "../ui/say";
import { timeOf, type Found } from "./enrolment";
import { deletionKeyAt, secretAt, type OwnKey } from "./key";
import { Letters } from "./letter";
import { PrivilegeOf } from "./privilege";
import { bearing, type FiledRecording } from "./requests";
import { SaveButton } from "./save-button";
import { Share } from "./share";

interface OneEncounterProps {
  found: Found;
  ownKey: OwnKey;
  hotline: string | null;
  organization: string;
  /** a vkey */
  organizationKey: string;
  /** null where it is not checked whose server it is */
  service: Trusted | null;
  changed(): void;
}

export function OneEncounter({ found, ownKey, hotline, organization, organizationKey, service, changed }: OneEncounterProps): JSX.Element {
  const { attorney, callback, recordings, state } = found;
  const time = dateAndTime(timeOf(found));
  const [first] = recordings;
  return (
    <li class="card" data-testid="my-encounter">
      <h2>{state === null ? time : `${time} · ${stateName(state)}`}</h2>
      <p>{attorney === null ? t("own.attorney.none") : t("own.attorney", { name: attorney })}</p>
      <p class="small soft">{t("own.reach", { organization, id: first?.recording ?? "" })}</p>
      <Hotline number={hotline} />
      {callback !== null && service !== null && (
        <OwnNumber encounter={found.encounter} told={callback} secret={secretAt(ownKey, found.place)} service={service} organization={organization} />
      )}
      {recordings.map((recording) => (
        <Letters
          key={recording.recording}
          recording={recording}
          secret={secretAt(ownKey, found.place)}
          identity={ownKey.identity}
          organizationKey={organizationKey}
        />
      ))}
      {[...recordings].sort(filmFirst).map((recording) => (
        <One key={recording.recording} recording={recording} time={time} place={found.place} ownKey={ownKey} changed={changed} />
      ))}
    </li>
  );
}

interface OwnNumberProps {
  encounter: string;
  told: CallbackTold;
  secret: Uint8Array;
  service: Trusted;
  organization: string;
}

/** Somebody is to be called back for it: a number may be left, changed and taken back. */
function OwnNumber({ encounter, told, secret, service, organization }: OwnNumberProps): JSX.Element | null {
  const [left] = useState(
    () => new Left({ claim: { encounter, secret: writeBase64(secret) }, service, now: () => Date.now(), keeps: false, told }),
  );
  useEffect(() => () => left.stop(), []);
  const view = useWatched(left.view);
  if (!worthShowing(left, view)) return null;
  return <NumberPanel left={left} organization={organization} />;
}

const filmFirst = (one: FiledRecording, other: FiledRecording): number =>
  Number(one.kind !== "film") - Number(other.kind !== "film");

interface OneProps {
  recording: FiledRecording;
  time: string;
  place: number;
  ownKey: OwnKey;
  changed(): void;
}

function One({ recording, time, place, ownKey, changed }: OneProps): JSX.Element {
  const [opened, open] = useState<"player" | "share" | null>(null);
  const { recording: id, kind, segments, missing, closing } = recording;
  const headers = bearing(secretAt(ownKey, place));
  const turn = (to: "player" | "share"): void => open(opened === to ? null : to);
  const fetchSealed = (bare?: boolean): Promise<Blob> => fetchPackage(id, () => undefined, headers, bare);
  return (
    <div class="one" data-testid="my-recording" data-recording={id} data-kind={kind}>
      <h3>{t(`cases.kind.${kind}`)}</h3>
      <p class="small soft">
        {tn("cases.segments", segments)}
        {missing > 0 && ` · ${tn("cases.missing", missing)}`}
        {` · ${t(closing === null ? "cases.open_ended" : "cases.closed")}`}
      </p>
      <div class="ways">
        <button type="button" class="button main" aria-expanded={opened === "player"} onClick={() => turn("player")}>
          <Icon name={opened === "player" ? "shut" : kind === "notes" ? "chat" : "film"} />
          {t(opened === "player" ? "opened.close" : kind === "notes" ? "chat.read" : "own.play")}
        </button>
        <SaveButton recording={id} fetchSealed={fetchSealed} gone="own.failed" />
        <button type="button" class="button" aria-expanded={opened === "share"} onClick={() => turn("share")}>
          <Icon name="send" />
          {t("own.share")}
        </button>
      </div>
      {opened === "player" && (
        <Opened recording={id} time={time} identity={ownKey.identity} fetchSealed={fetchSealed} heads={false} mine />
      )}
      {opened === "share" && <Share recording={recording} place={place} ownKey={ownKey} fetchSealed={fetchSealed} changed={changed} />}
      <PrivilegeOf recording={recording} secret={secretAt(ownKey, place)} />
      <Deleting recording={recording} deletionKey={deletionKeyAt(ownKey, place)} changed={changed} />
    </div>
  );
}

interface DeletingProps {
  recording: FiledRecording;
  deletionKey: Uint8Array;
  changed(): void;
}

function Deleting({ recording, deletionKey, changed }: DeletingProps): JSX.Element {
  const [sure, ask] = useState(false);
  const [failed, fail] = useState(false);
  const { recording: id, deletion, held } = recording;
  const after = async (act: Promise<unknown>): Promise<void> => {
    try {
      await act;
      fail(false);
      ask(false);
      changed();
    } catch {
      fail(true);
      alarm(t("own.failed"));
    }
  };
  const problem = failed && <Notice tone="care">{t("own.failed")}</Notice>;
  if (deletion !== null) {
    return (
      <div class="deleting" data-testid="deleting">
        <Notice tone="care">
          {held ? t("own.delete.held") : t("own.delete.due", { time: dateAndTime(deletion) })}
        </Notice>
        <button type="button" class="button" onClick={() => void after(takeBackDeletion(id, deletionKey))}>
          {t("own.delete.undo")}
        </button>
        {problem}
      </div>
    );
  }
  return (
    <div class="deleting">
      {sure ? (
        <>
          <p>{t("own.delete.lead")}</p>
          <div class="ways">
            <button type="button" class="button" onClick={() => void after(askDeletion(id, deletionKey))}>
              {t("own.delete.sure")}
            </button>
            <button type="button" class="button plain" onClick={() => ask(false)}>
              {t("own.delete.keep")}
            </button>
          </div>
        </>
      ) : (
        <button type="button" class="button plain small" onClick={() => ask(true)}>
          {t("own.delete")}
        </button>
      )}
      {problem}
    </div>
  );
}
