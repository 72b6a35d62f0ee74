/**
 * One's own channels: listed, added, removed, tested; and this browser's push subscription.
 * The worker that shows a push knows only its words (public/duty-worker.js).
 */

import { t } from "../i18n";
import { request } from "../service";
import { boolean, list, orNull, record, string, time, word, type Read } from "../shape";

export interface Channel {
  readonly id: string;
  readonly kind: "push" | "apprise";
  readonly label: string;
  readonly failing: boolean;
  readonly worked: string | null;
  readonly failed: string | null;
}

export interface Channels {
  readonly channels: readonly Channel[];
  readonly push_key: string;
  readonly schemes: readonly string[];
  readonly hosts: readonly string[];
}

const channel = record<Channel>({
  id: string,
  kind: word("push", "apprise"),
  label: string,
  failing: boolean,
  worked: orNull(time),
  failed: orNull(time),
});
export const readChannels: Read<Channels> = record<Channels>({
  channels: list(channel),
  push_key: string,
  schemes: list(string),
  hosts: list(string),
});

async function ask(method: string, path = "", body?: object): Promise<Channels> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  const response = await request(`/api/channels${path}`, init);
  const value: unknown = await response.json();
  return readChannels(value, "channels");
}

export const fetchChannels = (): Promise<Channels> => ask("GET");
export const addUrl = (url: string): Promise<Channels> => ask("POST", "", { kind: "apprise", url });
export const removeChannel = (id: string): Promise<Channels> => ask("DELETE", `/${id}`);
export const testChannels = (): Promise<Channels> => ask("POST", "/tests");

const WORKER = "/duty-worker.js";
/** Where the worker finds what to say, in the language of the page that subscribed. */
const WORDS = "/duty/push-words";

/** Subscribes this browser; rejects where it may not or cannot. */
export async function addPush(key: string): Promise<Channels> {
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis)) throw new Error("no push here");
  if ((await Notification.requestPermission()) !== "granted") throw new Error("not allowed");
  const worker = await navigator.serviceWorker.register(WORKER, { scope: "/duty" });
  const words = { ring: t("push.ring"), missed: t("push.missed"), alarm: t("push.alarm"), surge: t("push.surge"), test: t("push.test") };
  await (await caches.open("accompany push")).put(WORDS, Response.json(words));
  const found = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = found.toJSON();
  return ask("POST", "", {
    kind: "push",
    subscription: { endpoint, keys: { p256dh: keys?.["p256dh"], auth: keys?.["auth"] } },
  });
}
