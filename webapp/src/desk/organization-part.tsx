/** The organization: made here out of a demonstration; who holds its keys, and whether the sheet works. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { passkeysPossible } from "../account/passkeys";
import { SHEET_BYTES, type KeyBundle } from "../account/vault";
import { dateAndTime, listOf, t, type Key } from "../i18n";
import { freshKeys } from "../keys";
import { Notice } from "../ui/frame";
import { alarm, say } from "../ui/say";
import { fetchCharter, found, holdByPasskey, replaceSheet, reportDrill, type Charter } from "./charter";
import { useLoaded } from "../ui/loaded";
import { Failed } from "./loaded";
import { unproved } from "./members";
import { OrganizationSheet } from "./organization-sheet";
import { Unlock } from "./unlock";

interface OrganizationProps {
  /** the organization is another from now on: every page says so */
  founded(): void;
}

export function OrganizationPart({ founded }: OrganizationProps): JSX.Element {
  const { found: charter, failed, again, change } = useLoaded(fetchCharter, 0);
  if (charter === null) return failed ? <Failed again={again} /> : <p class="soft">{t("service.connecting")}</p>;
  return (
    <section aria-labelledby="org-title" data-testid="organization" data-demonstration={charter.demonstration}>
      <h2 id="org-title">{t("org.title")}</h2>
      {charter.demonstration ? (
        <Founding charter={charter} change={change} done={founded} />
      ) : (
        <Standing charter={charter} change={change} />
      )}
    </section>
  );
}

const newSecret = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SHEET_BYTES));

interface CharterProps {
  charter: Charter;
  change(change: () => Promise<Charter>): Promise<Charter>;
}

interface Made {
  name: string;
  keys: KeyBundle;
  secret: Uint8Array;
}

function Founding({ charter, change, done }: CharterProps & { done(): void }): JSX.Element {
  const [made, make] = useState<Made | null>(null);
  const [wrong, fail] = useState<Key | null>(null);
  const [busy, work] = useState(false);
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name") ?? "").trim();
    if (name === "") return fail("org.name.missing");
    fail(null);
    make({ name, keys: await freshKeys(), secret: newSecret() });
  };
  const finish = async ({ name, keys, secret }: Made): Promise<void> => {
    work(true);
    try {
      await change(() => found(keys, secret, name, charter));
      done();
      say(t("org.done"));
    } catch (error) {
      const told: Key = unproved(error) ? "team.fresh" : "dd.failed";
      fail(told);
      alarm(t(told));
      work(false);
    }
  };
  const problem = wrong !== null && (
    <div role="alert">
      <Notice tone="care">{t(wrong)}</Notice>
    </div>
  );
  if (made !== null) {
    return (
      <>
        <OrganizationSheet
          organization={made.name}
          secret={made.secret}
          busy={busy}
          proved={() => void finish(made)}
        />
        {problem}
      </>
    );
  }
  return (
    <>
      <p>{t("org.demo")}</p>
      <p>{t("org.make.lead")}</p>
      <h3>{t("org.make.after")}</h3>
      <ul>
        <li>{t("org.make.stays")}</li>
        <li>{t("org.make.people")}</li>
        <li>{t("org.make.links")}</li>
      </ul>
      <form noValidate onSubmit={(event) => void begin(event)}>
        <div class="field">
          <label for="org-name">{t("org.name")}</label>
          <input id="org-name" name="name" maxLength={120} autocomplete="organization" />
        </div>
        {problem}
        <p>
          <button type="submit" class="button main">
            {t("org.make")}
          </button>
        </p>
      </form>
    </>
  );
}

type Doing = "nothing" | "hold" | "drill" | "sheet";

function Standing({ charter, change }: CharterProps): JSX.Element {
  const [doing, do_] = useState<Doing>("nothing");
  const [told, tell] = useState<{ words: Key; good: boolean } | null>(null);
  const [fresh, make] = useState<{ keys: KeyBundle; secret: Uint8Array } | null>(null);
  const finish = async (act: () => Promise<Charter | null>, done: Key): Promise<void> => {
    try {
      let changed: Charter | null = null;
      await change(async () => (changed = await act()) ?? charter);
      tell(changed === null ? { words: "org.hold.no_lock", good: false } : { words: done, good: true });
    } catch (error) {
      tell({ words: unproved(error) ? "team.fresh" : "dd.failed", good: false });
    }
    make(null);
    do_("nothing");
  };
  const opened = (keys: KeyBundle): void => {
    if (doing === "hold") void finish(() => holdByPasskey(keys, charter), "org.hold.done");
    if (doing === "drill") void finish(() => reportDrill(keys, charter), "org.drill.done");
    if (doing === "sheet") make({ keys, secret: newSecret() });
  };
  if (fresh !== null) {
    return (
      <OrganizationSheet
        organization={charter.name}
        secret={fresh.secret}
        busy={false}
        proved={() => void finish(() => replaceSheet(fresh.keys, fresh.secret, charter), "org.sheet.done")}
      />
    );
  }
  const begin = (what: Doing) => (): void => (tell(null), do_(what));
  return (
    <>
      {told !== null && (
        <div role="status">
          <Notice tone={told.good ? "plain" : "care"}>{t(told.words)}</Notice>
        </div>
      )}
      <dl class="about">
        <dt>{t("org.name")}</dt>
        <dd>
          <bdi>{charter.name}</bdi>
        </dd>
        <dt>{t("org.pin")}</dt>
        <dd>
          <code dir="ltr" data-testid="pin">
            {charter.pin}
          </code>
        </dd>
        <dt>{t("org.holders")}</dt>
        <dd data-testid="holders">{charter.holders.length === 0 ? t("org.holders.none") : listOf(charter.holders)}</dd>
        <dt>{t("org.sheet.title")}</dt>
        <dd>
          {charter.sheet !== null && t("org.sheet.made", { time: dateAndTime(charter.sheet) })}{" "}
          {charter.proved !== null &&
            t("org.proved", { time: dateAndTime(charter.proved), name: charter.proved_by ?? "" })}
        </dd>
      </dl>
      {doing === "nothing" ? (
        <>
          <p class="soft">{t("org.second")}</p>
          <p class="row">
            {passkeysPossible() && (
              <button type="button" class="button main" onClick={begin("hold")}>
                {t("org.hold")}
              </button>
            )}
            <button type="button" class="button" onClick={begin("drill")}>
              {t("org.drill")}
            </button>
            <button type="button" class="button" onClick={begin("sheet")}>
              {t("org.sheet.new")}
            </button>
          </p>
        </>
      ) : (
        <section class="card" aria-labelledby="doing-title">
          <h3 id="doing-title">{t(`org.${doing === "sheet" ? "sheet.new" : doing}` as Key)}</h3>
          <p>{t(doing === "drill" ? "org.drill.lead" : "org.unlock.lead")}</p>
          <Unlock key={doing} charter={charter} opened={opened} paperOnly={doing !== "sheet"} />
          <p>
            <button type="button" class="button plain" onClick={begin("nothing")}>
              {t("team.leave.cancel")}
            </button>
          </p>
        </section>
      )}
    </>
  );
}
