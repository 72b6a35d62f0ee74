import { afterEach, describe, expect, test, vi } from "vitest";
import { takeOver, takePress } from "../../src/caller/taken-over";

const COMES = (what: string): string => `data:text/javascript,globalThis.${what}=true`;

/** What the early script asks of a page: the place with the kept first frame, and the script that comes later. */
class Page {
  readonly dataset: Record<string, string> = { early: "" };
  emptied = false;
  parts = ["[role=status]", "[role=alert]", ".screen"];
  frames: (() => void)[] = [];
  get children(): object[] {
    return this.parts.map((part) => ({ matches: (wanted: string) => wanted === part }));
  }
  private clicked: (event: unknown) => void = () => undefined;
  readonly hasAttribute = () => "early" in this.dataset;
  readonly replaceChildren = () => void (this.emptied = true);
  readonly addEventListener = (_: string, listener: (event: unknown) => void) => void (this.clicked = listener);

  async open(hash = "", state: unknown = null, kept = true): Promise<void> {
    vi.resetModules();
    vi.stubGlobal("Element", class {});
    vi.stubGlobal("location", { hash });
    vi.stubGlobal("history", { state });
    vi.stubGlobal("requestAnimationFrame", (work: () => void) => this.frames.push(work));
    vi.stubGlobal("document", {
      getElementById: () => this,
      querySelector: () => (kept ? { content: `${COMES("script")} ${COMES("words")}` } : null),
    });
    await import("../../src/caller/early" as string);
  }

  click(on: string | null): void {
    const target = Object.assign(Object.create((globalThis as { Element?: { prototype: object } }).Element?.prototype ?? null), {
      closest: (wanted: string) => (on === wanted ? {} : null),
    });
    this.clicked({ target });
  }
}

const root = (page: Page) => page as unknown as HTMLElement;

describe("a press on the first frame that was kept", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    for (const name of ["script", "words"]) Reflect.deleteProperty(globalThis, name);
  });

  test("is made once, when the page's script takes over", async () => {
    const page = new Page();
    await page.open();
    page.click(".press");
    expect(page.dataset["early"]).toBe("pressed");
    takeOver(root(page));
    expect(page.dataset).toEqual({});
    expect([takePress(), takePress()]).toEqual([true, false]);
  });

  test.each([
    ["as it was kept", ["[role=status]", "[role=alert]", ".screen"], false],
    ["with a flash in it", ["[role=status]", "[role=alert]", ".flash", ".screen"], true],
    ["of another order", ["[role=alert]", "[role=status]", ".screen"], true],
    ["that has none", [], true],
  ])("a frame %s is taken over, or dropped, and the press counts", async (_, parts, dropped) => {
    const page = new Page();
    page.parts = parts;
    await page.open();
    page.click(".press");
    takeOver(root(page));
    expect([page.emptied, takePress()]).toEqual([dropped, true]);
  });

  test("beside the button it is none, and from then on the page hears it itself", async () => {
    const page = new Page();
    await page.open();
    page.click(null);
    takeOver(root(page));
    expect(takePress()).toBe(false);
    page.click(".press");
    takeOver(root(page));
    expect(takePress()).toBe(false);
  });

  test("script and words come with the first frame", async () => {
    const page = new Page();
    await page.open();
    expect(page.frames).toHaveLength(1);
    for (const frame of page.frames) frame();
    await vi.waitFor(() => expect([Reflect.get(globalThis, "script"), Reflect.get(globalThis, "words")]).toEqual([true, true]));
  });

  test.each([
    ["a link to a recording", "#share=abc", null],
    ["a place beside the press", "", { place: "rights" }],
  ])("%s has nothing to press", async (_, hash, state) => {
    const page = new Page();
    await page.open(hash, state);
    expect(page.emptied).toBe(true);
    page.click(".press");
    expect(page.dataset["early"]).toBe("");
  });

  test("nothing happens in a page that was not kept", async () => {
    const page = new Page();
    await page.open("", null, false);
    expect([page.frames.length, page.emptied]).toEqual([0, false]);
  });
});
