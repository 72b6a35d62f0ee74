/** Documents of a case: added, opened, saved and deleted; sealed before they leave this browser. */

import "../styles/notes.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dateAndTime, t, type Key } from "../i18n";
import { saveFile } from "../save";
import { Refused } from "../service";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { type CaseDocument, FILE_BYTES, NotTaken, TYPES, addDocument, openDocument, readDocuments, removeDocument } from "./documents";
import type { NotesOptions } from "./notes";

interface DocumentsProps {
  encounter: string;
  options: NotesOptions;
}

function whyOf(error: unknown): Key {
  if (error instanceof NotTaken) return "documents.not_taken";
  if (error instanceof Refused && error.problem.status === 413) return "documents.full";
  return "documents.failed";
}

/** Folded until somebody looks. */
export function Documents({ encounter, options }: DocumentsProps): JSX.Element {
  const [found, show] = useState<readonly CaseDocument[] | null>(null);
  const [wrong, tell] = useState<Key | null>(null);
  const [working, work] = useState(false);
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    work(true);
    tell(null);
    try {
      await act();
      show(await readDocuments(encounter, options));
    } catch (error) {
      tell(whyOf(error));
      alarm(t(whyOf(error)));
    }
    work(false);
  };
  const add = (currentTarget: HTMLInputElement): void => {
    const [file] = currentTarget.files ?? [];
    currentTarget.value = "";
    if (file === undefined) return;
    void attempt(async () => {
      await addDocument(encounter, file, options);
      say(t("documents.added"));
    });
  };
  const remove = (id: string): void => void attempt(() => removeDocument(encounter, id));
  return (
    <details
      class="third-seat hand notes"
      data-testid="documents"
      onToggle={({ currentTarget }) => void (currentTarget.open && found === null && attempt(() => Promise.resolve()))}
    >
      <summary>
        <Icon name="pen" />
        {t("documents.title")}
      </summary>
      <div class="written">
        {found !== null && found.length === 0 && <p class="soft small">{t("documents.none")}</p>}
        <ul class="documents">
          {found?.map((one) => <One key={one.id} one={one} encounter={encounter} options={options} working={working} remove={() => remove(one.id)} />)}
        </ul>
        <label class="button file">
          {t("documents.add", { size: Math.floor(FILE_BYTES / 1_000_000) })}
          <input type="file" accept={TYPES.join()} disabled={working || found === null} onChange={({ currentTarget }) => add(currentTarget)} />
        </label>
        {working && (
          <p class="soft small" role="status">
            {t("documents.working")}
          </p>
        )}
        {wrong !== null && <Notice tone="care">{t(wrong)}</Notice>}
        <p class="soft small">
          {t("documents.lead")} {t(options.custodian === null ? "papers.alone" : "papers.shared")}
        </p>
      </div>
    </details>
  );
}

interface OneProps extends DocumentsProps {
  one: CaseDocument;
  /** one thing at a time: of two lists the older might come last */
  working: boolean;
  remove(): void;
}

function One({ one, encounter, options, working, remove }: OneProps): JSX.Element {
  const [sure, ask] = useState(false);
  const [opened, show] = useState<Blob | null>(null);
  const [failed, fail] = useState(false);
  const { plain } = one;
  const open = async (): Promise<void> => {
    try {
      fail(false);
      show(await openDocument(encounter, one, options));
    } catch {
      fail(true);
      alarm(t("documents.broken"));
    }
  };
  return (
    <li data-testid="document">
      <p>
        <strong>{plain?.name ?? t("documents.broken")}</strong>
        <br />
        <span class="soft small">{t("documents.by", { name: one.by, time: dateAndTime(one.time) })}</span>
      </p>
      <div class="ways">
        {plain !== null && (
          <button type="button" class="button" aria-expanded={opened !== null} onClick={() => (opened === null ? void open() : show(null))}>
            {t(opened === null ? "documents.open" : "documents.close", { name: plain.name })}
          </button>
        )}
        {sure ? (
          <button type="button" class="button" disabled={working} onClick={remove}>
            {t("documents.sure")}
          </button>
        ) : (
          <button type="button" class="button plain" onClick={() => ask(true)}>
            {t("documents.remove", { name: plain?.name ?? "" })}
          </button>
        )}
      </div>
      {failed && <Notice tone="loud">{t("documents.broken")}</Notice>}
      {opened !== null && plain !== null && <Shown file={opened} name={plain.name} />}
    </li>
  );
}

/** Pictures and text are shown here; a PDF is saved, and opened by whatever reads it. */
function Shown({ file, name }: { file: Blob; name: string }): JSX.Element {
  const [address, know] = useState("");
  const [text, read] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    know(made);
    if (file.type === "text/plain") void file.text().then(read);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    <div class="shown" data-testid="document-shown">
      {file.type.startsWith("image/") && address !== "" && <img src={address} alt={name} />}
      {text !== null && (
        <pre tabIndex={0} aria-label={name} dir="auto">
          {text}
        </pre>
      )}
      <button type="button" class="button" onClick={() => saveFile(file, name)}>
        <Icon name="save" />
        {t("documents.save")}
      </button>
    </div>
  );
}
