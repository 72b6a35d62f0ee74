/**
 * The card that does the talking: large, in English and in the page's language, turned toward the
 * officer. The words are the organization's, or ours where it has none.
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Service } from "../contracts";
import { LANGUAGES, language, t, type Key } from "../i18n";
import { CALLER, loadFile, type Texts } from "../i18n/files";
import { useWatched } from "../ui/hooks";
import { Icon } from "../ui/icons";

const SENTENCES: readonly Key[] = ["officer.silence", "officer.lawyer", "officer.search", "officer.recorded"];
/** What officers read. */
const OFFICERS = "en";

interface Block {
  tag: string;
  lines: readonly string[];
}

function useEnglish(): Texts | null {
  const [texts, come] = useState<Texts | null>(null);
  useEffect(() => {
    loadFile(CALLER, OFFICERS).then(
      ({ texts: found }) => come(found),
      // Without a line and never loaded: the card then speaks the page's language alone.
      () => undefined,
    );
  }, []);
  return texts;
}

/** What stands on the card: the officers' language first, then the caller's. */
export function blocksOf(tag: string, own: Service["officer_card"], english: Texts | null): Block[] {
  const ownIn = (wanted: string): readonly string[] | undefined => own[wanted] ?? own[wanted.split("-")[0] ?? ""];
  const first = ownIn(OFFICERS) ?? SENTENCES.map((key) => english?.[key] ?? "").filter((line) => line !== "");
  // An organization that wrote its own words does not get ours beside them.
  const second = ownIn(tag) ?? (Object.keys(own).length > 0 ? [] : SENTENCES.map((key) => t(key)));
  const blocks = [{ tag: OFFICERS, lines: first }, ...(tag === OFFICERS ? [] : [{ tag, lines: second }])];
  const shown = blocks.filter(({ lines }) => lines.length > 0);
  return shown.length > 0 ? shown : [{ tag, lines: SENTENCES.map((key) => t(key)) }];
}

interface OfficerCardProps {
  own: Service["officer_card"];
  close(): void;
}

export function OfficerCard({ own, close }: OfficerCardProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [turned, turn] = useState(true);
  const blocks = blocksOf(useWatched(language), own, useEnglish());
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="officer" aria-label={t("officer.title")} onClose={close} data-testid="officer-card">
      <div class={turned ? "words turned" : "words"} data-turned={turned}>
        {blocks.map(({ tag, lines }) => (
          <ul key={tag} lang={tag} dir={LANGUAGES[tag]?.direction ?? "ltr"}>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ))}
      </div>
      <div class="ways">
        <button type="button" class="button" onClick={() => turn(!turned)}>
          <Icon name="turn" />
          {t("officer.turn")}
        </button>
        <button type="button" class="button ink" onClick={() => dialog.current?.close()}>
          {t("officer.close")}
        </button>
      </div>
    </dialog>
  );
}
