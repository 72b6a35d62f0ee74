/** "Also ring me here": one's own channels, which of them fail, and a test of all. */

import "../styles/channels.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { clockTime, listOf, t, type Key } from "../i18n";
import { Refused } from "../service";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { say } from "../ui/say";
import { addPush, addUrl, fetchChannels, removeChannel, testChannels, type Channel, type Channels } from "./channels";

export function ChannelsCard(): JSX.Element {
  const { found, failed, change } = useLoaded(fetchChannels, 0);
  const [blamed, blame] = useState<Key | null>(null);
  const [url, type] = useState("");
  const [testing, test] = useState<"no" | "now" | "done">("no");

  const wrong = blamed ?? (failed === null ? null : "channels.cut");
  const after = (asked: () => Promise<Channels>, otherwise: Key): Promise<boolean> =>
    change(asked).then(
      () => {
        blame(null);
        return true;
      },
      (error: unknown) => {
        blame(error instanceof Refused || otherwise === "channels.push.refused" ? otherwise : "channels.cut");
        return false;
      },
    );
  useEffect(() => {
    if (wrong !== null) say(t(wrong));
  }, [wrong]);
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await after(() => addUrl(url.trim()), "channels.refused")) type("");
  };
  const tryAll = async (): Promise<void> => {
    test("now");
    await after(testChannels, "channels.cut");
    test("done");
  };
  const channels = found?.channels ?? [];
  const tested = t("channels.tested", { worked: channels.filter(works).length, all: channels.length });
  useEffect(() => {
    if (testing === "done") say(tested);
  }, [testing]);
  return (
    <section class="card channels" aria-label={t("channels.title")} data-testid="channels">
      <h2>{t("channels.title")}</h2>
      {channels.length === 0 && <p class="soft small">{t("channels.none")}</p>}
      <ul>
        {channels.map((one) => (
          <Row key={one.id} channel={one} remove={() => void after(() => removeChannel(one.id), "channels.cut")} />
        ))}
      </ul>
      {channels.length > 0 && (
        <button type="button" class="button" disabled={testing === "now"} onClick={() => void tryAll()}>
          {t(testing === "now" ? "channels.testing" : "channels.test")}
        </button>
      )}
      {testing === "done" && <p class="small">{tested}</p>}
      <button
        type="button"
        class="button plain"
        onClick={() => void after(() => addPush(found?.push_key ?? ""), "channels.push.refused")}
      >
        <Icon name="sound" />
        {t("channels.push")}
      </button>
      <form class="field" onSubmit={(event) => void add(event)}>
        <label for="channel-url">{t("channels.url")}</label>
        <input
          id="channel-url"
          type="text"
          dir="ltr"
          autocomplete="off"
          spellcheck={false}
          value={url}
          aria-describedby="channel-hint"
          onInput={(event) => type(event.currentTarget.value)}
        />
        <p class="small soft" id="channel-hint">
          {t("channels.url.hint", { schemes: listOf(found?.schemes ?? []) })}
        </p>
        <button type="submit" class="button" disabled={url.trim() === ""}>
          {t("channels.add")}
        </button>
      </form>
      {wrong !== null && <p class="missing small">{t(wrong)}</p>}
    </section>
  );
}

const works = (channel: Channel): boolean => channel.worked !== null && !channel.failing;

function Row({ channel, remove }: { channel: Channel; remove(): void }): JSX.Element {
  const { label, failing, failed, worked } = channel;
  const told =
    failing && failed !== null
      ? t("channels.failing", { time: clockTime(failed) })
      : worked === null
        ? t("channels.untried")
        : t("channels.worked", { time: clockTime(worked) });
  return (
    <li data-failing={failing}>
      <bdi>{label}</bdi>
      <span class={failing ? "small wrong" : "small soft"}>
        {failing && <Icon name="care" />}
        {told}
      </span>
      <button type="button" class="button plain small" aria-label={`${t("channels.remove")} ${label}`} onClick={remove}>
        {t("channels.remove")}
      </button>
    </li>
  );
}
