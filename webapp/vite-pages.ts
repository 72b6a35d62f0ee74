/**
 * What is done to the built pages: the service worker learns which files there are, the server which
 * file holds which language, and each file gets its compressed twins (`.br`, `.gz`).
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

/** In the service worker's source: replaced by what it keeps. */
const KEPT = "__KEPT__";
const COMPRESSED = /\.(js|css|html|svg|json|webmanifest)$/;
/** The caller's texts of one language, as `src/i18n` has them. */
const LANGUAGE = /\/i18n\/([\w-]+)\.json$/;

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

export function builtPages(): Plugin {
  return {
    name: "accompany-pages",
    apply: "build",
    writeBundle: {
      order: "post",
      handler({ dir }, bundle) {
        if (dir === undefined) return;
        const languages = languagesOf(bundle);
        writeFileSync(join(dir, "languages.json"), JSON.stringify(languages));
        const worker = join(dir, "sw.js");
        if (existsSync(worker)) {
          // Languages are kept as they are used: all of them are more than the page.
          const used = new Set(Object.values(languages));
          const assets = [...reachable(bundle, "index.html")].filter((name) => name.startsWith("assets/"));
          const digest = (name: string): [string, string] => [`/${name}`, sha256(readFileSync(join(dir, name)))];
          const listed = assets.sort().map(digest);
          const kept = {
            first: { "/": digest("index.html")[1], ...Object.fromEntries(listed.filter(([name]) => !used.has(name))) },
            later: Object.fromEntries(listed.filter(([name]) => used.has(name))),
          };
          writeFileSync(worker, readFileSync(worker, "utf8").replace(KEPT, JSON.stringify(kept)));
        }
        for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
          if (!COMPRESSED.test(name)) continue;
          const data = readFileSync(join(dir, name));
          writeFileSync(join(dir, `${name}.gz`), gzipSync(data, { level: 9 }));
          writeFileSync(join(dir, `${name}.br`), brotliCompressSync(data));
        }
      },
    },
  };
}
