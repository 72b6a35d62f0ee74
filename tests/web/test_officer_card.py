"""The organization's own words for the officer's card."""

from pathlib import Path

import pytest

from accompany.errors import Malformed
from accompany.web.officer_card import read_officer_card
from house import house


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "card.txt"
    path.write_text(text)
    return str(path)


def test_sentences_are_read_by_language(tmp_path: Path) -> None:
    path = written(tmp_path, "I am silent.\n\n[es]\n  Guardo silencio. \nNo abro.\n[zh-Hans]\n不。")
    assert read_officer_card(path) == {
        "en": ["I am silent."],
        "es": ["Guardo silencio.", "No abro."],
        "zh-Hans": ["不。"],
    }


def test_without_a_file_there_are_none() -> None:
    assert read_officer_card("") == {}


@pytest.mark.parametrize(
    "text",
    ["", "[es]\nGuardo silencio.", "x" * 121, "\n".join("abcdefghi"), "I am silent.\n[es]\n"],
    ids=["nothing", "no English", "too long", "too many", "a language without words"],
)
def test_a_card_that_cannot_be_read_at_arms_length_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Malformed, match="officer_card"):
        read_officer_card(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="officer_card"):
        read_officer_card(str(tmp_path / "gone.txt"))


@pytest.mark.anyio
async def test_phones_are_told(tmp_path: Path) -> None:
    card = written(tmp_path, "I am silent.")
    async with house(tmp_path, officer_card=card, hotline_sms="+1 555 0101") as held:
        service = (await held.get("/api/service")).json()
        assert service["officer_card"] == {"en": ["I am silent."]}
        assert service["hotline_sms"] == "+1 555 0101"
