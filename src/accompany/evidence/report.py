"""What a verifier reports: findings, facts, and the exit status that follows from them.

Two renderings: `as_text` for people, `as_json` for programs. Pure. Not here: the checks (verify),
the texts of findings (findings).
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from accompany.evidence.findings import Finding, Verdict
from accompany.evidence.text import write_time
from accompany.evidence.verify_beyond import Looked
from accompany.evidence.verify_stamps import Bracket

WIDTH = 88
SHOWN_BRACKETS = 24
SHOWN_OF_A_KIND = 12
"""Findings of one kind that the page for people shows; JSON has them all."""

TITLES = {
    Verdict.HOLDS: "HOLDS",
    Verdict.FAILS: "FAILS",
    Verdict.UNCHECKED: "COULD NOT BE CHECKED",
}

MEANING = {
    "not-a-package": "This file is not a package of Accompany, so nothing in it was checked.",
    "exit-0": "Everything that could be checked holds: what lies in this package is what the "
    "device stated and the log holds, unchanged and in order.",
    "exit-1": "Something fails: this package is not, in every part, what was acknowledged. "
    "Do not rely on it until each failure above is explained. A damaged copy fails "
    "as well: fetch the package again and compare.",
    "exit-2": "Nothing that was checked fails, but the points named above are open; each "
    "says what is missing to close it.",
    "device": "The device's own clock says {began} to {ended}.",
    "after-none": "The opening names no earlier state of the log, so nothing shows how old it is.",
    "after": "It was made after the log's checkpoint over {size} entries.",
    "not-before": "That one holds the time stamp {stamp}, so it was made after {time}.",
    "not-after": "The time stamp {stamp} shows that all of it stood in the log by {time}.",
    "covered": "It was made before the log's checkpoint over {size} entries; when that "
    "was, no time stamp in this package says.",
    "received": "The server's receipts say that it arrived from {first} to {last}.",
    "never": "a time after the year 9999",
}
"""The sentences of `meaning`; a verifier in another language says the same."""

NOT_SHOWN = (
    "Location: not collected.",
    "Who holds the device, and what was in front of it and not recorded.",
    "The device's clock is its own word. Receipts carry the server's clock, which is its word.",
    "Whether the recording as a whole was staged: whoever answered the call can speak to that.",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the package says of itself, for reading; times in ms since 1970 UTC, None if unknown.

    `began` and `ended` are by the device's clock, `received` (first, last) by the server's;
    `after` and `covered` are sizes of the log: it was made after the one, and stood in the other.
    """

    recording: str = ""
    kind: str = ""
    media: str = ""
    client: str = ""
    log: str = ""
    opened: bool = False
    statements: int = 0
    segments: int = 0
    bytes_: int = 0
    duration: int = 0
    began: int | None = None
    ended: int | None = None
    received: tuple[int, int] | None = None
    after: int | None = None
    covered: int | None = None
    not_before: tuple[int, str] | None = None
    """After this time, ms, all of it was made; and the time stamp that shows it."""
    not_after: tuple[int, str] | None = None
    """By this time, ms, all of it stood in the log; and the time stamp that shows it."""
    brackets: tuple[Bracket, ...] = ()
    continues: str = ""
    gaps: tuple[tuple[int, int, str], ...] = ()
    """offset and duration in milliseconds, and the reason"""
    looked: Looked | None = None
    """How far the log was looked through, where it was asked."""


