"""A night as those saw it who pressed, answered and waited: what each press must be told as.

Moments are this side's own, from just before something was said to just after it was answered; the
clock is the machine's, which the server goes by as well. Not here: what a desk adds up
(`nightdesk`).
"""

import csv
import io
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

TAKEN_BACK = 10_000
TICKET = 3_000
"""Milliseconds to the last wave, where waves are a second apart."""


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Between:
    """A moment in milliseconds, or a time: no less than *least*, no more than *most*."""

    least: int
    most: int

    @classmethod
    def since(cls, least: int) -> "Between":
        return cls(least, now())

    def after(self, other: "Between") -> "Between":
        return Between(max(0, self.least - other.most), self.most - other.least)

    def holds(self, value: int | None) -> bool:
        return value is not None and self.least <= value <= self.most


@dataclass
class Seen:
    """One press, as whoever was there saw it."""

    encounter: str
    state: str
    language: str
    pressed: Between
    answers: list[tuple[str, Between]] = field(default_factory=list)
    """Who answered, when: the first is who counts."""
    spoke: int | None = None
    """Since when the phone could have played a voice."""
    over: Between | None = None
    """When the caller let go."""
    interpreter: Between | None = None
    """From ringing interpreters to one who joined."""
    drops: int = 0
    returns: Between = Between(0, 0)
    """Lines that were gone and came back: a page may open its own anew, and counts them."""
    ticket: bool | None = None
    """Whether a callback was owed; None: nobody looked."""
    called_back: bool = False
    handed: int = 0
    conflicts: int = 0
    outcome: str = ""
    follow_up: bool = False
    acts: list[tuple[str, tuple[str, ...], Between]] = field(default_factory=list)
    """What somebody did about it besides: word, who (and to whom), when."""

    def did(self, word: str, began: int, *who: str) -> None:
        self.acts.append((word, who, Between.since(began)))

    def check(self, row: "Row") -> None:
        """Compare what the server says of this press, word for word, with what was seen."""
        told, over = row.told, self.over
        assert over is not None, self
        assert (told["state"], told["language"]) == (self.state, self.language)
        assert self.pressed.holds(row.pressed), (self, told)
        if self.answers:
            who, moment = self.answers[0]
            assert (told["answered_by"], told["way"]) == (who, "console"), (self, told)
            assert moment.after(self.pressed).holds(row.number("answer")), (self, told)
            assert told["gone_ms"] == ""
        else:
            assert (told["answer_ms"], told["answered_by"], told["way"]) == ("", "", "")
            assert over.after(self.pressed).holds(row.number("gone")), (self, told)
        if self.spoke is None:
            assert told["sound_ms"] == "", told
        else:
            heard = Between(self.spoke, over.most).after(self.pressed)
            assert heard.holds(row.number("sound")), (self, told)
        if self.interpreter is None:
            assert told["interpreter_ms"] == "", told
        else:
            assert self.interpreter.holds(row.number("interpreter")), (self, told)
        assert self.returns.holds(int(told["returns"])), (self, told)
        same = {
            "drops": str(self.drops), "handed": str(self.handed), "support_ms": "",
            "conflicts": str(self.conflicts), "outcome": self.outcome,
            "called_back": _yes(self.called_back), "follow_up": _yes(self.follow_up),
        }  # fmt: skip
        assert {name: told[name] for name in same} == same, self
        if self.ticket is not None:
            assert told["promised"] == _yes(self.ticket), (self, told)
        elif self.answers and self.answers[0][1].after(self.pressed).most < TICKET:
            assert told["promised"] == "no", (self, told)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


@dataclass(frozen=True)
class Row:
    """A line of `presses.csv`."""

    told: dict[str, str]

    @property
    def pressed(self) -> int:
        return round(datetime.fromisoformat(self.told["pressed"]).timestamp() * 1000)

    @property
    def hour(self) -> str:
        return self.told["pressed"][11:13]

    @property
    def day(self) -> str:
        return self.told["pressed"][:10]

    def number(self, name: str) -> int | None:
        text = self.told[f"{name}_ms"]
        return int(text) if text else None

    @property
    def taken_back(self) -> bool:
        gone = self.number("gone")
        return self.number("answer") is None and gone is not None and gone <= TAKEN_BACK


Kept = Sequence[tuple[str, str, str, int]]
"""Encounter, word, the serials of whoever it is about, when."""


def kept_in(data: Path) -> Kept:
    """Return every event that a server keeps of its presses."""
    with closing(sqlite3.connect(data / "accompany.sqlite")) as tables:
        return tables.execute(
            "SELECT encounter, word, who, time FROM events ORDER BY time, number"
        ).fetchall()


def check_acts(kept: Kept, seen: Sequence[Seen]) -> None:
    """Compare who did what and when, of every act that was seen, with what the server kept.

    A person has one serial, and a serial one person, all night long.
    """
    names: dict[str, str] = {}
    for one in seen:
        of_this = [event for event in kept if event[0] == one.encounter]
        assert sum(word == "answered" for _, word, _, _ in of_this) == len(one.answers), one
        answers = [("answered", (name,), when) for name, when in one.answers]
        for word, people, when in [*answers, *one.acts]:
            found = {who for _, kind, who, at in of_this if kind == word and when.holds(at)}
            assert len(found) == 1, (word, people, when, of_this)
            (who,) = found
            for serial, name in zip(who.split(), people, strict=True):
                assert names.setdefault(serial, name) == name, (one, word)
    assert len(set(names.values())) == len(names), names


def checked_rows(text: str, seen: list[Seen]) -> list[Row]:
    """Return the lines of the file of presses: each says what was seen, and none is more."""
    rows = [Row(told) for told in csv.DictReader(io.StringIO(text))]
    by_encounter = {one.encounter: one for one in seen}
    assert {row.told["encounter"] for row in rows} == set(by_encounter)
    assert len(rows) == len(seen)
    for row in rows:
        by_encounter[row.told["encounter"]].check(row)
    return rows
