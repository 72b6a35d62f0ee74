"""Rights cards: none without its sources and its date, and an organization's own in their place."""

import logging
import re
from pathlib import Path

import pytest

from accompany.config import STATES
from accompany.errors import Malformed
from accompany.web.rights_cards import DEFAULTS, Source, read_card, read_cards
from house import house

PAGES = Path(__file__).resolve().parents[2] / "webapp" / "src" / "i18n"
LANGUAGES = sorted(path.stem for path in PAGES.glob("*.json"))
HEAD = {"title": "Ask", "date": "2026-11-22", "source": "Terry v. Ohio, 392 U.S. 1 (1968)"}


def card(body: str = "- Ask.", **changed: str | None) -> str:
    fields = {name: value for name, value in {**HEAD, **changed}.items() if value is not None}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"---\n{head}---\n{body}\n"


def test_a_card_in_its_form_is_read() -> None:
    found = read_card("1-ask", card(states="CA FL", reviewed="Jane Doe, 2026-11-30"))
    assert (found.name, found.title, found.body) == ("1-ask", "Ask", "- Ask.")
    assert (found.date, found.states) == ("2026-11-22", ("CA", "FL"))
    assert found.sources == (Source((), HEAD["source"]),)
    assert found.reviewed == "Jane Doe, 2026-11-30"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (card(source=None), "expected a source"),
        (card(date=None), "expected a date"),
        (card(title=None), "expected a title"),
        (card(source=""), "name: value"),
        (card(date="22 November 2026"), "a date like"),
        (card(date="20261122"), "a date like"),
        (card(body=""), "expected a text"),
        (card(states="CA XX"), "codes of states"),
        (card(author="me"), "each of title"),
        (card().replace("date:", "title:"), "each of title"),
        (card().replace("---\n", "", 1), "its head between"),
        ("before\n" + card(), "in the first line"),
        (card(states="CA FL").replace("source:", "source CA:"), "a source for FL"),
        (card().replace("source:", "source CA:"), "a source for"),
        ("", "its head between"),
    ],
)
def test_a_card_that_lacks_something_is_refused(text: str, why: str) -> None:
    with pytest.raises(Malformed, match=re.escape(why)):
        read_card("bent", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_here_has_its_sources_and_its_date_in_every_language(language: str) -> None:
    cards, wrong = read_cards(DEFAULTS / language)
    assert wrong == []
    english, _ = read_cards(DEFAULTS / "en")
    assert len(english) >= 6
    for found, source in zip(cards, english, strict=True):
        # A translation says no more and no less than what was compared with the sources.
        assert (found.name, found.date, found.states) == (source.name, source.date, source.states)
        assert found.sources == source.sources
        assert found.body.count("\n- ") == source.body.count("\n- ")
        # No lawyer has read them: nothing here may say that one did.
        assert found.reviewed is None


def test_the_card_on_consent_names_the_law_of_each_of_its_states() -> None:
    cards, _ = read_cards(DEFAULTS / "en")
    (consent,) = [one for one in cards if one.states]
    assert set(consent.states) <= set(STATES)
    assert {code for source in consent.sources for code in source.states} == set(consent.states)


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.anyio
async def test_a_language_is_served_and_english_where_there_is_none(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        spanish = (await held.get("/api/cards/es")).json()
        assert (spanish["language"], spanish["own"]) == ("es", False)
        assert spanish["cards"][0]["title"] == "Puede guardar silencio"
        for unknown in ("ko", "xx", "EN-", "%2e%2e", "a" * 300):
            assert (await held.get(f"/api/cards/{unknown}")).json()["language"] == "en"
        for elsewhere in ("..%2Fweb", "en%2F..%2Fes"):
            assert (await held.get(f"/api/cards/{elsewhere}")).status_code == 404


@pytest.mark.anyio
async def test_an_organization_puts_its_own_cards_in_their_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as held:
        own = held.server.office.settings.data / "cards"
        write(own / "es", "2-b.md", card(title="Otra"))
        write(own / "es", "1-a.md", card(title="Pregunte"))
        write(own / "es", "3-bad.md", card(source=None))
        write(own / "es", "4-big.md", card(body="x" * 20_000))
        (own / "es" / "5-bytes.md").write_bytes(b"\xff\xfe")
        with caplog.at_level(logging.WARNING):
            found = [(await held.get("/api/cards/es")).json() for _ in range(2)][-1]
        assert found["own"] is True
        assert [one["title"] for one in found["cards"]] == ["Pregunte", "Otra"]
        # One bad file takes nothing else away, and is named once.
        said = [record.getMessage() for record in caplog.records if "rights card" in record.msg]
        assert [name for name in ("3-bad", "4-big", "5-bytes") if any(name in one for one in said)]
        assert len(said) == 3
        assert (await held.get("/api/cards/fr")).json()["own"] is False


@pytest.mark.anyio
async def test_what_a_page_gets_is_small_enough_to_keep(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        for language in LANGUAGES:
            answer = await held.get(f"/api/cards/{language}")
            assert len(answer.content) < 32 * 1024
            assert answer.json()["language"] == language
