/** Webhooks: where messages go, what became of them, sending them again (docs/webhooks.md). */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { clockTime, dateAndTime, t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { addHook, endHook, fetchHooks, replayHook, replayOne, testHook, type Delivery, type Hooks } from "./answers";
import { whyRefused } from "./faults";
import { Table } from "./figures-part";
import { useLoaded } from "../ui/loaded";
import { oneAtATime } from "../ui/one";
import { Failed } from "./loaded";

const DAY = 24 * 3_600_000;
const LOOK_AGAIN = 2000;
const SAID = { "/problems/forbidden": "dd.hooks.wrong.many" } as const;

export function HooksPart(): JSX.Element {
  const { found, failed, again, change } = useLoaded(fetchHooks, 0);
  const [secret, keep] = useState<string | null>(null);
  const [wrong, refuse] = useState<unknown>(null);
  const [once] = useState(oneAtATime);
  useEffect(() => {
    if (found === null || found.waiting === 0) return;
    const timer = setTimeout(() => void again(), LOOK_AGAIN);
    return () => clearTimeout(timer);
  }, [found]);
  const act = async (doing: () => Promise<Hooks>): Promise<boolean> => {
    try {
      refuse(null);
      const answer = await change(doing);
      if (answer.secret !== null) keep(answer.secret);
      return true;
    } catch (error) {
      refuse(error);
      return false;
    }
  };
  const add = async (event: Event): Promise<void> => {
    const form = event.currentTarget as HTMLFormElement;
    const url = String(new FormData(form).get("url") ?? "").trim();
    if (await act(() => addHook(url))) form.reset();
  };
  return (
    <section aria-labelledby="hooks-title" data-testid="hooks">
      <h2 id="hooks-title">{t("dd.hooks")}</h2>
      <p class="soft">{t("dd.hooks.lead")}</p>
      <form class="row" noValidate onSubmit={(event) => (event.preventDefault(), void once(() => add(event)))}>
        <div class="field grows">
          <label for="url">{t("dd.hooks.url")}</label>
          <input id="url" name="url" type="url" dir="ltr" aria-describedby={wrong === null ? undefined : "hook-wrong"} />
        </div>
        <button type="submit" class="button main">
          {t("dd.hooks.add")}
        </button>
      </form>
      {wrong !== null && (
        <div role="alert" id="hook-wrong">
          <Notice tone="care">
            {t("dd.hooks.refused")} {whyRefused(wrong, (code) => `dd.hooks.wrong.${code}` as Key, SAID).join(" ")}
          </Notice>
        </div>
      )}
      {secret !== null && (
        <Notice tone="care" icon="lock">
          <p>{t("dd.hooks.secret")}</p>
          <code data-testid="secret">{secret}</code>
        </Notice>
      )}
      {failed && <Failed again={again} />}
      {found !== null && <Endpoints found={found} act={(doing) => void act(doing)} />}
      {found !== null && found.deliveries.length > 0 && <Deliveries found={found} act={(doing) => void act(doing)} />}
    </section>
  );
}

function Endpoints({ found, act }: { found: Hooks; act(doing: () => Promise<Hooks>): void }): JSX.Element {
  if (found.endpoints.length === 0) return <p class="soft">{t("dd.hooks.none")}</p>;
  return (
    <ul class="cards wide-cards">
      {found.endpoints.map(({ id, url }) => (
        <li class="card" key={id}>
          <h3>
            <bdi dir="ltr">{url}</bdi>
          </h3>
          <p class="row">
            <button type="button" class="button" onClick={() => act(() => testHook(id))}>
              {t("dd.hooks.test")}
            </button>
            <button
              type="button"
              class="button"
              onClick={() => act(() => replayHook(id, new Date(Date.now() - DAY).toISOString()))}
            >
              {t("dd.hooks.replay")}
            </button>
            <button type="button" class="button" onClick={() => act(() => endHook(id))}>
              {t("dd.hooks.end")}
            </button>
          </p>
        </li>
      ))}
    </ul>
  );
}

function fateOf({ done, due }: Delivery): string {
  if (done !== null) return t("dd.hooks.taken", { time: clockTime(done) });
  return due === null ? t("dd.hooks.given_up") : t("dd.hooks.due", { time: clockTime(due) });
}

/** Why the last attempt failed: what the other end answered, or the name of what went wrong. */
function Trouble({ problem }: { problem: string }): JSX.Element | null {
  if (problem === "") return null;
  const status = /^answered (\d+)$/.exec(problem)?.[1];
  return (
    <span class="soft">
      {status === undefined ? t("dd.hooks.unreached") : t("dd.hooks.answered", { status })}
      {status === undefined && <bdi> ({problem})</bdi>}
    </span>
  );
}

function Deliveries({ found, act }: { found: Hooks; act(doing: () => Promise<Hooks>): void }): JSX.Element {
  const open = new Set(found.endpoints.map(({ id }) => id));
  const again = (one: Delivery): boolean => one.due === null && open.has(one.endpoint);
  const head = ["", t("dd.hooks.made"), t("dd.hooks.tries"), t("dd.hooks.fate"), t("dd.hooks.again")];
  return (
    <Table caption={t("dd.hooks.deliveries")} head={head}>
      {found.deliveries.map((one) => (
        <tr key={one.number} data-delivery={one.done !== null ? "taken" : one.due !== null ? "due" : "failed"}>
          <th scope="row" dir="ltr">
            {one.type}
          </th>
          <td class="when">{dateAndTime(one.made)}</td>
          <td>{one.tries}</td>
          <td class="said">
            {fateOf(one)} <Trouble problem={one.problem} />
          </td>
          <td>
            {again(one) && (
              <button type="button" class="button" onClick={() => act(() => replayOne(one))}>
                {t("dd.hooks.again")}
              </button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}
