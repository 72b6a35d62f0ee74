/**
 * The verifier's report as one file that any browser shows and prints: in English, for a court, with no
 * script and nothing that is fetched. Pure.
 */

import type { FindingSaid, ReportSaid } from "../verify/messages";
import { when } from "../verify/report";

const VERDICTS = { 0: "Everything holds", 1: "Something fails", 2: "Something could not be checked" } as const;
const STYLE = "body{font:16px/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}dd,code,li{overflow-wrap:anywhere}";

const escaped = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

function section(heading: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<h2>${escaped(heading)}</h2>\n<ul>\n${lines.map((line) => `<li>${escaped(line)}</li>`).join("\n")}\n</ul>\n`;
}

function said({ text, file, expected, found }: FindingSaid): string {
  const where = file === "" ? "" : ` (${file})`;
  return expected === "" && found === "" ? `${text}${where}` : `${text}${where} Expected: ${expected}. Found: ${found}.`;
}

/** Returns the page; `signer` is the vkey that signed the list of what was opened. */
export function reportFile(report: ReportSaid, signer: string, now: number): Blob {
  const { facts } = report;
  const having = (verdict: FindingSaid["verdict"]) => report.findings.filter((one) => one.verdict === verdict).map(said);
  const rows: [string, string][] = [
    ["Recording", facts.recording],
    ["What it is", `${facts.kind}, ${facts.media}`],
    ["Log", facts.log],
    ["Statements, segments", `${facts.statements}, ${facts.segments}`],
    ["Signed by", signer],
    ["Checked", when(now)],
    ["Location", "not collected"],
  ];
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Report on recording ${escaped(facts.recording)}</title><style>${STYLE}</style></head>
<body><h1>${VERDICTS[report.exit]}</h1>
<dl>${rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join("\n")}</dl>
<p>${escaped(report.meaning)}</p>
${section("What fails", having("fails"))}${section("What could not be checked", having("unchecked"))}${section("What holds", having("holds"))}${section("What this does not show", report.notShown)}<p>Made by the page that the service sent. “accompany verify” checks the package without that service.</p>
</body></html>
`;
  return new Blob([page], { type: "text/html;charset=utf-8" });
}
