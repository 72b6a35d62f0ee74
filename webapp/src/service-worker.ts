/**
 * Keeps the caller's page in the browser, so that it opens at once and without any line. It keeps files
 * of this origin that the build listed, by their SHA-256, and nothing else; what it does not keep, and
 * every request to the server's interface, goes past it.
 *
 * A new version is fetched whole beside the old one and takes over when nobody looks at the page; an
 * open page goes on with the files of its own version, which are kept as well.
 *
 * Where the browser has Background Sync, it wakes this once there is a line, and what a page left behind
 * is sent, sealed as it lies there (later-sender).
 */

interface Kept {
  /** address and SHA-256 (base64) of what is fetched at once */
  readonly first: Readonly<Record<string, string>>;
  /** of what is kept once it is used */
  readonly later: Readonly<Record<string, string>>;
}

declare const __KEPT__: Kept;
/** address of the script that sends what waits */
declare const __SENDER__: string;
/** address of the file that holds what the page's script is */
declare const __SCRIPT__: string;
/** of the file with the page's words, by language */
declare const __WORDS__: Readonly<Record<string, string>>;

const worker = self as unknown as ServiceWorkerGlobalScope;
const kept: Kept = __KEPT__;
const digests: Readonly<Record<string, string>> = { ...kept.first, ...kept.later };
const OURS = "accompany ";
const NAME = `${OURS}${kept.first["/"]}`;
const VERSIONS = 2;
/** The page's script as it stands in it. */
const INLINE = /<script type="module">[^]*?<\/script>/;
/** Where the frame stands, in the page as it is built. */
const EMPTY = '<div id="app"></div>';
/** The page as it was fetched: what it is kept as is made of it. */
const WHOLE = "/?whole";
/** Words of a language: `/assets/pt-BR-` and eight characters of a hash. */
const WORDS = /^\/assets\/([a-z]{2,3}(?:-[A-Z][A-Za-z]+)?)-[\w-]{8}\.js$/;

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
      if (await cache.match(path)) return;
      const response = await fetchListed(path);
      await (path === "/" ? keepPage(cache, response) : cache.put(path, response));
    }),
  );
}

/** What the page draws first, made by a page of this version. */
interface Frame {
  readonly frame: string;
  readonly lang: string;
  readonly dir: string;
}

/**
 * The page with its script beside it instead of in it, which is compiled beside the page's thread; with its
 * first frame, once a page has said it: that is drawn, and can be pressed, before there is any script.
 */
function composed(whole: string, first: Frame | null): string {
  const page = whole.replace(INLINE, "");
  // Without a first frame that would show nothing: drawing it costs a slow phone as much as the button.
  const waited = `<script type="module" src="${__SCRIPT__}" blocking="render"></script>`;
  if (first === null) return page.replace("</head>", `${waited}\n</head>`);
  // Named for the early script, which asks for both; nothing is drawn before the button is there.
  const files = `<meta name="first" content="${__SCRIPT__} ${__WORDS__[first.lang]}">`;
  return page
    .replace('<html lang="en">', `<html lang="${first.lang}" dir="${first.dir}">`)
    .replace(EMPTY, () => `<div id="app" data-early>${first.frame}</div>`)
    .replace("</head>", `${files}<link rel="expect" href="#app" blocking="render">\n</head>`);
}

async function keepPage(cache: Cache, response: Response): Promise<void> {
  const whole = await response.text();
  if (!INLINE.test(whole) || !whole.includes(EMPTY)) throw new TypeError("the page is another one");
  const headers = new Headers(response.headers);
  for (const name of ["content-encoding", "content-length"]) headers.delete(name);
  await cache.put(WHOLE, new Response(whole, { headers }));
  await cache.put("/", new Response(composed(whole, null), { headers }));
}

/** One after the other: of two that the page said in one breath the last one stays. */
let framed: Promise<void> = Promise.resolve();

function keepFrameNext(first: Frame): Promise<void> {
  framed = framed.then(() => keepFrame(first)).catch(() => undefined);
  return framed;
}

/** An empty frame is none. */
async function keepFrame(first: Frame): Promise<void> {
  const cache = await caches.open(NAME);
  const [whole, before] = await Promise.all([cache.match(WHOLE), cache.match("/")]);
  if (whole === undefined || before === undefined) return;
  const none = first.frame === "";
  const page = composed(await whole.text(), none ? null : first);
  const headers = new Headers(whole.headers);
  // What is named ahead lies in this phone: to ask for it before the button takes time from the button.
  if (!none) headers.delete("link");
  if (page !== (await before.text())) await cache.put("/", new Response(page, { headers }));
}

/** Of a page of this very version: another one's styles are others. */
function isFrame(said: unknown): said is Frame {
  if (typeof said !== "object" || said === null) return false;
  const { frame, lang, dir, from } = said as Record<string, unknown>;
  const known = typeof from === "string" && Object.hasOwn(kept.first, from);
  const dressed = typeof lang === "string" && Object.hasOwn(__WORDS__, lang) && (dir === "ltr" || dir === "rtl");
  return known && dressed && typeof frame === "string";
}

async function namesOfOthers(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);
}

/** Our words of the languages that other versions keep: opened without a line, the page would have none. */
async function wordsInUse(): Promise<string[]> {
  const tagOf = (path: string): string => WORDS.exec(path)?.[1] ?? "";
  const used = new Set<string>();
  for (const name of await namesOfOthers()) {
    for (const { url } of await (await caches.open(name)).keys()) used.add(tagOf(new URL(url).pathname));
  }
  return Object.keys(kept.later).filter((path) => tagOf(path) !== "" && used.has(tagOf(path)));
}

/** Forgets all versions but the newest ones; a cache is as old as its place in the list. */
async function forget(): Promise<void> {
  const names = await namesOfOthers();
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

worker.addEventListener("install", (event) => {
  // What was imported once while installing can be imported again at any time, without a line.
  worker.importScripts(__SENDER__);
  event.waitUntil(wordsInUse().then((words) => keep([...Object.keys(kept.first), ...words])));
});

/** Its name is not the script's: a function up here is a global, which the script would take the place of. */
async function sendOrComeAgain(): Promise<void> {
  worker.importScripts(__SENDER__);
  const send = Reflect.get(worker, "sendWhatWaits") as () => Promise<number>;
  // A sync that fails is tried again by the browser, later and later.
  if ((await send()) > 0) throw new Error("something is left");
}

worker.addEventListener("sync", (event) => {
  const { waitUntil } = event as ExtendableEvent;
  waitUntil.call(event, sendOrComeAgain());
});

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
  if (isFrame(said)) event.waitUntil(keepFrameNext(said));
  if (!Array.isArray(said)) return;
  const wanted = said.filter((path): path is string => typeof path === "string" && Object.hasOwn(digests, path));
  event.waitUntil(keep(wanted).catch(() => undefined));
});
