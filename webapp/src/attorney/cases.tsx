/** The encounters this attorney answered, newest first, with their recordings. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Case, CaseRecording } from "../contracts";
import { dateAndTime, languageName, stateName, t, tn } from "../i18n";
import type { Attorney } from "../keys";
import { fetchCases, packagePath } from "../service";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { ClosingLetter } from "./case-letter";
import { Documents } from "./documents-part";
import type { Desk } from "./desk";
import type { DeskView } from "./desk-view";
import { HandOver, KeysAwaited, OnItsWay } from "./hand";
import { NotesField } from "./notes-field";
import { Opened } from "./opened";

interface CasesProps {
  desk: Desk;
  view: DeskView;
  attorney: Attorney;
  /** its name */
  organization: string;
}

/** While something of a case has not arrived, the list looks again this often. */
const LOOK_AGAIN = 3000;

function unfinished({ ended, recordings }: Case): boolean {
  const waits = ({ closing, missing }: CaseRecording): boolean => closing === null || missing > 0;
  return ended === null || recordings.some(waits);
}

export function Cases({ desk, view, attorney, organization }: CasesProps): JSX.Element {
  // With every call that ends here, and every case that comes or goes.
  const told = [view.ended, view.handovers.length, view.rings.length, view.awaited.length, view.wrapping?.encounter].join();
  const { found: cases, failed, times: looked, again } = useLoaded(fetchCases, told);
  const fetch = (): void => void again();
  useEffect(() => {
    const [newest] = cases ?? [];
    if (!newest || !unfinished(newest) || looked > 40) return;
    const timer = setTimeout(fetch, LOOK_AGAIN);
    return () => clearTimeout(timer);
  }, [looked]);
  return (
    <section class="cases" aria-labelledby="cases-title" data-testid="cases">
      <div class="head">
        <h2 id="cases-title">{t("cases.title")}</h2>
        <button type="button" class="button plain" onClick={fetch}>
          <Icon name="again" />
          {t("cases.again")}
        </button>
      </div>
      {failed !== null && <Notice tone="care">{t("cases.failed")}</Notice>}
      {cases === null && failed === null && <p class="soft">{t("service.connecting")}</p>}
      {cases?.length === 0 && <p class="soft">{t("cases.none")}</p>}
      <ul>
        {cases?.map((each) => (
          <OneCase key={each.encounter} found={each} desk={desk} view={view} attorney={attorney} organization={organization} />
        ))}
      </ul>
    </section>
  );
}

interface OneCaseProps extends CasesProps {
  found: Case;
}

function OneCase({ found, desk, view, attorney, organization }: OneCaseProps): JSX.Element {
  const leaving = view.handovers.some(({ encounter }) => encounter === found.encounter);
  return (
    <li class="card case" data-testid="case" data-encounter={found.encounter}>
      <div class="about">
        <h3>
          {stateName(found.state)} · {languageName(found.language)}
        </h3>
        <p class="soft small">
          {dateAndTime(found.pressed)}
          {found.ended === null && ` · ${t("cases.going")}`}
        </p>
      </div>
      {found.recordings.length === 0 && <p class="soft">{t("cases.empty")}</p>}
      {found.recordings.map((recording) => (
        <One key={recording.recording} recording={recording} found={found} attorney={attorney} />
      ))}
      <KeysAwaited view={view} encounter={found.encounter} />
      <OnItsWay desk={desk} view={view} encounter={found.encounter} />
      <NotesField book={desk.notes.of(found.encounter)} />
      <Documents encounter={found.encounter} options={desk.notes.options} />
      {found.ended !== null && (
        <ClosingLetter found={found} attorney={attorney.name} organization={organization} sender={attorney} now={() => desk.clock.now()} />
      )}
      {found.ended !== null && !leaving && <HandOver desk={desk} {...found} />}
    </li>
  );
}

/** The browser streams it to the disk: a package may be larger than memory. */
function download(recording: string): void {
  const link = document.createElement("a");
  link.href = packagePath(recording);
  link.download = `${recording}.zip`;
  link.click();
}

interface OneProps {
  recording: CaseRecording;
  found: Case;
  attorney: Attorney;
}

function One({ recording, found, attorney }: OneProps): JSX.Element {
  const [open, toggle] = useState(false);
  const { recording: id, missing, segments } = recording;
  const closed = recording.closing !== null;
  return (
    <div class="one" data-testid="recording" data-recording={id} data-missing={missing}>
      <p>
        <strong>{t(`cases.kind.${recording.kind}`)}</strong>
        <span class="soft small">
          {` · ${tn("cases.segments", segments)}`}
          {missing > 0 && ` · ${tn("cases.missing", missing)}`}
          {` · ${t(closed ? "cases.closed" : "cases.open_ended")}`}
        </span>
      </p>
      <div class="ways">
        <button type="button" class="button main" aria-expanded={open} onClick={() => toggle(!open)}>
          <Icon name={open ? "shut" : recording.kind === "notes" ? "chat" : "film"} />
          {t(open ? "opened.close" : recording.kind === "notes" ? "chat.read" : "cases.open")}
        </button>
        <button type="button" class="button" onClick={() => download(id)}>
          <Icon name="save" />
          {t("cases.download")}
        </button>
      </div>
      {open && (
        <Opened recording={id} time={dateAndTime(found.pressed)} identity={attorney.identity} signer={attorney} />
      )}
    </div>
  );
}
