/**
 * The report as a calm page: the verdict, what fails first, what it means, the picture, the film, and
 * what it does not show. The findings are the catalogue's English words, as every verifier gives them.
 */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t, tn, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useFocus } from "../ui/hooks";
import { Icon } from "../ui/icons";
import type { FindingSaid, ReportSaid } from "../verify/messages";
import { when } from "../verify/report";
import { verdictOf } from "./app";
import { Picture } from "./picture";
import { lengthOf, sizeOf, visible } from "./words";

/** Findings of one kind that are shown before one asks for the rest. */
const SHOWN = 12;

interface ReportProps {
  report: ReportSaid;
  file: File;
  checked: number;
  again(): void;
}

export function ReportShown({ report, file, checked, again }: ReportProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  useOpenInPrint();
  const having = (verdict: FindingSaid["verdict"]) => report.findings.filter((one) => one.verdict === verdict);
  return (
    <article class="report" data-testid="report" data-exit={report.exit}>
      <header class={`verdict exit-${report.exit}`}>
        <Icon name={report.exit === 0 ? "safe" : "care"} />
        <h1 ref={heading} tabIndex={-1}>
          {t(verdictOf(report))}
        </h1>
      </header>
      <Facts report={report} file={file} checked={checked} />
      <Found id="fails" heading="verify.fails" findings={having("fails")} />
      <Found id="unchecked" heading="verify.unchecked" findings={having("unchecked")} />
      <Part id="meaning" heading="verify.meaning">
        <p lang="en" dir="ltr">
          {report.meaning}
        </p>
      </Part>
      <Film report={report} />
      <Picture facts={report.facts} />
      <When report={report} />
      <Found id="holds" heading="verify.holds" findings={having("holds")} />
      {report.facts.recording !== "" && (
        <Part id="not-shown" heading="verify.not_shown">
          <ul class="plain" lang="en" dir="ltr">
            {report.notShown.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Part>
      )}
      <footer>
        <p class="soft small">{t("verify.english")}</p>
        <p class="soft small">{t("verify.limits")}</p>
        <p class="doing">
          <button type="button" class="button ink" onClick={() => print()}>
            {t("verify.print")}
          </button>
          <button type="button" class="button" onClick={again}>
            {t("verify.other")}
          </button>
        </p>
      </footer>
    </article>
  );
}

/** What is folded on the screen is printed all the same. */
function useOpenInPrint(): void {
  useEffect(() => {
    let folded: HTMLDetailsElement[] = [];
    const before = (): void => {
      folded = [...document.querySelectorAll<HTMLDetailsElement>(".report details:not([open])")];
      for (const one of folded) one.open = true;
    };
    const after = (): void => {
      for (const one of folded) one.open = false;
    };
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
}

export function Part(props: { id: string; heading: Key; children: ComponentChildren }): JSX.Element {
  return (
    <section aria-labelledby={`part-${props.id}`} data-part={props.id}>
      <h2 id={`part-${props.id}`}>{t(props.heading)}</h2>
      {props.children}
    </section>
  );
}

function Facts({ report: { facts }, file, checked }: Pick<ReportProps, "report" | "file" | "checked">): JSX.Element {
  const rows: [Key, string][] = [["verify.file", `${file.name}, ${sizeOf(file.size)}`]];
  if (facts.recording !== "") {
    rows.push(
      ["verify.recording", facts.recording],
      ["verify.kind", t(facts.opened ? "verify.kind.opened" : "verify.kind.sealed")],
      ["verify.media", `${facts.kind}, ${facts.media}`],
      ["verify.length", lengthOf(facts.duration)],
      ["verify.segments", `${facts.segments} (${sizeOf(facts.bytes)})`],
      ["verify.statements", String(facts.statements)],
      ["verify.log", facts.log],
      ["verify.client", facts.client],
    );
  }
  if (facts.continues !== "") rows.push(["verify.continues", facts.continues]);
  rows.push(["verify.checked", when(checked)]);
  return (
    <dl class="facts">
      {rows.map(([title, value]) => (
        <div key={title}>
          <dt>{t(title)}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface FoundProps {
  id: string;
  heading: Key;
  findings: readonly FindingSaid[];
}

function Found({ id, heading, findings }: FoundProps): JSX.Element | null {
  if (findings.length === 0) return null;
  const kinds = new Map<string, FindingSaid[]>();
  for (const one of findings) kinds.set(one.text, [...(kinds.get(one.text) ?? []), one]);
  return (
    <Part id={id} heading={heading}>
      <ul class={`findings ${id}`} lang="en" dir="ltr">
        {[...kinds].map(([text, members]) => (
          <li key={text}>
            <p>
              {text}
              {members[0]?.accepted === true && <span lang=""> ({t("verify.accepted")})</span>}
            </p>
            <Details findings={members} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Details({ findings }: { findings: readonly FindingSaid[] }): JSX.Element | null {
  const told = findings.filter(({ file, expected }) => file !== "" || expected !== "");
  if (told.length === 0) return null;
  const rest = told.length - SHOWN;
  return (
    <>
      {told.slice(0, SHOWN).map((one, at) => (
        <Detail key={at} finding={one} />
      ))}
      {rest > 0 && (
        <details>
          <summary>{tn("verify.more", rest)}</summary>
          {told.slice(SHOWN).map((one, at) => (
            <Detail key={at} finding={one} />
          ))}
        </details>
      )}
    </>
  );
}

function Detail({ finding: { file, expected, found } }: { finding: FindingSaid }): JSX.Element {
  return (
    <div class="detail">
      {file !== "" && <code class="path">{visible(file)}</code>}
      {expected !== "" && (
        <dl>
          <div>
            <dt>{t("verify.expected")}</dt>
            <dd>{visible(expected)}</dd>
          </div>
          <div>
            <dt>{t("verify.found")}</dt>
            <dd>{visible(found)}</dd>
          </div>
        </dl>
      )}
    </div>
  );
}

function Film({ report: { film, facts } }: { report: ReportSaid }): JSX.Element | null {
  const [address, know] = useState<string | null>(null);
  const [playable, may] = useState(true);
  useEffect(() => {
    if (film === null) return;
    const made = URL.createObjectURL(film);
    know(made);
    return () => URL.revokeObjectURL(made);
  }, [film]);
  if (!facts.opened) return null;
  const label = t("verify.film.play", { id: facts.recording });
  const player = { src: address ?? "", controls: true, onError: () => may(false), "data-testid": "player" };
  return (
    <Part id="film" heading="verify.film">
      {film === null && <Notice tone="care">{t("verify.film.withheld")}</Notice>}
      {address !== null && !playable && <Notice>{t("verify.film.cannot")}</Notice>}
      {address !== null &&
        playable &&
        (facts.media.startsWith("audio") ? (
          <audio {...player} aria-label={label} />
        ) : (
          <video {...player} playsInline aria-label={label} />
        ))}
    </Part>
  );
}

function Time({ at }: { at: number }): JSX.Element {
  return <time>{when(at)}</time>;
}

/** The bracket of time that stamps give, beside the device's own clock. */
function When({ report: { facts } }: { report: ReportSaid }): JSX.Element | null {
  if (facts.brackets.length === 0) return null;
  const none = t("verify.when.none");
  return (
    <Part id="when" heading="verify.when">
      <div class="scrolls" role="group" tabIndex={0} aria-label={t("verify.when")}>
        <table>
          <thead>
            <tr>
              {(["statements", "after", "before", "device"] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`verify.when.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {facts.brackets.map((one) => (
              <tr key={one.first}>
                <th scope="row">{one.first === one.last ? one.first : `${one.first}–${one.last}`}</th>
                <td>{facts.notBefore === null ? none : <Time at={facts.notBefore.time} />}</td>
                <td>
                  {one.notAfter === null ? none : <Time at={one.notAfter} />} {one.by !== "" && `(${one.by})`}
                </td>
                <td>
                  <Time at={one.began} /> <Time at={one.ended} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Part>
  );
}
