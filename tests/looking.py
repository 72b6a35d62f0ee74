"""What is looked for at each state of a page: axe, a ruler, colours, motion, and a keyboard alone.

Each function returns what is wrong as sentences; none is good. Pages are left as they were found.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Page

from people import AXE

PHONE = {"width": 390, "height": 844}
SIZES: dict[str, dict[str, int]] = {
    "320 px": {"width": 320, "height": 568},
    "a phone held sideways": {"width": 844, "height": 390},
    "a desktop at 200 %": {"width": 640, "height": 400},
    "a desktop at 400 %": {"width": 320, "height": 256},
}
"""WCAG 1.4.10 asks for 320 pixels of width, which is a window of 1280 pixels at 400 %."""

COLOURS: dict[str, dict[str, str]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "more contrast": {"color_scheme": "light", "contrast": "more"},
    "more contrast, dark": {"color_scheme": "dark", "contrast": "more"},
    "forced colours": {"color_scheme": "dark", "forced_colors": "active"},
}
PLAIN = {"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"}

MISFITS = """(finger) => {
  const wrong = [];
  const name = (at) => `${at.tagName}.${at.className} ${(at.innerText || "").slice(0, 40)}`;
  const seen = (at) => at.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !at.closest(".hidden-text, [inert], noscript");
  const open = document.querySelector("dialog[open]") ?? document.body;
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth + 1) wrong.push(`the page is ${page.scrollWidth} wide`);
  const PARTS = "button, label, p, h1, h2, h3, li, a, legend, summary, select, input, dt, dd, "
    + ".notice, .card";
  for (const at of open.querySelectorAll(PARTS)) {
    if (!seen(at) || at.closest(".scrolls, .wide[tabindex]")) continue;
    const box = at.getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1) wrong.push(`beside the window: ${name(at)}`);
    const style = getComputedStyle(at);
    if (style.display === "inline" || at.tagName === "INPUT" || at.tagName === "SELECT") continue;
    if (at.scrollWidth > at.clientWidth + 1) wrong.push(`wider than its room: ${name(at)}`);
    const cut = style.overflowY === "hidden" && at.scrollHeight > at.clientHeight + 1;
    if (cut) wrong.push(`cut off below: ${name(at)}`);
  }
  const CONTROLS = "button, a[href], input:not([type=hidden]), select, textarea, summary";
  for (const at of open.querySelectorAll(CONTROLS)) {
    if (!seen(at) || at.disabled) continue;
    const target = at.closest("label") ?? at;
    const { width, height } = target.getBoundingClientRect();
    const small = Math.min(width, height) < finger - 0.5;
    if (small) wrong.push(`small, ${width} × ${height}: ${name(at)}`);
    target.scrollIntoView({ block: "center" });
    const box = target.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const hit = document.elementFromPoint(x, y);
    const reached = hit !== null && (target.contains(hit) || hit.contains(target));
    if (!reached) wrong.push(`out of reach: ${name(at)}`);
  }
  scrollTo(0, 0);
  return wrong;
}"""
"""What is cut off, out of the window, under 44 px, or cannot be touched."""

MOVES = """() => document.getAnimations()
  .filter(({ playState }) => playState === "running")
  .map(({ animationName, effect }) => `${animationName} ${effect.target.className}`)"""

SHOWN = """() => {
  const open = document.querySelector("dialog[open]") ?? document.body;
  const CONTROLS = "button, a[href], input:not([type=hidden]), select, textarea, summary, "
    + "[tabindex='0'], video[controls], audio[controls]";
  // A field that only its label draws is one all the same.
  const seen = (at) => at.checkVisibility({ visibilityProperty: true })
    && !at.closest(".hidden-text:not(input), [inert], noscript") && !at.disabled;
  const groups = new Set();
  // Radio buttons of one name are one stop.
  const stop = ({ type, name }) => type !== "radio" || (!groups.has(name) && groups.add(name));
  const controls = [...open.querySelectorAll(CONTROLS)].filter(seen).filter(stop);
  document.activeElement?.blur();
  getSelection().collapse(open.firstElementChild ?? open, 0);
  const outlined = (one) => getComputedStyle(one).outlineStyle !== "none";
  const focused = ({ target: at }) => {
    // A player's own parts draw themselves.
    const drawn = at instanceof HTMLMediaElement || [at, ...(at.labels ?? [])].some(outlined);
    const together = (one) => at.type === "radio" && one.type === "radio" && one.name === at.name;
    const where = controls.findIndex((one) => one === at || together(one));
    const name = `${at.tagName}.${at.className} ${at.innerText ?? ""}`.slice(0, 60);
    window.stops.push({ where, drawn, name });
  };
  window.stops = [];
  document.addEventListener("focusin", focused);
  window.doneStopping = () => {
    document.removeEventListener("focusin", focused);
    const names = controls.map((one) => `${one.className} ${one.innerText}`);
    return { names, stops: window.stops };
  };
  const parted = (one) => one instanceof HTMLMediaElement || one.type === "datetime-local";
  return [controls.length, controls.filter(parted).length];
}"""


PARTS_OF_A_PLAYER = 12

NOTES_SHIFTS = """
  window.shifts = [];
  const seen = (list) => {
    for (const { value, hadRecentInput: asked, sources } of list.getEntries()) {
      const moved = sources.map(({ node }) => (node?.nodeType === 1 ? node : node?.parentElement));
      const what = moved.map((at) => `${at?.tagName}.${at?.className}`).join(" ");
      shifts.push({ value, asked, what });
    }
  };
  new PerformanceObserver(seen).observe({ type: "layout-shift", buffered: true });
