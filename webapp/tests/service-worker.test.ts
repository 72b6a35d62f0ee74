import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const ORIGIN = "https://aid.example";
const SCRIPT = "/assets/page-00000000.js";
const EMPTY = '<div id="app"></div><script>early()</script>';
const PAGE = `<html lang="en"><head><style>p{}</style></head><body>${EMPTY}<script type="module">const $1="$&";</script>\n  </body>`;

/** Caches in memory: what the service worker uses of them. */
class GivenCache {
  readonly kept = new Map<string, string>();
  readonly headers = new Map<string, Headers>();
  match = async (path: string) => {
    const found = this.kept.get(path);
    return found === undefined ? undefined : new Response(found, { headers: this.headers.get(path) ?? {} });
  };
  put = async (path: string, response: Response) => {
    this.headers.set(path, response.headers);
    this.kept.set(path, await response.text());
  };
  keys = async () => [...this.kept.keys()].map((path) => ({ url: `${ORIGIN}${path}` }));
}

type Waiting = { waitUntil(work: Promise<unknown>): void; data?: unknown };

/** A browser in which one version of the service worker after the other is installed. */
class Phone {
  readonly caches = new Map<string, GivenCache>();
  online = true;
  private listeners = new Map<string, (event: Waiting) => void>();

  async install(first: Record<string, string>, later: Record<string, string>): Promise<void> {
    this.listeners = new Map();
    vi.resetModules();
    vi.stubGlobal("__KEPT__", { first, later });
    vi.stubGlobal("__SENDER__", "/assets/later-sender-00000000.js");
    vi.stubGlobal("__SCRIPT__", SCRIPT);
    vi.stubGlobal("__WORDS__", { ar: "/assets/ar-AAAAAAAA.js", "pt-BR": "/assets/pt-BR--A_AAAAA.js" });
    vi.stubGlobal("self", {
      addEventListener: (name: string, listener: (event: Waiting) => void) => this.listeners.set(name, listener),
      importScripts: () => undefined,
      location: { origin: ORIGIN },
      skipWaiting: () => Promise.resolve(),
      clients: { claim: () => Promise.resolve() },
    });
    vi.stubGlobal("fetch", async (path: string, { integrity }: { integrity: string }) => {
      if (!this.online) throw new TypeError("no line");
      if (path !== "/") return new Response(`${path} ${integrity}`);
      return new Response(PAGE, { headers: { "content-encoding": "br", "content-security-policy": "script-src 'self'" } });
    });
    vi.stubGlobal("caches", {
      keys: async () => [...this.caches.keys()],
      open: async (name: string) => {
        const found = this.caches.get(name) ?? new GivenCache();
        this.caches.set(name, found);
        return found;
      },
      delete: async (name: string) => this.caches.delete(name),
      match: async (path: string) => {
        for (const cache of this.caches.values()) if (cache.kept.has(path)) return await cache.match(path);
        return undefined;
      },
    });
    await import("../src/service-worker" as string); // a script, not a module
    await this.happens("install");
  }

  async happens(name: string, data?: unknown): Promise<void> {
    const works: Promise<unknown>[] = [];
    this.listeners.get(name)?.({ waitUntil: (work) => void works.push(work), data });
    await Promise.all(works);
  }

  /** What the cache of the version whose page has this hash holds. */
  kept(page: string): string[] {
    return [...(this.caches.get(`accompany ${page}`)?.kept.keys() ?? [])].sort();
  }
}

