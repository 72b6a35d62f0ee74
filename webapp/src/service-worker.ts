/**
 * Keeps the caller's page in the browser, so that it opens at once and without any line. It keeps files
 * of this origin that the build listed, by their SHA-256, and nothing else; what it does not keep, and
 * every request to the server's interface, goes past it.
 *
 * A new version is fetched whole beside the old one and takes over when nobody looks at the page; an
 * open page goes on with the files of its own version, which are kept as well.
 */

interface Kept {
  /** address and SHA-256 (base64) of what is fetched at once */
  readonly first: Readonly<Record<string, string>>;
  /** of what is kept once it is used */
  readonly later: Readonly<Record<string, string>>;
}

declare const __KEPT__: Kept;

const worker = self as unknown as ServiceWorkerGlobalScope;
const kept: Kept = __KEPT__;
const digests: Readonly<Record<string, string>> = { ...kept.first, ...kept.later };
const NAME = `accompany ${kept.first["/"]}`;
const VERSIONS = 2;

/** Fetches a listed file; the browser refuses what has not the listed hash. */
async function fetchListed(path: string): Promise<Response> {
  const integrity = `sha256-${digests[path]}`;
  // What has a hash in its name may come from the browser's own cache; the page itself may not.
  const cache = path === "/" ? "no-store" : "default";
  const response = await fetch(path, { integrity, cache, credentials: "omit", redirect: "error" });
  if (response.status !== 200) throw new TypeError(`${path}: ${response.status}`);
  return response;
}

async function keep(paths: readonly string[]): Promise<void> {
  const cache = await caches.open(NAME);
  await Promise.all(
    paths.map(async (path) => {
      if (!(await cache.match(path))) await cache.put(path, await fetchListed(path));
    }),
  );
}

/** Forgets all versions but the newest ones; a cache is as old as its place in the list. */
async function forget(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith("accompany ") && name !== NAME);
  const old = names.slice(0, Math.max(0, names.length - VERSIONS + 1));
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request: Request, path: string): Promise<Response> {
  const own = await (await caches.open(NAME)).match(path);
  const found = own ?? (path === "/" ? undefined : await caches.match(path));
  if (found) return found;
  const response = await fetch(request);
  if (Object.hasOwn(kept.later, path)) void keep([path]).catch(() => undefined);
  return response;
}

worker.addEventListener("install", (event) => event.waitUntil(keep(Object.keys(kept.first))));

worker.addEventListener("activate", (event) =>
  event.waitUntil(forget().then(() => worker.clients.claim())),
);

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  const page = request.mode === "navigate" && url.pathname === "/";
  const asset = request.mode !== "navigate" && url.pathname.startsWith("/assets/");
  if (page || asset) event.respondWith(answer(request, url.pathname));
});

worker.addEventListener("message", (event) => {
  const said: unknown = event.data;
  if (said === "take over") event.waitUntil(worker.skipWaiting());
  if (!Array.isArray(said)) return;
  const wanted = said.filter((path): path is string => typeof path === "string" && Object.hasOwn(digests, path));
  event.waitUntil(keep(wanted).catch(() => undefined));
});
