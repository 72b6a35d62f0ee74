"""Every word is from the language files, longer words fit, Arabic and Persian are mirrored."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from browsers import Phone
from people import violations
from serving import RunningServer

pytestmark = pytest.mark.journey

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "webapp" / "src" / "i18n"
ASSETS = ROOT / "src" / "accompany" / "web" / "static" / "assets"
ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
NARROW = {"width": 320, "height": 700}

READ = """() => {
  const seen = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: at, data } = walker.currentNode;
    if (!at.closest("noscript, script, [data-testid=cards]") && shown(at)) seen.push(data);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const at of document.querySelectorAll(`[${name}]`)) {
      if (shown(at)) seen.push(at.getAttribute(name));
    }
  }
  return [document.title, ...seen];
}"""
"""Everything a person is shown or told, piece by piece."""

SPILLS = """() => {
  const PARTS = "button, label, p, h1, h2, h3, li, a, legend, .notice";
  const spills = [];
  for (const at of document.querySelectorAll(PARTS)) {
    if (at.closest(".hidden-text, .of") || !at.checkVisibility()) continue;
    const box = at.getBoundingClientRect();
    const out = box.left < -1 || box.right > innerWidth + 1;
    if (out || at.scrollWidth > at.clientWidth + 1 && getComputedStyle(at).display !== "inline") {
      spills.push(`${at.tagName}.${at.className} ${at.textContent.slice(0, 60)}`);
    }
  }
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth) spills.push(`the page is ${page.scrollWidth} wide`);
  return spills;
}"""
"""What does not fit where it stands."""


def pseudo(text: str) -> str:
    """Return *text* accented, half as long again and in brackets, its placeholders as they are."""
    parts = re.split(r"(\{\w+\})", text)
    told = "".join(part if part.startswith("{") else part.translate(ACCENTS) for part in parts)
    longer = " lorem" * max(1, len(text) // 12)
    return f"⟦{told}{longer}⟧"


def speak_pseudo(page: Page) -> None:
    """Give the page the pseudo-language wherever it asks for English."""
    kinds = [json.loads(path.read_text()) for path in WORDS.rglob("en.json")]
    for chunk in ASSETS.glob("en-*.js"):
        built = chunk.read_text()
        (found,) = [words for words in kinds if f'"{list(words)[1]}"' in built]
        texts = {key: pseudo(text) for key, text in found.items() if key != "reviewed"}
        code = f"export default {json.dumps({'reviewed': found['reviewed'], **texts})};"
        page.route(f"**/assets/{chunk.name}", _answer(code))


def _answer(code: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=code, content_type="text/javascript")


def unspoken(page: Page, allowed: set[str]) -> list[str]:
    """Return what is shown and comes from no language file; *allowed* are names and values."""
    found = []
    for piece in page.evaluate(READ):
        rest = piece
        while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", rest)) != rest:
            rest = inner
        for name in sorted(allowed, key=len, reverse=True):
            rest = rest.replace(name, "")
        if re.search(r"[^\W\d_]", rest):
            found.append(piece)
    return found


def look(page: Page, allowed: set[str], where: str) -> None:
    expect(page.locator("h1").first).to_contain_text("⟦")
    assert unspoken(page, allowed) == [], where
    assert page.evaluate(SPILLS) == [], where


@pytest.fixture
def narrow(make_phone: Callable[..., Phone], tmp_path: Path) -> Phone:
    # Its service worker would refuse the words: they have not the hash that the build listed.
    return make_phone(tmp_path / "narrow", options={"viewport": NARROW, "service_workers": "block"})


def test_every_word_is_from_the_language_files_and_longer_words_fit(
    own_server: RunningServer, narrow: Phone
) -> None:
    page = narrow.start()
    speak_pseudo(page)
    names = re.findall(r'name: "([^"]+)"', (WORDS / "languages.ts").read_text())
    spoken = ("English", "Español", "Português", "中文", "ਪੰਜਾਬੀ", "Русский", "Tiếng Việt", "한국어")
    allowed = {*names, *spoken, "Accompany demonstration", own_server.links["guest_code"]}
    page.goto(own_server.links["caller"])
    page.get_by_role("button", name="⟦Gét á láwýér ñów").wait_for()
    page.locator("#choice-state option").nth(50).wait_for(state="attached")
    look(page, allowed | {"Français", "العربية", "فارسی", "Kreyòl ayisyen"}, "start")

    page.locator(".doors .button").nth(1).click()
    page.locator(".rights article").first.wait_for()
    look(page, allowed, "rights")
    page.go_back()
    page.locator(".doors .button").first.click()
    for step in ("language", "state", "organization", "devices", "contacts", "recovery", "drill"):
        if step == "contacts" and page.locator(f"[data-step={step}]").count() == 0:
            continue
        page.locator(f"[data-step={step}]").wait_for()
        if step == "state":
            page.locator("#setup-state").select_option("TX")
        look(page, allowed, step)
        page.locator(".step .ways .button").first.click()
    page.get_by_test_id("marks").locator("li").first.wait_for()
    look(page, allowed, "readiness")

    page.goto(own_server.url + "/verify")
    page.locator("h1").wait_for()
    look(page, allowed | {".zip", "head.json", "PEM"}, "verify")
    page.goto(own_server.links["duty"])
    page.get_by_label("⟦Ýóúr ñámé").wait_for()
    look(page, allowed, "duty")

    # The checks above find a word that was forgotten, and one that does not fit.
    page.evaluate(
        """() => {
          const added = document.createElement("p");
          added.textContent = "Forgotten".repeat(60);
          document.body.append(added);
        }"""
    )
    assert unspoken(page, allowed) != []
    assert page.evaluate(SPILLS) != []
    narrow.close()


@pytest.mark.parametrize("language", ["ar", "fa"])
def test_a_language_from_right_to_left_is_mirrored(
    own_server: RunningServer, narrow: Phone, language: str
) -> None:
    page = narrow.start()
    page.goto(own_server.links["caller"])
    page.get_by_role("button", name="Get a lawyer now").wait_for()

    def middle(selector: str) -> float:
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2

    places = (".topbar .mark", ".tongue", "#choice-state")
    before = {place: middle(place) for place in places}
    page.get_by_label("Page language").select_option(language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    for place in places:
        # What stood before the middle stands after it: the same distance from the other edge.
        assert middle(place) - NARROW["width"] / 2 == pytest.approx(
            NARROW["width"] / 2 - before[place], abs=48
        ), place
    assert violations(page) == []
    assert page.evaluate(SPILLS) == []
    page.locator(".doors .button").first.click()
    page.locator("[data-step=language]").wait_for()
    assert page.evaluate(SPILLS) == []
    for path in ("/verify", "/duty"):
        page.goto(own_server.url + path)
        page.locator("h1").first.wait_for()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        assert page.evaluate(SPILLS) == [], path
        assert violations(page) == [], path
    narrow.close()