describe("the service worker", () => {
  let phone = new Phone();
  beforeEach(() => {
    phone = new Phone();
  });
  afterEach(() => vi.unstubAllGlobals());

  const older = { "/assets/en-AAAAAAAA.js": "1", "/assets/pt-BR--A_AAAAA.js": "2", "/assets/fa-AAAA-AAA.js": "3" };
  const newer = { "/assets/en-BBBBBBBB.js": "4", "/assets/pt-BR-B-_BBBBB.js": "5", "/assets/fa-BBBBBBBB.js": "6" };

  test("keeps what the build listed, by its hash, and a language once it is used", async () => {
    await phone.install({ "/": "old", "/assets/kit-AAAAAAAA.js": "k" }, older);
    expect(phone.kept("old")).toEqual(["/", "/?whole", "/assets/kit-AAAAAAAA.js"]);
    await phone.happens("message", ["/assets/pt-BR--A_AAAAA.js", "/assets/not-listed-AAAAAAAA.js", 7]);
    expect(phone.kept("old")).toEqual(["/", "/?whole", "/assets/kit-AAAAAAAA.js", "/assets/pt-BR--A_AAAAA.js"]);
    expect(phone.caches.get("accompany old")?.kept.get("/assets/kit-AAAAAAAA.js")).toContain("sha256-k");
  });

  test("keeps of a new version the languages in use: it may be opened without a line next", async () => {
    await phone.install({ "/": "old" }, { ...older, "/assets/copy.worker-AAAAAAAA.js": "c" });
    await phone.happens("message", ["/assets/en-AAAAAAAA.js", "/assets/pt-BR--A_AAAAA.js", "/assets/copy.worker-AAAAAAAA.js"]);
    await phone.install({ "/": "new" }, { ...newer, "/assets/copy.worker-BBBBBBBB.js": "c" });
    expect(phone.kept("new")).toEqual(["/", "/?whole", "/assets/en-BBBBBBBB.js", "/assets/pt-BR-B-_BBBBB.js"]);
  });

  test("keeps the page with its script beside it, and the page's own rules", async () => {
    await phone.install({ "/": "old" }, {});
    const cache = phone.caches.get("accompany old");
    const script = `<script type="module" src="${SCRIPT}" blocking="render"></script>`;
    expect(cache?.kept.get("/")).toBe(
      `<html lang="en"><head><style>p{}</style>${script}\n</head><body>${EMPTY}\n  </body>`,
    );
    const headers = new Map(cache?.headers.get("/") ?? []);
    expect(headers.get("content-security-policy")).toBe("script-src 'self'");
    expect(headers.has("content-encoding")).toBe(false);
  });

  describe("the first frame", () => {
    const KIT = "/assets/kit-AAAAAAAA.js";
    const said = { frame: '<button class="press">$& قل</button>', lang: "ar", dir: "rtl", from: KIT };
    const page = () => phone.caches.get("accompany old")?.kept.get("/") ?? "";
    beforeEach(() => phone.install({ "/": "old", [KIT]: "k" }, older));

    test("that was said last stays, however soon after another one", async () => {
      await phone.happens("message", said);
      const other = { ...said, frame: "<p>another state</p>" };
      await Promise.all([phone.happens("message", other), phone.happens("message", said)]);
      expect(page()).toContain(said.frame);
      await Promise.all([phone.happens("message", other), phone.happens("message", { ...said, frame: "" })]);
      expect(page()).not.toContain("data-early");
    });

    test("of a page of this version is kept in the page, and its script comes after it", async () => {
      await phone.happens("message", said);
      const files = `<meta name="first" content="${SCRIPT} /assets/ar-AAAAAAAA.js">`;
      const named = `${files}<link rel="expect" href="#app" blocking="render">`;
      expect(page()).toBe(
        `<html lang="ar" dir="rtl"><head><style>p{}</style>${named}\n</head><body>` +
          `<div id="app" data-early>${said.frame}</div><script>early()</script>\n  </body>`,
      );
      expect(phone.caches.get("accompany old")?.headers.get("/")?.get("content-security-policy")).toBe("script-src 'self'");
      await phone.happens("message", { ...said, frame: "<p>another</p>", lang: "pt-BR", dir: "ltr" });
      expect(page()).toContain('<html lang="pt-BR" dir="ltr">');
      expect(page()).toContain('<div id="app" data-early><p>another</p></div><script>early()');
    });

    test("is gone again once there is none", async () => {
      const before = page();
      await phone.happens("message", said);
      expect(page()).not.toBe(before);
      await phone.happens("message", { ...said, frame: "" });
      expect(page()).toBe(before);
    });

    test.each([
      ["of another version", { from: "/assets/kit-BBBBBBBB.js" }],
      ["without a version", { from: undefined }],
      ["in a language that is not spoken here", { lang: "xx" }],
      ["with a language that is none", { lang: 'en" onload="' }],
      ["with a direction that is none", { dir: 'ltr"><p' }],
      ["that is no text", { frame: 7 }],
    ])("%s is not taken", async (_, wrong) => {
      const before = page();
      await phone.happens("message", { ...said, ...wrong });
      expect(page()).toBe(before);
    });
  });

  test("leaves the old version whole where the line breaks while a new one comes", async () => {
    await phone.install({ "/": "old" }, older);
    phone.online = false;
    await expect(phone.install({ "/": "new" }, newer)).rejects.toThrow("no line");
    expect(phone.kept("old")).toEqual(["/", "/?whole"]);
    expect(phone.kept("new")).toEqual([]);
  });

  test("keeps the version before its own for a page that is open, and none older", async () => {
    for (const page of ["first", "second", "third"]) {
      await phone.install({ "/": page }, {});
      await phone.happens("activate");
    }
    expect([...phone.caches.keys()]).toEqual(["accompany second", "accompany third"]);
  });
});
