"""Memory that is not taken: imports without what is not needed leave no trace."""

import subprocess
import sys

import pytest

from accompany.client.frugal import give_back, without


def test_in_the_block_it_is_as_if_it_were_not_installed() -> None:
    with without("this"), pytest.raises(ImportError):
        import this  # noqa: F401
    assert "this" not in sys.modules


def test_what_was_there_before_stays() -> None:
    with without("json"):
        import json

        assert json.loads("1") == 1
    assert sys.modules["json"] is json


def test_a_draft_is_made_without_numpy() -> None:
    words = (
        "import sys; from accompany.client.frugal import without\n"
        "with without('numpy'): import accompany.client.pages\n"
        "print('numpy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_giving_back_does_nothing_to_what_is_held() -> None:
    held = [bytes(100_000) for _ in range(100)]
    del held[::2]
    give_back()
    assert held == [bytes(100_000)] * 50
