/** What is asked of the server when a part opens: shown when it is there, asked again on demand. */

import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { Notice } from "../ui/frame";

interface Loaded<T> {
  found: T | null;
  failed: boolean;
  again(): void;
  set(found: T): void;
}

/** *what* says when it is another question; an answer that comes after a later one is not shown. */
export function useLoaded<T>(ask: () => Promise<T>, what: unknown): Loaded<T> {
  const [found, set] = useState<T | null>(null);
  const [failed, fail] = useState(false);
  const asked = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;
  const again = useCallback((): void => {
    const number = ++asked.current;
    const mine = (act: () => void): void => (number === asked.current ? act() : undefined);
    latest.current().then(
      (answer) => mine(() => (set(() => answer), fail(false))),
      () => mine(() => fail(true)),
    );
  }, []);
  useEffect(again, [what]);
  return { found, failed, again, set: (answer) => set(() => answer) };
}

export function Failed({ again }: { again(): void }): JSX.Element {
  return (
    <Notice tone="care">
      <p>{t("dd.failed")}</p>
      <button type="button" class="button" onClick={again}>
        {t("dd.again")}
      </button>
    </Notice>
  );
}
