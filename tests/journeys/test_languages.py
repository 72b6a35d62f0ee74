"""Every word is from the language files, longer words fit, Arabic and Persian are mirrored."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from browsers import Phone
from looking import misfits
from people import violations
from serving import RunningServer
from walking import ADVISED, ASKED, NAME, Walk, walking_server
from words import Words, texts

pytestmark = [pytest.mark.journey, pytest.mark.patient]

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "webapp" / "src" / "i18n"
ASSETS = ROOT / "src" / "accompany" / "web" / "static" / "assets"
ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
NARROW = {"width": 320, "height": 700}
STATES = 50

READ = """() => {
  const seen = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: at, data } = walker.currentNode;
    if (!at.closest("noscript, script, [data-testid=cards], .words") && shown(at)) seen.push(data);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const at of document.querySelectorAll(`[${name}]`)) {
      if (shown(at)) seen.push(at.getAttribute(name));
    }
  }
  return [document.title, ...seen];
}"""
"""Everything a person is shown or told, piece by piece."""

OF_NO_LANGUAGE = r"[a-z2-7]{32}|[A-Z][a-z]{2} \d+, \d{4}|\d+:\d\d [AP]M|(?<=\d) (?:k|M)?B\b"
"""Numbers of recordings; and dates, times and sizes, which the browser writes."""


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
        rest = re.sub(OF_NO_LANGUAGE, "", rest)
        if re.search(r"[^\W\d_]", rest):
            found.append(piece)
    return found


@pytest.fixture
def narrow(make_phone: Callable[..., Phone], tmp_path: Path) -> Phone:
    # Its service worker would refuse the words: they have not the hash that the build listed.
    return make_phone(tmp_path / "narrow", options={"viewport": NARROW, "service_workers": "block"})


def test_every_word_is_from_the_language_files_and_longer_words_fit(
    make_phone: Callable[..., Phone], tmp_path: Path, clip
) -> None:
    """The pages in a language that nobody speaks, longer than any other."""
    names = re.findall(r'name: "([^"]+)"', (WORDS / "languages.ts").read_text())
    spoken = ("English", "Español", "Português", "中文", "ਪੰਜਾਬੀ", "Русский", "Tiếng Việt", "한국어")
    more = ("Français", "العربية", "فارسی", "Kreyòl ayisyen", ".zip", "head.json", "PEM")
    # The form of a guest code is the same in every language.
    said = (NAME, ASKED, ADVISED, "Accompany demonstration", "XXXX-XXXX")
    wrong, seen = [], []

    def look(page: Page, state: str) -> None:
        seen.append(state)
        allowed = {*names, *spoken, *more, *said, server.links["guest_code"]}
        expect(page.locator("h1").first).to_contain_text("⟦")
        found = [f"not from a language file: {one}" for one in unspoken(page, allowed)]
        wrong.extend(f"{state}: {one}" for one in [*found, *misfits(page)])

    # Its service worker would refuse the words: they have not the hash that the build listed.
    blocked = {"service_workers": "block"}
    narrow = {**blocked, "viewport": NARROW}
    phone = make_phone(tmp_path / "phone", video=clip.video, audio=clip.audio, options=narrow)
    desk = make_phone(tmp_path / "desk", video=clip.video, audio=clip.audio, options=blocked)
    with walking_server(tmp_path) as server:
        walk = Walk(server, phone, desk, Words("en", pseudo), look, drills=False)
        for page in (walk.page, walk.office):
            speak_pseudo(page)
        walk.before()
        walk.prepared()
        walk.called()
        walk.over()
        walk.page.goto(f"{server.url}/verify")
        walk.page.locator("h1").wait_for()
        look(walk.page, "verify")
        assert wrong == []
        assert len(set(seen)) == len(seen) == STATES
        # What is forgotten is found, and what does not fit.
        walk.page.evaluate(
            """() => {
              const added = document.createElement("p");
              added.textContent = "Forgotten".repeat(60);
              added.style.whiteSpace = "nowrap";
              document.body.append(added);
            }"""
        )
        look(walk.page, "bent")
        assert len(wrong) >= 2
    phone.close()
    desk.close()


def test_a_language_from_right_to_left_is_mirrored(
    own_server: RunningServer, narrow: Phone
) -> None:
    """Persian; every state in Arabic is looked at in test_every_state.py."""
    language = "fa"
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
    assert misfits(page) == []
    # Chosen in another tab, it is spoken here, too.
    other = page.context.new_page()
    other.goto(f"{own_server.url}/verify")
    other.get_by_label(texts(language)["page.language"]).select_option("ar")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    other.close()
    page.locator(".doors .button").first.click()
    page.locator("[data-step=language]").wait_for()
    assert misfits(page) == []
    for path in ("/verify", "/duty"):
        page.goto(own_server.url + path)
        page.locator("h1").first.wait_for()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        assert misfits(page) == [], path
        assert violations(page) == [], path
    narrow.close()
