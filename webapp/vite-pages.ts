/**
 * What is done to the built pages: the service worker learns which files there are, the server which
 * file holds which language, and each file gets its compressed twins (`.br`, `.gz`).
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { transformWithOxc, type Plugin, type Rollup } from "vite";

/** In the service worker's source: replaced by what it keeps. */
const KEPT = "__KEPT__";
const COMPRESSED = /\.(js|css|html|svg|json|webmanifest)$/;
/** The caller's texts of one language, as `src/i18n` has them. */
const LANGUAGE = /\/i18n\/([\w-]+)\.json$/;

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
function keptOf(dir: string, bundle: Rollup.OutputBundle): { first: Files; later: Files } {
  const words = (name: string): boolean => {
    const item = bundle[name];
    return item?.type === "chunk" && item.moduleIds.length === 1 && WORDS.test(item.moduleIds[0] ?? "");
  };
  const assets = [...reachable(bundle, "index.html")].filter((name) => name.startsWith("assets/")).sort();
  const listed = assets.map((name) => [`/${name}`, sha256(readFileSync(join(dir, name)))] as const);
  const page = sha256(readFileSync(join(dir, "index.html")));
  return {
    first: { "/": page, ...Object.fromEntries(listed.filter(([name]) => !words(name.slice(1)))) },
    later: Object.fromEntries(listed.filter(([name]) => words(name.slice(1)))),
  };
}

/** The service worker stands alone: its address is its identity, so that no hash is in its name. */
async function writeServiceWorker(dir: string, kept: object): Promise<void> {
  const path = join(import.meta.dirname, "src", "service-worker.ts");
  const { code } = await transformWithOxc(readFileSync(path, "utf8"), path, { sourcemap: false });
  writeFileSync(join(dir, "sw.js"), code.replace(KEPT, JSON.stringify(kept)));
}

function compress(dir: string): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    if (!COMPRESSED.test(name)) continue;
    const data = readFileSync(join(dir, name));
    writeFileSync(join(dir, `${name}.gz`), gzipSync(data, { level: 9 }));
    writeFileSync(join(dir, `${name}.br`), brotliCompressSync(data));
  }
}

export function builtPages(): Plugin {
  return {
    name: "accompany-pages",
    apply: "build",
    writeBundle: {
      order: "post",
      async handler({ dir }, bundle) {
        if (dir === undefined) return;
        writeFileSync(join(dir, "languages.json"), JSON.stringify(languagesOf(bundle)));
        await writeServiceWorker(dir, keptOf(dir, bundle));
        compress(dir);
      },
    },
  };
}
