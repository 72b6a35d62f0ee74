/**
 * What is done to the built pages: the service worker learns which files there are, the server which
 * file holds which language, and each file gets its compressed twins (`.br`, `.gz`).
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { transformWithOxc, type Plugin, type Rollup } from "vite";
import { buildCaller } from "./vite-caller.ts";
import { classicScript } from "./vite-script.ts";

/** In the service worker's source: replaced by what it keeps. */
const KEPT = "__KEPT__";
/** And by the address of the script that it sends with. */
const SENDER = "__SENDER__";
/** And by the address of the page's script. */
const SCRIPT = "__SCRIPT__";
/** And by the addresses of its words, by language. */
const SPOKEN = "__WORDS__";
const COMPRESSED = /\.(js|css|html|svg|json|webmanifest)$/;
/** The caller's texts of one language, as `src/i18n` has them. */
const LANGUAGE = /\/i18n\/([\w-]+)\.json$/;

/** What makes public copies and checks recordings: a phone fetches it when somebody does, not when it is set up. */
const RARE = /assets\/(studio|copy\.worker|tiny_face_detector|verify\.worker|case-checking)/;

const WORDS = /\/i18n\/.*\.json$/;

type Files = Record<string, string>;

/** Names of all files that a chunk may come to need: what it imports, now or later, styles, workers. */
function reachable(bundle: Rollup.OutputBundle, start: string): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !bundle[name]) return;
    found.add(name);
    const item = bundle[name];
    const text = item.type === "chunk" ? item.code : String(item.source);
    for (const other of Object.keys(bundle)) if (text.includes(other.replace(/^.*\//, ""))) visit(other);
    if (item.type === "chunk") [...item.imports, ...item.dynamicImports].forEach(visit);
  };
  visit(start);
  return found;
}

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("base64");

function languagesOf(bundle: Rollup.OutputBundle): Files {
  const found: Files = {};
  for (const item of Object.values(bundle)) {
    if (item.type !== "chunk" || item.moduleIds.length !== 1) continue;
    const tag = LANGUAGE.exec(item.moduleIds[0] ?? "")?.[1];
    if (tag !== undefined) found[tag] = `/${item.fileName}`;
  }
  return found;
}

/** What the service worker keeps: at once, and once it is used (all languages are more than the page). */
function keptOf(dir: string, bundle: Rollup.OutputBundle, script: string): { first: Files; later: Files } {
  const words = (name: string): boolean => {
    if (RARE.test(name)) return true;
    const item = bundle[name];
    return item?.type === "chunk" && item.moduleIds.length === 1 && WORDS.test(item.moduleIds[0] ?? "");
  };
  const of = (name: string): string => sha256(readFileSync(join(dir, name)));
  const assets = [...reachable(bundle, "index.html")].filter((name) => name.startsWith("assets/")).sort();
  const listed = assets.map((name) => [`/${name}`, of(name)] as const);
  return {
    first: { "/": of("index.html"), [script]: of(script), ...Object.fromEntries(listed.filter(([name]) => !words(name.slice(1)))) },
    later: Object.fromEntries(listed.filter(([name]) => words(name.slice(1)))),
  };
}

/** The service worker stands alone: its address is its identity, so that no hash is in its name. */
async function writeServiceWorker(dir: string, kept: object, script: string, words: Files): Promise<void> {
  const path = join(import.meta.dirname, "src", "service-worker.ts");
  const { code } = await transformWithOxc(readFileSync(path, "utf8"), path, { sourcemap: false });
  const sender = await writeSender(dir);
  const named = code.replaceAll(SENDER, JSON.stringify(sender)).replaceAll(SCRIPT, JSON.stringify(script));
  const spoken = named.replaceAll(SPOKEN, `(${JSON.stringify(words)})`);
  writeFileSync(join(dir, "sw.js"), spoken.replace(KEPT, JSON.stringify(kept)));
}

/** A service worker takes no modules in every browser: what it sends with is one classic script. */
async function writeSender(dir: string): Promise<string> {
  const code = await classicScript("later-sender.ts");
  const name = `/assets/later-sender-${createHash("sha256").update(code).digest("hex").slice(0, 8)}.js`;
  writeFileSync(join(dir, name), code);
  return name;
}

function compress(dir: string): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    if (!COMPRESSED.test(name)) continue;
    const data = readFileSync(join(dir, name));
    writeFileSync(join(dir, `${name}.gz`), gzipSync(data, { level: 9 }));
    writeFileSync(join(dir, `${name}.br`), brotliCompressSync(data));
  }
}

const STYLES = /[ \t]*<link rel="stylesheet"[^>]*>\n?/g;

/**
 * What all pages share is read first, as each page asks for it: of two rules of equal weight the later
 * one counts, and a page's own would lose.
 */
export function sharedStylesFirst(html: string): string {
  const links = html.match(STYLES) ?? [];
  const shared = links.filter((link) => link.includes("/assets/base-"));
  const first = links[0];
  if (first === undefined || shared.length === 0) return html;
  const ordered = [...shared, ...links.filter((link) => !shared.includes(link))].join("");
  const at = html.indexOf(first);
  return html.slice(0, at) + ordered + html.slice(at).replaceAll(STYLES, "");
}

/** `shared` is what the caller's page, built apart, has in common with the others. */
export function builtPages(shared: object): Plugin {
  return {
    name: "accompany-pages",
    apply: "build",
    transformIndexHtml: { order: "post", handler: sharedStylesFirst },
    writeBundle: {
      order: "post",
      async handler({ dir }) {
        if (dir === undefined) return;
        const { bundle, script } = await buildCaller(import.meta.dirname, dir, shared);
        const words = languagesOf(bundle);
        writeFileSync(join(dir, "languages.json"), JSON.stringify(words));
        await writeServiceWorker(dir, keptOf(dir, bundle, script), script, words);
        compress(dir);
      },
    },
  };
}
