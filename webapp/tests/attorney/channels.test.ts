import { describe, expect, test, vi } from "vitest";
import { readChannels } from "../../src/attorney/channels";

const SOURCES = import.meta.glob<string>("../../public/*.js", { query: "?raw", import: "default", eager: true });
const WORKER = SOURCES["../../public/duty-worker.js"] ?? "";

type Listener = (event: Record<string, unknown>) => void;

/** The worker with a browser around it that notes what it does. */
function run(words: object | null, pages: string[] = []): { fire(name: string, event: object): Promise<void>; done: string[] } {
  const listeners = new Map<string, Listener>();
  const done: string[] = [];
  const self = {
    addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
    registration: {
      showNotification: async (title: string, { body, tag }: { body: string; tag: string }) =>
        void done.push(`${title}/${tag}: ${body}`),
    },
    clients: {
      matchAll: async () => pages.map((url) => ({ url, focus: async () => void done.push(`focus ${url}`) })),
      openWindow: async (path: string) => void done.push(`open ${path}`),
    },
  };
  const caches = { match: async () => (words === null ? undefined : Response.json(words)) };
  new Function("self", "caches", WORKER)(self, caches);
  const fire = async (name: string, event: object): Promise<void> => {
    const waits: Promise<unknown>[] = [];
    listeners.get(name)?.({ ...event, waitUntil: (promise: Promise<unknown>) => waits.push(promise) });
    await Promise.all(waits);
  };
  return { fire, done };
}

const push = (type: unknown): object => ({ data: { json: () => ({ type }) } });

describe("the worker that shows a push", () => {
  const words = { ring: "Somebody waits.", missed: "Missed.", alarm: "Nobody.", test: "A test." };

  test.each([
    ["ring", "Accompany/ring: Somebody waits."],
    ["missed", "Accompany/missed: Missed."],
    ["test", "Accompany/test: A test."],
    ["alarm", "Accompany/alarm: Nobody."],
    ["surge", "Accompany/surge: Somebody waits."],
    ["<script>", "Accompany/ring: Somebody waits."],
  ])("says for %s what the page left for it", async (type, shown) => {
    const worker = run(words);
    await worker.fire("push", push(type));
    expect(worker.done).toEqual([shown]);
  });

  test("rings without words and without data as well", async () => {
    const worker = run(null);
    await worker.fire("push", { data: null });
    expect(worker.done).toEqual(["Accompany/ring: "]);
  });

  test("a tap leads to the page that is open, or opens it", async () => {
    const close = vi.fn();
    const open = run(words, ["https://a.example/", "https://a.example/duty#x"]);
    await open.fire("notificationclick", { notification: { close } });
    const shut = run(words, ["https://a.example/"]);
    await shut.fire("notificationclick", { notification: { close } });
    const alarm = run(words, ["https://a.example/duty"]);
    await alarm.fire("notificationclick", { notification: { close, tag: "alarm" } });
    expect([...open.done, ...shut.done, ...alarm.done]).toEqual([
      "focus https://a.example/duty#x",
      "open /duty",
      "open /desk",
    ]);
    expect(close).toHaveBeenCalledTimes(3);
  });
});

describe("what the server says of channels", () => {
  const one = { id: "a", kind: "push", label: "web push", failing: false, worked: null, failed: "2026-11-21T20:14:03.120Z" };
  const all = { channels: [one], push_key: "k", schemes: ["pover"], hosts: [] };

  test("is read as it is", () => expect(readChannels(all, "channels")).toEqual(all));

  test.each([
    { ...all, channels: [{ ...one, kind: "fax" }] },
    { ...all, channels: [{ ...one, failed: "yesterday" }] },
    { ...all, push_key: null },
  ])("is refused where it is bent: %#", (bent) => {
    expect(() => readChannels(bent, "channels")).toThrow();
  });
});
