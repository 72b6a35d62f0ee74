/** Choosing a package, and handing in what is known from elsewhere. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { Icon } from "../ui/icons";
import type { Given } from "../verify/messages";
import { sizeOf } from "./words";

export const NOTHING_GIVEN: Given = { policy: null, anchors: [], signer: "", heads: [], openEnded: false };

interface ChooseProps {
  file: File | null;
  choose(file: File): void;
  given: Given;
  give(given: Given): void;
  check(): void;
}

export function Choose({ file, choose, given, give, check }: ChooseProps): JSX.Element {
  const over = useDrop(choose);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    check();
  };
  return (
    <form class="choose" onSubmit={submit}>
      <div class="drop" data-over={over}>
        <input
          id="package"
          class="hidden-text"
          type="file"
          accept=".zip,application/zip"
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            if (chosen) choose(chosen);
          }}
        />
        <label class={file ? "button" : "button main"} for="package">
          <Icon name="film" />
          {t(file ? "verify.other" : "verify.choose")}
        </label>
        {file ? (
          <p class="chosen">{t("verify.chosen", { name: file.name, size: sizeOf(file.size) })}</p>
        ) : (
          <p class="soft small">{t("verify.drop")}</p>
        )}
      </div>
      <Known given={given} give={give} />
      <button class="button main" disabled={file === null}>
        {t("verify.start")}
      </button>
    </form>
  );
}

/** Takes a file dropped anywhere on the page; whether one is held over it. */
function useDrop(take: (file: File) => void): boolean {
  const [over, hold] = useState(false);
  useEffect(() => {
    const drag = (event: DragEvent): void => {
      event.preventDefault();
      hold(event.type === "dragover");
    };
    const drop = (event: DragEvent): void => {
      drag(event);
      const [file] = event.dataTransfer?.files ?? [];
      if (file) take(file);
    };
    document.addEventListener("dragover", drag);
    document.addEventListener("dragleave", drag);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", drag);
      document.removeEventListener("dragleave", drag);
      document.removeEventListener("drop", drop);
    };
  }, [take]);
  return over;
}

function Known({ given, give }: Pick<ChooseProps, "given" | "give">): JSX.Element {
  return (
    <details class="known">
      <summary>{t("verify.known")}</summary>
      <p class="soft small">{t("verify.known.hint")}</p>
      <Files id="policy" words="verify.policy" take={([policy = null]) => give({ ...given, policy })} />
      <Files id="anchors" words="verify.anchors" several take={(anchors) => give({ ...given, anchors })} />
      <Files id="heads" words="verify.heads" several take={(heads) => give({ ...given, heads })} />
      <div class="field">
        <label for="signer">{t("verify.signer")}</label>
        <input
          id="signer"
          autocomplete="off"
          spellcheck={false}
          value={given.signer}
          onInput={(event) => give({ ...given, signer: event.currentTarget.value })}
        />
      </div>
      <label class="tick">
        <input
          type="checkbox"
          checked={given.openEnded}
          onChange={(event) => give({ ...given, openEnded: event.currentTarget.checked })}
        />
        {t("verify.open_ended")}
      </label>
    </details>
  );
}

interface FilesProps {
  id: string;
  words: Key;
  several?: boolean;
  take(files: File[]): void;
}

function Files({ id, words, several, take }: FilesProps): JSX.Element {
  return (
    <div class="field">
      <label for={id}>{t(words)}</label>
      <input id={id} type="file" multiple={several} onChange={(event) => take([...(event.currentTarget.files ?? [])])} />
    </div>
  );
}