@dataclass(frozen=True, slots=True)
class Report:
    findings: tuple[Finding, ...]
    facts: Facts = field(default_factory=Facts)

    def having(self, verdict: Verdict) -> list[Finding]:
        return [finding for finding in self.findings if finding.verdict is verdict]

    @property
    def exit(self) -> int:
        """0: everything holds. 1: something fails. 2: something could not be checked."""
        if self.having(Verdict.FAILS):
            return 1
        return 2 if any(not finding.accepted for finding in self.having(Verdict.UNCHECKED)) else 0

    @property
    def meaning(self) -> str:
        """What this means, in one paragraph."""
        if any(finding.code == "not-a-package" for finding in self.findings):
            return MEANING["not-a-package"]
        # Where something fails, nothing more may be concluded: not even when it was made.
        verdict = MEANING[f"exit-{self.exit}"]
        return " ".join([verdict, *([] if self.exit == 1 else self._bracket())])

    def _bracket(self) -> Iterator[str]:
        facts = self.facts
        if facts.began is None:
            return
        began, ended = _when(facts.began), _when(facts.ended or facts.began)
        yield MEANING["device"].format(began=began, ended=ended)
        if facts.after is None:
            yield MEANING["after-none"]
        else:
            yield MEANING["after"].format(size=facts.after)
        if facts.not_before is not None:
            time, name = facts.not_before
            yield MEANING["not-before"].format(stamp=name, time=_when(time))
        if facts.not_after is not None:
            time, name = facts.not_after
            yield MEANING["not-after"].format(stamp=name, time=_when(time))
        elif facts.covered is not None:
            yield MEANING["covered"].format(size=facts.covered)
        if facts.received:
            first, last = map(_when, facts.received)
            yield MEANING["received"].format(first=first, last=last)


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as values for JSON; every finding is there, with its code."""
    facts = report.facts
    return {
        "exit": report.exit,
        "recording": facts.recording or None,
        "opened": facts.opened,
        **{
            name: [_finding(finding) for finding in report.having(verdict)]
            for name, verdict in (
                ("holds", Verdict.HOLDS),
                ("fails", Verdict.FAILS),
                ("unchecked", Verdict.UNCHECKED),
            )
        },
        "meaning": report.meaning,
        "not_shown": list(NOT_SHOWN),
        "facts": {
            "kind": facts.kind or None,
            "media": facts.media or None,
            "client": facts.client or None,
            "log": facts.log or None,
            "statements": facts.statements,
            "segments": facts.segments,
            "bytes": facts.bytes_,
            "duration": facts.duration,
            "began": _time(facts.began),
            "ended": _time(facts.ended),
            "received": [_time(time) for time in facts.received] if facts.received else None,
            "after": facts.after,
            "not_before": _shown_by(facts.not_before),
            "not_after": _shown_by(facts.not_after),
            "brackets": [_bracket(one) for one in facts.brackets],
            "covered": facts.covered,
            "continues": facts.continues or None,
            "gaps": [
                {"offset": offset, "duration": duration, "reason": reason}
                for offset, duration, reason in facts.gaps
            ],
            **({"looked": _looked(facts.looked)} if facts.looked else {}),
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    said: dict[str, Any] = {"code": finding.code, "text": finding.text}
    given = {"file": finding.file, "expected": finding.expected, "found": finding.found}
    said.update({name: value for name, value in given.items() if value})
    if finding.values:
        said["values"] = dict(finding.values)
    if finding.accepted:
        said["accepted"] = True
    return said


def _shown_by(found: tuple[int, str] | None) -> dict[str, str] | None:
    return None if found is None else {"time": _when(found[0]), "stamp": found[1]}


def _bracket(one: Bracket) -> dict[str, Any]:
    return {
        "first": one.first,
        "last": one.last,
        "not_after": _time(one.not_after),
        "stamp": one.by or None,
        "device": [_when(one.began), _when(one.ended)],
        "arrival_delay": list(one.delays) if one.delays else None,
    }


def _looked(looked: Looked) -> dict[str, Any]:
    said = {"log": looked.where, "size": looked.size, "first": looked.first, "shown": looked.shown}
    return {**said, "package": looked.package} if looked.package else said


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else _when(milliseconds)


def _when(milliseconds: int) -> str:
    try:
        return write_time(milliseconds)
    except (OverflowError, ValueError):
        # A device may state any duration; no calendar goes on for ever.
        return MEANING["never"]


def _printable(text: str) -> str:
    """Escape what would move a cursor or turn the direction of writing: names come from files."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else f"\\u{ord(letter):04x}"
        for letter in text
    )


