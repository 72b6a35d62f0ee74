"""Three pages name the live messages: messages.py, live-contracts.ts and docs/live.md."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from accompany.errors import Malformed
from accompany.web import board_messages, desk_messages, messages
from accompany.web.messages import (
    MESSAGE_BYTES,
    CallerSignal,
    DutySignal,
    read_caller,
    read_duty,
    signal_of,
)

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = (ROOT / "webapp/src/live-contracts.ts").read_text()
LIVE = (ROOT / "docs/live.md").read_text()

Messages = dict[str, dict[str, bool]]
"""type -> field -> whether it must be there."""

SIDES = {
    # title in docs/live.md, type in live-contracts.ts, union in messages.py
    "Phone to server": ("CallerMessage", messages.FromCaller),
    "Server to phone": ("ToCaller", messages.ToCaller),
    "Console to server": ("DutyMessage", messages.FromDuty),
    "Server to console": ("ToDuty", desk_messages.ToDuty),
    "Desk to server": ("FromDesk", board_messages.FromDesk),
    "Server to desk": ("ToDesk", board_messages.ToDesk),
}


def in_python(union: object) -> Messages:
    found: Messages = {}
    for one in get_args(union):
        info = msgspec.inspect.type_info(one)
        assert isinstance(info, msgspec.inspect.StructType)
        found[str(info.tag)] = {field.name: field.required for field in info.fields}
    return found


def in_typescript(name: str) -> Messages:
    body = re.search(rf"export type {name} =(.*?);\n(?:\n|$)", CONTRACTS, re.DOTALL)
    assert body, f"live-contracts.ts has no type {name}"
    found: Messages = {}
    for member in re.split(r"\n  \| ", body[1]):
        if not member.strip():
            continue
        text = _interface("Signal") if "& Signal" in member else ""
        fields = _fields(re.sub(r"\{([^{}]*)\}.*", r"\1", member, flags=re.DOTALL)) | _fields(text)
        found[re.search(r'type: "(\w+)"', member)[1]] = fields  # type: ignore[index]
    return found


def _interface(name: str) -> str:
    found = re.search(rf"export interface {name} \{{(.*?)\n\}}", CONTRACTS, re.DOTALL)
    assert found, f"live-contracts.ts has no interface {name}"
    return re.sub(r"/\*.*?\*/", "", found[1], flags=re.DOTALL)


def _fields(text: str) -> dict[str, bool]:
    names = re.findall(r"(\w+)(\??): ", text)
    return {name: not optional for name, optional in names if name != "type"}


def in_docs(title: str) -> Messages:
    section = LIVE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert section, f"docs/live.md has no section {title}"
    found: Messages = {}
    for row in re.findall(r"^\| `(\w+)` \|(.*?)\|", section, re.MULTILINE):
        fields = row[1]
        if "as above" in fields:
            encounter = {"encounter": True} if "`encounter`" in fields else {}
            found[row[0]] = {**encounter, **dict.fromkeys(_SIGNAL, False)}
            continue
        # What stands in brackets says more of the field before it.
        outer = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", fields)
        found[row[0]] = {
            name: not optional for name, optional in re.findall(r"`(\w+)`(\??)", outer)
        }
    return found


_SIGNAL = ("note", "opening", "description", "candidate", "seat")


@pytest.mark.parametrize("title", SIDES)
def test_the_three_pages_name_the_same_messages_and_fields(title: str) -> None:
    name, union = SIDES[title]
    python = in_python(union)
    assert python == in_typescript(name)
    assert python == in_docs(title)


@pytest.mark.parametrize("name", ["BoardPress", "BoardPerson", "BoardCallback", "BoardSilent"])
def test_what_a_board_shows_has_the_same_fields(name: str) -> None:
    fields = set(getattr(board_messages, name).__struct_fields__)
    assert fields == set(_fields(_interface(name)))
    section = LIVE.partition("## Server to desk")[2].partition("\n## ")[0]
    listed = [set(one.split(", ")) for one in re.findall(r"`\{(.*?)\}`", section)]
    assert fields in listed


@pytest.mark.parametrize(
    ("name", "field"),
    [("Ring", "rings"), ("Call", "call"), ("CheckIn", "check_ins"), ("Callback", "callbacks")],
)
def test_what_a_desk_shows_has_the_same_fields(name: str, field: str) -> None:
    fields = set(getattr(desk_messages, name).__struct_fields__)
    assert fields == set(_fields(_interface(name)))
    desk = LIVE.partition("## Server to console")[2]
    listed = re.search(rf"`{field}` \((?:list of )?`\{{(.*?)\}}`", desk)
    assert listed
    assert fields == set(listed[1].split(", "))


@pytest.mark.parametrize("name", ["Stage"])
def test_stages_are_those_of_ringing(name: str) -> None:
    words = re.search(rf"export type {name} = (.*?);", CONTRACTS)
    assert words
    assert set(re.findall(r'"(\w+)"', words[1])) == {"ringing", "answered", "unanswered", "ended"}
    listed = re.search(r"`stage` \(([^)]*)\)", LIVE)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == {"ringing", "answered", "unanswered", "ended"}


# Reading.


def test_a_message_is_read_with_its_fields() -> None:
    signal = read_caller('{"type": "signal", "note": "n", "candidate": null}')
    assert signal == CallerSignal(note="n")
    one = read_duty('{"type": "signal", "encounter": "e", "description": {"sdp": "x"}}')
    assert one == DutySignal("e", description={"sdp": "x"})


def test_only_the_fields_that_came_are_relayed() -> None:
    assert signal_of(DutySignal("e", note="n", candidate={})) == {"type": "signal", "note": "n"}
    everything = {"note": "n", "opening": "o", "description": {"a": 1}, "candidate": {"b": 2}}
    assert signal_of(CallerSignal(**everything)) == {"type": "signal", **everything}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "end", "encounter": "e"}',
        '{"type": "duty", "on": true, "languages": []}',
        '{"type": "standing"}',
        '{"note": "n"}',
        '{"type": "signal", "note": 1}',
        "\ud800",
        "[" * 30_000,
        '{"type": "signal", "description": ' + '{"a":' * 12_000,
        '{"type": "signal", "note": "' + "x" * MESSAGE_BYTES + '"}',
    ],
    ids=range(9),
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="message"):
        read_caller(text)


def test_a_phones_words_are_not_a_consoles() -> None:
    press = '{"type": "press", "encounter": "", "secret": "", "state": "", "language": "", '
    press += '"guest_code": ""}'
    read_caller(press)
    with pytest.raises(Malformed):
        read_duty(press)
