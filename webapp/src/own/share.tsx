/** Giving a recording away: by a link that can be taken back, or sealed to somebody's age key, as a file. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { utf8 } from "../evidence/text";
import { RECIPIENT } from "../evidence/statements";
import { dateAndTime, t } from "../i18n";
import { identityIn } from "../opened";
import { recipientOf, sealer } from "../seal/age";
import { saveFile } from "../save";
import { Notice } from "../ui/frame";
import { alarm, say } from "../ui/say";
import { newSecret } from "./enrolment";
import { linkKeyOf, secretAt, type OwnKey } from "./key";
import { addGrant, endPass, givePass, type FiledRecording } from "./requests";
import { linkTo } from "./link";

interface ShareProps {
  recording: FiledRecording;
  place: number;
  ownKey: OwnKey;
  fetchSealed(): Promise<Blob>;
  changed(): void;
}

/** How long a link is good, unless it is taken back. */
const LINK_DAYS = 30;

export function Share(props: ShareProps): JSX.Element {
  return (
    <div class="sharing" data-testid="sharing">
      <ByLink {...props} />
      <ByKey {...props} />
    </div>
  );
}

/** Grants the recording to one holder more. */
async function grantTo(recipient: string, { recording, place, ownKey, fetchSealed }: ShareProps): Promise<void> {
  const identity = await identityIn(await fetchSealed(), ownKey.identity);
  await addGrant(recording.recording, await sealer(recipient)(utf8(`${identity}\n`)), secretAt(ownKey, place));
}

function ByLink(props: ShareProps): JSX.Element {
  const { recording, place, ownKey, changed } = props;
  const [link, show] = useState<string | null>(null);
  const [state, become] = useState<"asking" | "working" | "failed">("asking");
  const id = recording.recording;
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    become("working");
    try {
      await act();
      become("asking");
    } catch {
      become("failed");
      alarm(t("own.failed"));
    }
  };
  const make = (): Promise<void> =>
    attempt(async () => {
      const secret = newSecret();
      const { identity, pass } = linkKeyOf(secret);
      await grantTo(await recipientOf(identity), props);
      await givePass(id, pass, LINK_DAYS, secretAt(ownKey, place));
      show(linkTo(id, secret));
      say(t("own.link.once"));
    });
  const end = (digest: string): Promise<void> =>
    attempt(async () => {
      await endPass(id, digest, secretAt(ownKey, place));
      show(null);
      changed();
    });
  const copy = (): void => void navigator.clipboard.writeText(link ?? "").then(() => say(t("own.link.copied")));
  return (
    <>
      <h4>{t("own.link")}</h4>
      <p>{t("own.link.lead")}</p>
      {state === "failed" && <Notice tone="care">{t("own.failed")}</Notice>}
      {recording.passes.map(({ digest, until, released }) => (
        <div key={digest} class="ways">
          <span>
            {released !== null && `${t("own.link.released", { time: dateAndTime(released) })} `}
            {t("own.link.given", { time: dateAndTime(until) })}
          </span>
          <button type="button" class="button small" onClick={() => void end(digest)}>
            {t("own.link.end")}
          </button>
        </div>
      ))}
      {link === null ? (
        <button type="button" class="button" disabled={state === "working"} onClick={() => void make()}>
          {t(state === "working" ? "own.saving" : "own.link.make")}
        </button>
      ) : (
        <>
          <div class="field">
            <label for={`link-${id}`}>{t("own.link.once")}</label>
            {/* Off: else the browser writes what stands in a field down, to restore the page by. */}
            <textarea id={`link-${id}`} data-testid="link" rows={3} dir="ltr" readOnly autocomplete="off" value={link} />
          </div>
          <div class="ways">
            <button type="button" class="button main" onClick={copy}>
              {t("own.link.copy")}
            </button>
            <button type="button" class="button plain" onClick={changed}>
              {t("own.link.done")}
            </button>
          </div>
        </>
      )}
    </>
  );
}

type State = "asking" | "working" | "bent" | "failed" | "shared";

function ByKey(props: ShareProps): JSX.Element {
  const id = props.recording.recording;
  const [state, become] = useState<State>("asking");
  const share = async (event: Event): Promise<void> => {
    event.preventDefault();
    const to = String(new FormData(event.currentTarget as HTMLFormElement).get("recipient") ?? "").trim();
    if (!RECIPIENT.test(to)) {
      become("bent");
      return alarm(t("own.share.bent"));
    }
    become("working");
    try {
      await grantTo(to, props);
      saveFile(await props.fetchSealed(), `${id}.zip`);
      become("shared");
      say(t("own.share.done"));
    } catch {
      become("failed");
      alarm(t("own.failed"));
    }
  };
  if (state === "shared") return <Notice tone="safe">{t("own.share.done")}</Notice>;
  return (
    <form class="sharing" noValidate onSubmit={(event) => void share(event)}>
      <h4>{t("own.share.key")}</h4>
      <p>{t("own.share.lead")}</p>
      <div class="field">
        <label for={`to-${id}`}>{t("own.share.to")}</label>
        <textarea
          id={`to-${id}`}
          name="recipient"
          rows={3}
          dir="ltr"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
      </div>
      {state === "bent" && <Notice tone="care">{t("own.share.bent")}</Notice>}
      {state === "failed" && <Notice tone="care">{t("own.failed")}</Notice>}
      <p class="small soft">{t("own.share.forever")}</p>
      <button type="submit" class="button" disabled={state === "working"}>
        {t(state === "working" ? "own.saving" : "own.share.send")}
      </button>
    </form>
  );
}
