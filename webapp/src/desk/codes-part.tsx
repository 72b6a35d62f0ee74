/** Guest codes: one for each place, with what comes by it; limited, replaced, blocked, each with undo. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { dateAndTime, t, tn, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { oneAtATime } from "../ui/one";
import { alarm, say } from "../ui/say";
import { fetchCodes, keepCode, makeCode, replaceCode, takeBack, type Code } from "./codes";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";

/** How long the old code is good after a replacement: posters hang on. */
const OLD_DAYS = 30;

/** The server names one before anybody does. */
const FIRST = "first";

const named = (name: string): string => (name === "" || name === FIRST ? t("codes.first") : name);

/** What was done, to be said in whatever language the page has by then. */
interface Done {
  said: Key;
  name: string;
  undo(): Promise<Code[]>;
}

const wordsOf = ({ said, name }: Done): string => t(said, { name: named(name) });

export function CodesPart({ posters }: { posters(): void }): JSX.Element {
  const { found: codes, failed, again, change: changed } = useLoaded(fetchCodes, 0);
  const [made, show] = useState<string | null>(null);
  const [done, tell] = useState<Done | null>(null);
  const [wrong, fail] = useState(false);
  const [once] = useState(oneAtATime);
  if (codes === null) return failed ? <Failed again={again} /> : <p class="soft">{t("service.connecting")}</p>;
  const act = async (change: () => Promise<Code[]>, after: Done | null): Promise<void> => {
    try {
      await changed(change);
      fail(false);
      tell(after);
      say(after === null ? t("codes.undone") : wordsOf(after));
    } catch {
      fail(true);
      alarm(t("dd.failed"));
    }
  };
  const limit = (code: Code, most: number): Promise<void> =>
    act(() => keepCode({ ...code, a_minute: most }), {
      said: "codes.limited",
      name: code.name,
      undo: () => keepCode(code),
    });
  const block = (code: Code): Promise<void> =>
    act(() => keepCode({ ...code, ends: new Date().toISOString() }), {
      said: "codes.blocked",
      name: code.name,
      undo: () => keepCode(code),
    });
  const change = (code: Code): Promise<void> =>
    act(
      async () => {
        const answer = await replaceCode(code, OLD_DAYS);
        show(answer.code);
        return answer.codes;
      },
      {
        said: "codes.replaced",
        name: code.name,
        undo: () => (show(null), takeBack(codes, new Date().toISOString())),
      },
    );
  const make = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get("name") ?? "").trim();
    if (name === "") return fail(true);
    await act(
      async () => {
        const answer = await makeCode(name, 0);
        show(answer.code);
        form.reset();
        return answer.codes;
      },
      { said: "codes.made", name, undo: () => (show(null), takeBack(codes, new Date().toISOString())) },
    );
  };
  return (
    <section aria-labelledby="codes-title" data-testid="codes">
      <h2 id="codes-title">{t("codes.title")}</h2>
      <p class="soft">{t("codes.lead")}</p>
      {made !== null && (
        <Notice tone="plain">
          <p>
            {t("codes.once")}{" "}
            <strong dir="ltr" data-testid="new-code">
              {made}
            </strong>
          </p>
          <button type="button" class="button" onClick={posters}>
            {t("codes.posters")}
          </button>
        </Notice>
      )}
      {done !== null && (
        <Notice tone="plain">
          <p>{wordsOf(done)}</p>
          <button type="button" class="button" onClick={() => void once(() => act(done.undo, null))}>
            {t("codes.undo")}
          </button>
        </Notice>
      )}
      {wrong && <Notice tone="care">{t("codes.failed")}</Notice>}
      <ul class="cards wide-cards">
        {codes.map((code) => (
          <One
            key={code.id}
            code={code}
            limit={(most) => void limit(code, most)}
            block={() => void block(code)}
            replace={() => void once(() => change(code))}
          />
        ))}
      </ul>
      <form noValidate onSubmit={(event) => (event.preventDefault(), void once(() => make(event)))}>
        <div class="field">
          <label for="code-name">{t("codes.name")}</label>
          <input id="code-name" name="name" maxLength={100} autocomplete="off" />
        </div>
        <p class="row">
          <button type="submit" class="button main">
            {t("codes.make")}
          </button>
          <button type="button" class="button" onClick={() => void again()}>
            {t("cards.queue.again")}
          </button>
        </p>
      </form>
    </section>
  );
}

interface OneProps {
  code: Code;
  limit(most: number): void;
  block(): void;
  replace(): void;
}

function One({ code, limit, block, replace }: OneProps): JSX.Element {
  const { id, name, made, ends, good, came } = code;
  const send = (event: Event): void => {
    event.preventDefault();
    const most = Number(new FormData(event.currentTarget as HTMLFormElement).get("limit"));
    if (Number.isInteger(most) && most >= 0 && most <= 1_000_000) limit(most);
  };
  return (
    <li class="card" data-testid="code" data-good={good}>
      <h3>
        <bdi>{named(name)}</bdi>
      </h3>
      <p class="soft small">
        {made.startsWith("1970") ? "" : t("codes.since", { time: dateAndTime(made) })}{" "}
        {good ? tn("codes.came", came) : t("codes.over")}{" "}
        {good && ends !== null && t("codes.ends", { time: dateAndTime(ends) })}
      </p>
      {good && (
        <>
          <form noValidate onSubmit={send}>
            <div class="field">
              <label for={`limit-${id}`}>{t("codes.limit", { count: code.limit })}</label>
              <input
                id={`limit-${id}`}
                name="limit"
                type="number"
                min={0}
                max={1_000_000}
                defaultValue={String(code.a_minute)}
              />
            </div>
            <p class="row">
              <button type="submit" class="button">
                {t("codes.limit.set")}
              </button>
              <button type="button" class="button" onClick={replace}>
                {t("codes.replace")}
              </button>
              <button type="button" class="button" onClick={block}>
                {t("codes.block")}
              </button>
            </p>
          </form>
        </>
      )}
    </li>
  );
}
