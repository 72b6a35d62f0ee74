/** Posters and wallet cards: chosen here, drawn by the server, saved as PDF. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { LANGUAGES, t, type Key } from "../i18n";
import { saveFile } from "../save";
import { Refused, fetchService, inJson, request } from "../service";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";

const KINDS = ["poster", "cards"] as const;
const PAPERS = ["letter", "a4"] as const;

type State = { is: "ready" } | { is: "drawing" } | { is: "saved"; name: string } | { is: "wrong"; why: "code" | "other" };

export function PostersPart(): JSX.Element {
  const { found: service } = useLoaded(fetchService, 0);
  const [state, become] = useState<State>({ is: "ready" });
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const order = Object.fromEntries(["kind", "language", "paper", "code"].map((name) => [name, String(form.get(name))]));
    become({ is: "drawing" });
    try {
      const name = `accompany-${order["kind"]}-${order["language"]}-${order["paper"]}.pdf`;
      saveFile(await draw(order), name);
      become({ is: "saved", name });
    } catch (error) {
      // Nothing else of what is asked can be missing.
      become({ is: "wrong", why: error instanceof Refused && error.problem.status === 404 ? "code" : "other" });
    }
  };
  const wrong = state.is === "wrong" && state.why === "code";
  return (
    <section aria-labelledby="posters-title" data-testid="posters">
      <h2 id="posters-title">{t("dd.posters")}</h2>
      <p class="soft">{t("dd.posters.lead")}</p>
      {service !== null && service.hotline === null && <Notice tone="care">{t("dd.posters.no_hotline")}</Notice>}
      <form class="posters" noValidate onSubmit={(event) => void make(event)}>
        <Choice name="kind" values={KINDS} label={(one) => t(`dd.posters.kind.${one}` as Key)} />
        <Choice name="language" values={Object.keys(LANGUAGES)} label={(tag) => LANGUAGES[tag]?.name ?? tag} />
        <Choice name="paper" values={PAPERS} label={(one) => t(`dd.posters.paper.${one}` as Key)} />
        <div class="field">
          <label for="poster-code">{t("dd.posters.code")}</label>
          <input
            id="poster-code"
            name="code"
            dir="ltr"
            maxLength={40}
            autocomplete="off"
            autocapitalize="none"
            aria-invalid={wrong}
            aria-describedby={wrong ? "poster-wrong poster-hint" : "poster-hint"}
          />
          <span class="soft small" id="poster-hint">
            {t("dd.posters.code.hint")}
          </span>
          {wrong && (
            <span class="missing" id="poster-wrong" role="alert">
              {t("dd.posters.code.wrong")}
            </span>
          )}
        </div>
        <p>
          <button type="submit" class="button main" disabled={state.is === "drawing"}>
            <Icon name="save" />
            {t("dd.posters.make")}
          </button>
        </p>
      </form>
      <p role="status" data-testid="poster-said">
        {state.is === "drawing" && t("dd.posters.drawing")}
        {state.is === "saved" && t("dd.posters.saved", { name: state.name })}
      </p>
      {state.is === "wrong" && state.why === "other" && (
        <div role="alert">
          <Notice tone="care">{t("dd.failed")}</Notice>
        </div>
      )}
    </section>
  );
}

interface ChoiceProps<T extends string> {
  name: "kind" | "language" | "paper";
  values: readonly T[];
  label(value: T): string;
}

function Choice<T extends string>({ name, values, label }: ChoiceProps<T>): JSX.Element {
  return (
    <div class="field">
      <label for={`poster-${name}`}>{t(`dd.posters.${name}` as Key)}</label>
      <select id={`poster-${name}`} name={name}>
        {values.map((value) => (
          <option key={value} value={value}>
            {label(value)}
          </option>
        ))}
      </select>
    </div>
  );
}

async function draw(order: Record<string, string>): Promise<Blob> {
  const response = await request("/api/desk/posters", inJson("POST", order));
  return await response.blob();
}
