/** What was released to whoever was named: found by the link's passes, opened here, and nowhere else. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Opened } from "../attorney/opened";
import type { Kind } from "../contracts";
import { writeHex } from "../evidence/text";
import { dateAndTime, t } from "../i18n";
import { PRESSES, passAt, releaseIdentity } from "../people/release-link";
import { kind } from "../messages";
import { Refused, fetchPackage, inJson, request } from "../service";
import { list, orNull, record, string, time } from "../shape";
import { Notice } from "../ui/frame";
import { Icon } from "../ui/icons";
import { alarm, say } from "../ui/say";
import { bearing } from "./requests";
import { SaveButton } from "./save-button";

const TOGETHER = 64;

interface Given {
  given: string;
  until: string;
  recordings: { recording: string; kind: Kind; opening: string }[];
}

const readGiven = list(
  orNull(
    record<Given>({
      given: time,
      until: time,
      recordings: list(
        record<Given["recordings"][number]>({
          recording: string,
          kind,
          opening: string,
        }),
      ),
    }),
  ),
);

type Found = Given & { pass: Uint8Array };

/** Everything that was released to this link, newest first. */
async function findReleased(secret: Uint8Array): Promise<Found[]> {
  const passes = Array.from({ length: PRESSES }, (_, at) => passAt(secret, at));
  const found: Found[] = [];
  for (let from = 0; from < PRESSES; from += TOGETHER) {
    const some = passes.slice(from, from + TOGETHER);
    const given = await ask(some);
    given.forEach((one, at) => one && found.push({ ...one, pass: some[at] ?? new Uint8Array() }));
  }
  return found.sort((one, other) => other.given.localeCompare(one.given));
}

async function ask(passes: readonly Uint8Array[]): Promise<(Given | null)[]> {
  const shown = inJson("POST", { passes: passes.map((pass) => writeHex(sha256(pass))) });
  try {
    const response = await request("/api/released", { ...shown, credentials: "omit" });
    return readGiven(await response.json(), "released");
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 404) return [];
    throw error;
  }
}

type State = { is: "looking" } | { is: "failed" } | { is: "found"; all: Found[] };

export function Released({ secret }: { secret: Uint8Array }): JSX.Element {
  const [state, become] = useState<State>({ is: "looking" });
  const [identity] = useState(() => releaseIdentity(secret));
  const look = async (): Promise<void> => {
    become({ is: "looking" });
    try {
      const all = await findReleased(secret);
      become({ is: "found", all });
      say(t(all.length === 0 ? "own.released.none" : "own.released.lead"));
    } catch {
      become({ is: "failed" });
      alarm(t("own.failed"));
    }
  };
  useEffect(() => void look(), []);
  if (state.is === "looking") return <p role="status">{t("own.looking")}</p>;
  if (state.is === "failed") {
    return (
      <Notice tone="care">
        <p>{t("own.failed")}</p>
        <button type="button" class="button" onClick={() => void look()}>
          {t("own.again")}
        </button>
      </Notice>
    );
  }
  if (state.all.length === 0) return <Notice tone="plain">{t("own.released.none")}</Notice>;
  return (
    <>
      <p>{t("own.released.lead")}</p>
      <ul class="encounters">
        {state.all.map((found) => (
          <li key={found.given} class="card" data-testid="released">
            <h2>{t("own.released.given", { time: dateAndTime(found.given) })}</h2>
            <p class="small soft">{t("own.released.until", { time: dateAndTime(found.until) })}</p>
            {found.recordings.map(({ recording, kind }) => (
              <One key={recording} recording={recording} kind={kind} identity={identity} pass={found.pass} />
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

interface OneProps {
  recording: string;
  kind: Kind;
  identity: string;
  pass: Uint8Array;
}

function One({ recording, kind, identity, pass }: OneProps): JSX.Element {
  const [playing, play] = useState(false);
  const fetchSealed = (bare?: boolean): Promise<Blob> => fetchPackage(recording, () => undefined, bearing(pass), bare);
  return (
    <div class="one" data-recording={recording} data-kind={kind}>
      <h3>{t(`cases.kind.${kind}`)}</h3>
      <div class="ways">
        <button type="button" class="button main" aria-expanded={playing} onClick={() => play(!playing)}>
          <Icon name={playing ? "shut" : kind === "notes" ? "chat" : "film"} />
          {t(playing ? "opened.close" : kind === "notes" ? "chat.read" : "own.play")}
        </button>
        <SaveButton recording={recording} fetchSealed={fetchSealed} gone="own.shared.gone" />
      </div>
      {playing && (
        <Opened recording={recording} time={recording} identity={identity} fetchSealed={fetchSealed} heads={false} gone="own.shared.gone" />
      )}
    </div>
  );
}