"""
"""For `shifted`, before a page loads."""

SHIFTED = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
  const found = window.shifts ?? [];
  window.shifts = [];
  done(found);
})))"""


SPEAKS = """(tag) => new Promise((done, failed) => {
  dispatchEvent(new StorageEvent("storage", { key: "accompany.page-language", newValue: tag }));
  const end = performance.now() + 20000;
  const look = () => {
    if (document.documentElement.lang === tag) return setTimeout(done);
    if (performance.now() > end) return failed(new Error(`no words in ${tag}`));
    setTimeout(look, 5);
  };
  look();
})"""


@contextmanager
def spoken(page: Page, tag: str) -> Iterator[None]:
    """The page as it stands, in another language, as if that were chosen in another tab."""
    before = page.locator("html").get_attribute("lang")
    page.evaluate(SPEAKS, tag)
    yield
    page.evaluate(SPEAKS, before)


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Return what axe finds on the page as it stands: of all its rules, or of some."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    run = """async (rules) => (await axe.run({
        resultTypes: ["violations"],
        ...(rules && { runOnly: { type: "rule", values: rules } }),
      })).violations.map(({ id, nodes, help }) => `${id}: ${nodes[0].target} ${help}`)"""
    found: list[str] = page.evaluate(run, rules)
    return found


def misfits(page: Page) -> list[str]:
    found: list[str] = page.evaluate(MISFITS, 44)
    return found


@contextmanager
def larger_text(page: Page) -> Iterator[None]:
    """Text alone at 200 %, as a phone's own setting does it: windows stay as they are."""
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    yield
    page.evaluate("() => { document.documentElement.style.fontSize = ''; }")


def too_tight(page: Page, sizes: tuple[str, ...] = tuple(SIZES)) -> list[str]:
    """Return what does not fit: in small windows, and with text at 200 % on a phone's screen."""
    before = page.viewport_size
    assert before is not None
    found = misfits(page)
    for name in sizes:
        page.set_viewport_size(SIZES[name])  # type: ignore[arg-type]
        found += [f"{name}: {one}" for one in misfits(page)]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    with larger_text(page):
        found += [f"text at 200 %: {one}" for one in misfits(page)]
    page.set_viewport_size(before)
    return found


def too_tight_in(page: Page, tag: str) -> list[str]:
    """Return what does not fit as the page stands and in the language *tag*, where it is narrowest.

    Windows and words are changed as seldom as can be: each change costs more than a look.
    """
    before = page.viewport_size
    assert before is not None
    found = misfits(page)
    page.set_viewport_size(SIZES["320 px"])  # type: ignore[arg-type]
    found += [f"320 px: {one}" for one in misfits(page)]
    with spoken(page, tag):
        found += [f"in {tag}, 320 px: {one}" for one in misfits(page)]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        with larger_text(page):
            found += [f"in {tag}, text at 200 %: {one}" for one in misfits(page)]
    with larger_text(page):
        found += [f"text at 200 %: {one}" for one in misfits(page)]
    page.set_viewport_size(before)
    return found


def shifted(page: Page, most: float) -> list[str]:
    """Return what moved by more than *most*, by itself: half a second after what somebody did.

    In Chromium's layout shift (the share of the window that moved, times how far), since it was
    asked last; the page has run `NOTES_SHIFTS`.
    """
    found = page.evaluate(SHIFTED)
    return [
        f"moved by itself, {one['value']:.3f}: {one['what']}"
        for one in found
        if not one["asked"] and one["value"] > most
    ]


def too_faint(page: Page, schemes: Mapping[str, list[str] | None]) -> list[str]:
    """Return what axe finds in each of *schemes*: of all its rules, or of those named."""
    found = []
    for name, rules in schemes.items():
        page.emulate_media(**{**PLAIN, **COLOURS[name]})  # type: ignore[arg-type]
        if name == "forced colours":
            # The colours are the system's own; what could be lost is what a colour alone said.
            found += [f"{name}: {one}" for one in misfits(page)]
        else:
            found += [f"{name}: {one}" for one in violations(page, rules)]
    page.emulate_media(**PLAIN)  # type: ignore[arg-type]
    return found


def still_moving(page: Page) -> list[str]:
    """Return what moves although less motion was asked for."""
    found: list[str] = page.evaluate(MOVES)
    return found


def by_keys(page: Page) -> list[str]:
    """Return what the Tab key does not reach, reaches without showing it, or holds.

    A switch steps through a page in the same order, so that what holds for one holds for the other.
    """
    count, players = page.evaluate(SHOWN)
    # From wherever the focus was, over the end of the page, once around; a player has many parts,
    # and so has a time.
    for _ in range(count + 4 + PARTS_OF_A_PLAYER * players):
        page.keyboard.press("Tab")
    found = page.evaluate("() => doneStopping()")
    wrong: list[str] = []
    reached: list[int] = []
    for at in found["stops"]:
        if at["where"] in reached[-1:]:
            continue
        if at["where"] in reached:
            break
        if at["where"] < 0:
            wrong.append(f"focus on what is no control: {at['name']}")
        elif not at["drawn"]:
            wrong.append(f"focus that is not drawn: {at['name']}")
        reached.append(at["where"])
    names = found["names"]
    wrong += [f"not reached: {names[one]}" for one in range(count) if one not in reached]
    first = reached.index(min(reached)) if reached else 0
    in_turn = reached[first:] + reached[:first]
    wrong += [] if in_turn == sorted(in_turn) else [f"out of order: {in_turn}"]
    return wrong
