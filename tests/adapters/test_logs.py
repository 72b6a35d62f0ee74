"""Logs: lines for a program or a person, in which nobody who was there can be found."""

import json
import logging
import sys

import pytest

from accompany.adapters.logs import STRUCK, Objects, Words, struck, write_logs
from accompany.errors import Malformed


@pytest.mark.parametrize(
    "secret",
    [
        "203.0.113.9",
        "203.0.113.9:50123",
        "2001:db8::1",
        "fe80::1ff:fe23:4567:890a",
        "abcdefghijklmnopqrstuvwxyz234567",
        "bG9jYXRvciBzZWNyZXQgb2YgdGhpcnR5LTIgYnl0ZXM=",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "abcd-ef23",
        "Bearer c2VjcmV0",
    ],
)
def test_what_looks_like_somebodys_is_struck_out(secret: str) -> None:
    assert struck(f"from {secret}, at once") == f"from {STRUCK}, at once"
    assert secret not in struck(f"GET /api/things/{secret}/package")
    assert "kept" not in struck("GET /duty?code=kept HTTP/1.1")


@pytest.mark.parametrize(
    "words",
    [
        "the clock was set by 3600000 ms",
        "stopping: nothing more can be kept: [Errno 5] Input/output error",
        "journal file 3: expected 4096 bytes at 1048576",
        "at 2026-11-21T20:14:03.120Z",
        'File "keeper.py", line 20, in _commit',
    ],
)
def test_what_an_operator_needs_stays(words: str) -> None:
    assert struck(words) == words


def record(message: str, *values: object) -> logging.LogRecord:
    try:
        raise ValueError("bad Bearer c2VjcmV0 from 203.0.113.9")
    except ValueError:
        info = sys.exc_info()
    return logging.LogRecord("accompany", logging.ERROR, "f.py", 1, message, values, info)


def test_a_line_of_json_is_one_object_with_its_traceback_struck() -> None:
    line = Objects().format(record("from %s:\n%s", "203.0.113.9", "two lines"))
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["from"]) == ("error", "accompany")
    assert told["message"] == f"from {STRUCK}:\ntwo lines"
    assert "ValueError: bad" in told["traceback"]
    assert "c2VjcmV0" not in line
    assert "203.0.113.9" not in line


def test_words_are_struck_too() -> None:
    line = Words().format(record("here"))
    assert line.startswith("accompany: here\nTraceback")
    assert "203.0.113.9" not in line


def test_an_unknown_kind_is_refused_in_words() -> None:
    with pytest.raises(Malformed, match="expected text or json, found 'xml'"):
        write_logs("xml")