def as_text(report: Report) -> str:
    """Return the page for people: what holds, what fails, what is open, what it means."""
    parts = [_heading(report.facts)]
    for verdict in (Verdict.FAILS, Verdict.UNCHECKED, Verdict.HOLDS):
        found = report.having(verdict)
        if found:
            parts.append(f"{TITLES[verdict]}\n\n" + "\n".join(_items(found)))
    if report.facts.brackets:
        parts.append("WHEN\n\n" + "\n".join(_when_lines(report.facts)))
    if report.facts.looked:
        parts.append("THE LOG, LOOKED AT NOW\n\n" + "\n".join(_looked_lines(report.facts.looked)))
    parts.append("WHAT THIS MEANS\n\n" + textwrap.fill(report.meaning, WIDTH))
    if report.facts.recording:
        shown = "\n".join(_item(text) for text in NOT_SHOWN)
        parts.append(f"WHAT IT DOES NOT SHOW\n\n{shown}")
    return _printable("\n\n".join(part for part in parts if part) + "\n")


def _heading(facts: Facts) -> str:
    if not facts.recording:
        return ""
    opened = "opened package" if facts.opened else "sealed package"
    lines = [
        f"Recording {facts.recording} ({opened})",
        f"{facts.kind}, {facts.media}, {_seconds(facts.duration)}, {facts.segments} segments, "
        f"{facts.bytes_} bytes sealed, {facts.statements} statements",
        f"Log {facts.log}, made with {facts.client}",
    ]
    if facts.continues:
        lines.append(f"Continues recording {facts.continues}")
    for offset, duration, reason in facts.gaps[:SHOWN_OF_A_KIND]:
        lines.append(f"Gap at {_seconds(offset)}, {_seconds(duration)} long: {reason}")
    if len(facts.gaps) > SHOWN_OF_A_KIND:
        lines.append(f"and {len(facts.gaps) - SHOWN_OF_A_KIND} gaps more")
    return "\n".join(lines)


def _when_lines(facts: Facts) -> Iterator[str]:
    """The bracket of every statement, beside the device's time and how late it arrived."""
    after = f"after {_when(facts.not_before[0])}" if facts.not_before else "after: no stamp says"
    for one in facts.brackets[:SHOWN_BRACKETS]:
        by = f"before {_when(one.not_after)}" if one.not_after is not None else "before: none says"
        which = f"Statement {one.first}" if one.first == one.last else (
            f"Statements {one.first} to {one.last}"
        )  # fmt: skip
        yield _item(f"{which}: {after}, {by}" + (f" ({one.by})" if one.by else ""))
        late = "no receipt"
        if one.delays:
            late = " to ".join(_delay(delay) for delay in dict.fromkeys(one.delays)) + " later"
        yield f"      device {_when(one.began)} to {_when(one.ended)}, arrived {late}"
    if len(facts.brackets) > SHOWN_BRACKETS:
        yield f"    … and {len(facts.brackets) - SHOWN_BRACKETS} more (all of them with --json)"


def _looked_lines(looked: Looked) -> Iterator[str]:
    """How far the log was looked through; both checkpoints as signed where they contradict."""
    yield _item(
        f"{looked.where} shows {looked.size} entries, of which those from {looked.first} on were "
        "read. Strangers see the log to its daily checkpoint, whoever has a token sees it live."
    )
    notes = {"It shows now, signed:": looked.shown}
    if looked.package:
        notes["The package holds, signed by the same key:"] = looked.package
    for title, note in notes.items():
        yield f"\n  - {title}\n"
        yield textwrap.indent(note.rstrip("\n"), " " * 6)


def _delay(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000 // 100} s"


def _items(findings: Sequence[Finding]) -> Iterator[str]:
    ordered = sorted(findings, key=lambda finding: finding.text)
    kinds = {finding.text: position for position, finding in reversed(list(enumerate(findings)))}
    ordered.sort(key=lambda finding: kinds[finding.text])
    for text, group in groupby(ordered, key=lambda finding: finding.text):
        members = list(group)
        accepted = " (accepted with --open-ended)" if members[0].accepted else ""
        yield _item(text + accepted)
        for finding in members[:SHOWN_OF_A_KIND]:
            yield from _details(finding)
        if len(members) > SHOWN_OF_A_KIND:
            yield f"    … and {len(members) - SHOWN_OF_A_KIND} more (all of them with --json)"


def _details(finding: Finding) -> Iterator[str]:
    if finding.file:
        yield f"    {finding.file}"
    if finding.expected:
        yield f"      expected {finding.expected}"
        yield f"      found    {finding.found}"


def _item(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    ")
