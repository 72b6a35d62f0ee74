/**
 * The caller's page as one file: its styles and its first script stand in it, so that on a poor line one
 * way there and back less lies before the press. The server names their SHA-256 in the page's content
 * policy (web/pages.py); nothing else runs that stands in a page.
 *
 * What comes later imports from the first script. Its own file is therefore kept, and hands out what the
 * page's script holds: a module that stands in a page cannot be imported. The script is also a file of its
 * own, for the page as the service worker keeps it.
 */
import { createHash } from "node:crypto";
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, parseAst, type Plugin, type Rollup } from "vite";
import { classicScript } from "./vite-script.ts";

const PAGE = "index.html";
/** Where the page is drawn; what hears a press before there is a script (early.ts) stands behind it. */
const EMPTY = '<div id="app"></div>';
/** Where the page's script keeps what it hands out. */
const HELD = "globalThis.__accompany";
/** Chromium compiles all of such a file beside the page's thread, instead of each function when it is called. */
const AT_ONCE = "//# allFunctionsCalledOnLoad";

type Chunk = Rollup.OutputChunk;

interface Built {
  bundle: Rollup.OutputBundle;
  /** address of the file that holds the script as it stands in the page */
  script: string;
}

/** Builds the page into *dir*, beside what is there. */
export async function buildCaller(root: string, dir: string, shared: object): Promise<Built> {
  let built: Built = { bundle: {}, script: "" };
  const early = await classicScript("caller/early.ts");
  const take: Plugin = {
    name: "accompany-caller",
    writeBundle: { order: "post", handler: (_, made) => void (built = intoOne(dir, made, early)) },
  };
  await build({
    ...shared,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    root,
    plugins: [take],
    build: {
      target: "es2022",
      outDir: dir,
      emptyOutDir: false,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rollupOptions: {
        input: { caller: join(root, PAGE) },
        output: { codeSplitting: { groups: [{ name: "caller", tags: ["$initial"] }] } },
      },
    },
  });
  return built;
}

function intoOne(dir: string, bundle: Rollup.OutputBundle, early: string): Built {
  let page = readFileSync(join(dir, PAGE), "utf8");
  const scripts = [...page.matchAll(/<(?:script|link) [^>]*"\/(assets\/[^"]+\.js)">/g)].map(([, name]) => name);
  const first = bundle[scripts[0] ?? ""];
  if (first?.type !== "chunk" || scripts.length > 1 || first.imports.length > 0) {
    throw new Error(`the caller's page begins with several files: ${scripts}, ${JSON.stringify(first)}`);
  }
  const { inner, file } = handedOut(first);
  page = inPlace(page, new RegExp(`<script [^>]*src="/${first.fileName}"></script>`), "");
  page = inPlace(page, /<\/body>/, `<script type="module">${inner}</script>\n  </body>`);
  page = inPlace(page, new RegExp(EMPTY), `${EMPTY}\n    <script>${early}</script>`);
  const [, style] = /<link [^>]*href="\/(assets\/[^"]+\.css)">/.exec(page) ?? [];
  if (style === undefined) throw new Error("the caller's page names no styles");
  const css = readFileSync(join(dir, style), "utf8").trim();
  page = inPlace(page, /<link [^>]*\.css">/, `<style>${css}</style>`);
  if (/<\/(script|style)/i.test(css) || /<\/script|<!--/i.test(inner + early)) throw new Error("the page would end early");
  writeFileSync(join(dir, PAGE), page);
  writeFileSync(join(dir, first.fileName), file);
  unlinkSync(join(dir, style));
  delete bundle[style];
  // What comes later names the styles as needed before it; they are there. Its list keeps its length.
  for (const item of Object.values(bundle)) {
    if (item.type !== "chunk" || item === first || !item.code.includes(style)) continue;
    writeFileSync(join(dir, item.fileName), item.code.replaceAll(style, first.fileName));
  }
  const script = `/assets/first-${createHash("sha256").update(inner).digest("hex").slice(0, 8)}.js`;
  writeFileSync(join(dir, script), `${AT_ONCE}\n${inner}`);
  return { bundle, script };
}

function inPlace(page: string, what: RegExp, by: string): string {
  if (!what.test(page)) throw new Error(`the caller's page has no ${what}`);
  return page.replace(what, () => by);
}

/** The script as it stands in the page, and the file that those import who come later. */
function handedOut({ code, fileName }: Chunk): { inner: string; file: string } {
  const { body } = parseAst(code);
  const exported = body.filter((one) => one.type === "ExportNamedDeclaration");
  const names = exported.flatMap(({ specifiers }) =>
    specifiers.map(({ local, exported }) => {
      if (local.type !== "Identifier" || exported.type !== "Identifier") throw new Error(`${fileName}: odd export`);
      return { within: local.name, without: exported.name };
    }),
  );
  let rest = code;
  for (const { start, end } of [...exported].reverse()) rest = rest.slice(0, start) + rest.slice(end);
  // First of all, since the script waits for its language; as getters, since nothing is made by then.
  const held = names.map(({ within, without }) => `get ${without}(){return ${within}}`).join();
  // Once the button is there, and before the first of those who import it says so.
  const ahead = `;import("/${fileName}");`;
  const inner = `${HELD}={${held}};${rest.replaceAll(/\bimport\((["'`])\.\//g, "import($1/assets/")}${ahead}`;
  const taken = names.map(({ without }, at) => `e${at}=p.${without}`).join();
  const file = `const p=${HELD},${taken};export{${names.map(({ without }, at) => `e${at} as ${without}`).join()}};\n`;
  return { inner, file };
}
