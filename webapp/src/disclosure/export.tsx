/**
 * Giving a recording out: sealed, or opened with stretches withheld. What the caller said of privilege
 * stands above it, and nobody gets an opened package who does not say that they looked.
 */

import "../styles/disclosure.css";
import type { JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { custodyOf, privilegeIn } from "../attorney/custody-lines";
import { writeTime } from "../evidence/text";
import { dateAndTime, t } from "../i18n";
import { openTable } from "../database";
import type { Unsealed } from "../opened";
import { saveFile } from "../save";
import { fetchService } from "../service";
import { Notice } from "../ui/frame";
import { useFocus, useWatched } from "../ui/hooks";
import { alarm, say } from "../ui/say";
import type { ReportSaid } from "../verify/messages";
import { VerifierWorker } from "../verify/run";
import { DATABASE, KeptMarks } from "./kept-marks";
import { Making } from "./making";
import { Marking } from "./marking";
import { type Acts, marksOf, withheldBy } from "./marks";
import { reportFile } from "./report-file";
import { type CardSigner, type Disclosed, discloseApart } from "./run";

export interface ExportProps {
  sealed: Blob;
  found: Unsealed;
  player: RefObject<HTMLMediaElement | null>;
  /** a holder's */
  identity: string;
  /** null: a key made for this package signs */
  signer: CardSigner | null;
  /** fetches it without the lines on who had it in hand */
  fetchBare: () => Promise<Blob>;
}

const kept = new KeptMarks(openTable(DATABASE));

export function Export(props: ExportProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [how, choose] = useState<"sealed" | "opened">("sealed");
  const [bare, leaveOut] = useState(false);
  const id = `export-${props.found.recording}`;
  return (
    <section class="disclosure" aria-labelledby={id} data-testid="disclosure">
      <h3 id={id} ref={heading} tabIndex={-1}>
        {t("disclose.title")}
      </h3>
      <fieldset class="how">
        <legend>{t("disclose.how")}</legend>
        {(["sealed", "opened"] as const).map((one) => (
          <label key={one} class="tick">
            <input type="radio" name={id} checked={how === one} onChange={() => choose(one)} />
            <span>
              <strong>{t(`disclose.${one}`)}</strong>
              <br />
              <span class="small">{t(`disclose.lead.${one}`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <label class="tick">
        <input type="checkbox" checked={bare} onChange={({ currentTarget }) => leaveOut(currentTarget.checked)} />
        {t("disclose.bare")}
      </label>
      {how === "sealed" ? <AsSealed {...props} bare={bare} /> : <AsOpened {...props} bare={bare} />}
    </section>
  );
}

interface BareProps extends ExportProps {
  bare: boolean;
}

function AsSealed({ sealed, found, fetchBare, bare }: BareProps): JSX.Element {
  const [failed, fail] = useState(false);
  const save = async (): Promise<void> => {
    fail(false);
    try {
      saveFile(bare ? await fetchBare() : sealed, `${found.recording}.zip`);
    } catch {
      fail(true);
      alarm(t("service.away"));
    }
  };
  return (
    <>
      <button type="button" class="button main" onClick={() => void save()}>
        {t("disclose.sealed.save")}
      </button>
      {failed && <Notice tone="care">{t("service.away")}</Notice>}
    </>
  );
}

/** Null while it is not known; "none" where the caller said nothing. */
function usePrivilege(sealed: Blob): "kept" | "waived" | "none" | null {
  const [privilege, know] = useState<"kept" | "waived" | "none" | null>(null);
  useEffect(() => {
    custodyOf(sealed).then(
      (lines) => know(privilegeIn(lines) ?? "none"),
      () => know("none"),
    );
  }, [sealed]);
  return privilege;
}

interface Checked {
  disclosed: Disclosed;
  report: ReportSaid;
  now: number;
}

async function checked(made: Disclosed): Promise<ReportSaid> {
  const { policy } = await fetchService();
  const given = { policy: new Blob([policy]), anchors: [], signer: made.signer, heads: [], openEnded: false };
  const worker = new VerifierWorker();
  return await worker.verify(made.package, given, () => undefined).finally(() => worker.end());
}

/** Nothing is made before it is known what was marked. */
function AsOpened(props: BareProps): JSX.Element | null {
  const store = kept.of(props.found.encounter, props.identity);
  const acts = useWatched(store);
  return acts === null ? null : <AsMarked {...props} acts={acts} mark={(next) => store.set(next)} />;
}

interface MarkedProps extends BareProps {
  acts: Acts;
  mark(acts: Acts): void;
}

function AsMarked(props: MarkedProps): JSX.Element {
  const { sealed, found, player, identity, signer, fetchBare, bare, acts, mark } = props;
  const [making] = useState(() => new Making<Checked>());
  const state = useWatched(making.view);
  const [looked, look] = useState(false);
  const privilege = usePrivilege(sealed);
  useEffect(() => () => making.stop(), []);
  // What was made before another mark was set is not what would be made now. At once: what is ticked and pressed
  // next, by keyboard within a frame, is of the new marks.
  useLayoutEffect(() => {
    making.stop();
    look(false);
  }, [acts, bare]);
  const make = async (): Promise<void> => {
    const became = await making.make(async (stop, progress) => {
      const now = Date.now();
      const source = bare ? await fetchBare() : sealed;
      stop.throwIfAborted();
      const wanted = { sealed: source, identity, withheld: withheldBy(marksOf(acts), found.parts, found.time), now };
      const disclosed = await discloseApart(wanted, signer, stop, (share) => progress(0.9 * share));
      return { disclosed, report: await checked(disclosed), now };
    });
    if (became === "made") say(t("disclose.made"));
    if (became === "failed") alarm(t("disclose.failed"));
  };
  return (
    <>
      {privilege !== null && (
        <Notice tone={privilege === "waived" ? "plain" : "care"}>{t(`disclose.privilege.${privilege}`)}</Notice>
      )}
      <Marking acts={acts} become={mark} found={found} player={player} />
      <label class="tick">
        <input type="checkbox" checked={looked} onChange={({ currentTarget }) => look(currentTarget.checked)} />
        {t("disclose.looked")}
      </label>
      {state.is === "making" ? (
        <div>
          <p role="status">{t("disclose.making")}</p>
          <progress aria-label={t("disclose.making")} max={1} value={state.share} />
          <p>
            <button type="button" class="button" onClick={() => making.stop()}>
              {t("disclose.stop")}
            </button>
          </p>
        </div>
      ) : (
        <button type="button" class="button main" disabled={!looked || privilege === null} onClick={() => void make()}>
          {t("disclose.make")}
        </button>
      )}
      {state.is === "failed" && <Notice tone="loud">{t("disclose.failed")}</Notice>}
      {state.is === "made" && <Made {...state.made} found={found} own={signer === null} />}
    </>
  );
}

interface MadeProps extends Checked {
  found: Unsealed;
  own: boolean;
}

function Made({ disclosed: made, report, now, found, own }: MadeProps): JSX.Element {
  const name = found.recording.slice(0, 8);
  const withheld = report.findings.find(({ code }) => code === "segments-withheld");
  const film = made.copy ?? made.film;
  const ending = made.copy !== null ? "mp4" : made.film.type.endsWith("webm") ? "webm" : made.film.type.startsWith("audio") ? "m4a" : "mp4";
  return (
    <div class="ready" data-testid="disclosed" data-exit={report.exit}>
      <Notice tone={report.exit === 0 ? "safe" : "care"}>
        <p>{t("disclose.made")}</p>
        <p>{t(`verify.exit.${report.exit}`)}</p>
        {withheld !== undefined && (
          <p lang="en" dir="ltr" data-testid="withheld">
            {withheld.text}
          </p>
        )}
      </Notice>
      <div class="ways">
        <button type="button" class="button main" onClick={() => saveFile(made.package, `${found.recording}-opened.zip`)}>
          {t("disclose.save.package")}
        </button>
        {film.size > 0 && found.kind !== "notes" && (
          <button type="button" class="button" onClick={() => saveFile(film, `${name}.${ending}`)}>
            {t("disclose.save.film")}
          </button>
        )}
        <button type="button" class="button" onClick={() => saveFile(reportFile(report, made.signer, now), `${name}-report.html`)}>
          {t("disclose.save.report")}
        </button>
      </div>
      <p class="small soft">{t(own ? "disclose.signed.own" : "disclose.signed.card", { time: dateAndTime(writeTime(now)) })}</p>
      {!own && <p class="small soft">{t("disclose.signed.line")}</p>}
      <p class="small" dir="ltr" data-testid="signer">
        <code>{made.signer}</code>
      </p>
      <p class="small soft">{t("disclose.certification")}</p>
    </div>
  );
}
