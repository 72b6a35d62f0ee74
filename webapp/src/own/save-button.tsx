/** Takes a recording away as a file, sealed as it is; where that fails it says why, and can be pressed again. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { saveFile } from "../save";
import { Refused, Unreachable } from "../service";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";

interface SaveProps {
  recording: string;
  fetchSealed(): Promise<Blob>;
  /** what is said where the server has it no more */
  gone: Key;
}

/** A button, and below the others beside it what went wrong. */
export function SaveButton({ recording, fetchSealed, gone }: SaveProps): JSX.Element {
  const [wrong, tell] = useState<Key | null>(null);
  // With the line back nothing is wrong any more; whether to save is theirs to say.
  useEffect(() => {
    const back = (): void => tell(null);
    addEventListener("online", back);
    return () => removeEventListener("online", back);
  }, []);
  const save = async (): Promise<void> => {
    tell(null);
    say(t("own.saving"));
    try {
      saveFile(await fetchSealed(), `${recording}.zip`);
    } catch (error) {
      const why = whyOf(error, gone);
      tell(why);
      alarm(t(why));
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void save()}>
        <Icon name="save" />
        {t("own.save")}
      </button>
      {wrong !== null && (
        <div class="unsaved">
          <Notice tone="care">{t(wrong)}</Notice>
        </div>
      )}
    </>
  );
}

function whyOf(error: unknown, gone: Key): Key {
  if (error instanceof Unreachable) return "service.away";
  return error instanceof Refused && error.problem.status === 404 ? gone : "own.failed";
}
