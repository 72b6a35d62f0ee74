"""The roster's file: read with every error by its line, written so that it reads as the same."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.config import LANGUAGES, STATES
from accompany.dispatch.roster_csv import COLUMNS, read_roster, write_roster
from accompany.dispatch.shifts import (
    Dates,
    Extra,
    Hours,
    License,
    Member,
    Off,
    Roster,
    Swap,
    Weekly,
)
from accompany.errors import Malformed

I18N = Path(__file__).resolve().parents[2] / "webapp/src/i18n/desk"
ENGLISH = json.loads((I18N / "en.json").read_text())

GOOD = """kind,person,name,role,zone,languages,licenses,volunteer,days,start,end,mode,from,to,with
person,ada,"Advocate, Ada",,America/Chicago,EN es,TX 2026-11-01; nm 2026-10-01,yes,,,,,,,
person,ines,Inés,interpreter,America/New_York,ht,,,,,,,,,

shift,ada,,,,,,,Mon tue,22:00,6:00,on call,2026-11-01,,
off,ada,,,,,,,,,,,2026-12-24,,
extra,ines,,,,,,,,09:00,24:00,,2026-12-27,2026-12-28,
swap,ada,,,,,,,,,,,2026-12-28,,ines
"""


def test_a_roster_is_read_as_people_write_it() -> None:
    day = date.fromisoformat
    licenses = (License("TX", day("2026-11-01")), License("NM", day("2026-10-01")))
    assert read_roster("\ufeff" + GOOD) == Roster(
        (
            Member("ada", "Advocate, Ada", "attorney", "America/Chicago", ("en", "es"), (),
                   licenses, True),
            Member("ines", "Inés", "interpreter", "America/New_York", ("ht",)),
        ),
        (
            Weekly("ada", frozenset({0, 1}), Hours(22 * 60, 360, "on call"),
                   Dates(day("2026-11-01"))),
            Off("ada", Dates(day("2026-12-24"), day("2026-12-24"))),
            Extra("ines", Hours(540, 1440), Dates(day("2026-12-27"), day("2026-12-28"))),
            Swap("ada", "ines", Dates(day("2026-12-28"), day("2026-12-28"))),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("person,,X,,UTC", "line 2: person is missing"),
        ("person,x,,,UTC", "line 2: name is missing"),
        ("person,x,X,judge,UTC", "line 2: role is one of attorney, interpreter"),
        ("person,x,X,,Chicago", "line 2: zone is a name such as America/Chicago; found 'Chicago'"),
        ("person,x,X,,../etc", "line 2: zone is a name"),
        ("person,x,X,,UTC,tlh", "line 2: languages are of en es .* found tlh"),
        ("person,x,X,,UTC,en,ZZ 2026-11-01", "line 2: a license is a state .* 'ZZ 2026-11-01'"),
        ("person,x,X,,UTC,en,TX", "line 2: the date a license was checked is as 2026-11-22"),
        ("person,x,X,,UTC,en,,maybe", "line 2: volunteer is yes or no; found 'maybe'"),
        ("holiday,x", "line 2: kind is one of person, shift, off, extra, swap; found 'holiday'"),
        ("shift,x,,,,,,,,09:00,17:00", "line 2: a shift needs days"),
        ("shift,x,,,,,,,someday,09:00,17:00", "line 2: days are of mon tue"),
        ("shift,x,,,,,,,mon,9,17:00", "line 2: start is a time from 00:00 .* found '9'"),
        ("shift,x,,,,,,,mon,24:00,17:00", "line 2: start is a time"),
        ("shift,x,,,,,,,mon,09:00,24:01", "line 2: end is a time"),
        ("shift,x,,,,,,,mon,09:00,17:00,at home", "line 2: mode is console or on call"),
        ("shift,x,,,,,,,mon,09:00,17:00,,2026-12-02,2026-12-01", "line 2: to .* comes before from"),
        ("shift,x,,,,,,,mon,09:00,17:00", "line 2: there is no person 'x' in this file"),
        ("off,x", "line 2: from is missing"),
        ("swap,x,,,,,,,,,,,2026-12-28", "line 2: with is missing"),
        ("off,x,,,,,,,,,,,12/24/2026", "line 2: from is as 2026-11-22; found '12/24/2026'"),
        ("off,x" + "," * 20, "line 2: 22 cells under 15 columns"),
    ],
)
def test_what_is_wrong_is_said_by_line(line: str, told: str) -> None:
    header = GOOD.splitlines()[0]
    with pytest.raises(Malformed, match=told) as caught:
        read_roster(f"{header}\n{line}\n")
    # The same for a page: of the same line, with a word that each language has a sentence for.
    (fault,) = caught.value.faults
    assert fault.line == 2
    assert fault.column == "" or fault.column in COLUMNS
    assert f"dd.fault.{fault.code}" in ENGLISH
    assert fault.found in line or fault.found == "22"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    bent = GOOD.replace("22:00", "late").replace("2026-12-24", "Christmas")
    bent = bent.replace("person,ines", "person,ada")
    with pytest.raises(Malformed) as caught:
        read_roster(bent)
    found = caught.value.why.splitlines()
    lines = [3, 5, 6, 7, 8]
    assert [line.partition(":")[0] for line in found] == [f"line {line}" for line in lines]
    assert [(one.line, one.code) for one in caught.value.faults] == list(
        zip(lines, ["twice", "form", "form", "nobody", "nobody"], strict=True)
    )


def test_a_page_has_a_sentence_for_every_fault_and_none_for_others() -> None:
    source = (I18N.parents[3] / "src/accompany/dispatch/roster_csv.py").read_text()
    codes = {one for one in FAULTS if f'"{one}"' in source} | {"empty"}
    assert codes == set(FAULTS)
    assert {name.removeprefix("dd.fault.") for name in ENGLISH if "dd.fault." in name} == codes
    for name in codes:
        words = ENGLISH[f"dd.fault.{name}"]
        given = set(re.findall(r"\{(\w+)\}", words))
        assert given <= {"line", "column", "expected", "found"}


FAULTS = ("columns cells csv long twice nobody missing one_of form order partner empty").split()


def test_attorneys_of_a_partner_organization_are_named_as_such() -> None:
    header = "kind,person,name,role,zone,partner,areas"
    row = "person,ada,Ada,{},UTC,Defenders of Texas,immigration criminal"
    found = read_roster(f"{header}\n{row.format('attorney')}\n")
    (ada,) = found.members
    assert (ada.partner, ada.areas) == ("Defenders of Texas", ("immigration", "criminal"))
    assert read_roster(write_roster(found)) == found
    with pytest.raises(Malformed, match="line 2: a partner organization's people are attorneys"):
        read_roster(f"{header}\n{row.format('interpreter')}\n")


@pytest.mark.parametrize("header", ["", "kind", "kind,person,shoe", "kind,person,kind"])
def test_a_header_that_is_none_is_said(header: str) -> None:
    with pytest.raises(Malformed, match="line 1: expected each of these columns"):
        read_roster(f"{header}\nperson,x\n")


names = st.sampled_from(["ada", "ben", "cy"])
texts = st.text("aé,\"' ;\n中", min_size=1, max_size=8).map(str.strip).filter(bool)
day = st.dates(date(2020, 1, 1), date(2030, 1, 1))
some_dates = st.builds(lambda a, n: Dates(a, a + timedelta(n)), day, st.integers(0, 9))
hours = st.builds(
    Hours, st.integers(0, 1439), st.integers(0, 1440), st.sampled_from(["console", "on call"])
)
tongues = st.lists(st.sampled_from(LANGUAGES), unique=True, max_size=3).map(tuple)
licenses = st.lists(st.builds(License, st.sampled_from(STATES), day), max_size=2).map(tuple)
rules = st.lists(
    st.one_of(
        st.builds(
            Weekly, names, st.frozensets(st.integers(0, 6), min_size=1), hours,
            st.one_of(some_dates, st.builds(Dates), st.builds(Dates, day)),
        ),
        st.builds(Off, names, some_dates),
        st.builds(Extra, names, hours, some_dates),
        st.builds(Swap, names, names, some_dates),
    ),
    max_size=5,
).map(tuple)  # fmt: skip


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    members = tuple(
        Member(
            name, draw(texts), draw(st.sampled_from(["attorney", "interpreter", "coordinator"])),
            draw(st.sampled_from(["UTC", "America/Chicago"])), draw(tongues),
            draw(st.sampled_from([(), ("immigration", "criminal")])), draw(licenses),
            draw(st.booleans()), draw(st.sampled_from(["", "c" * 32])),
        )
        for name in ("ada", "ben", "cy")
    )  # fmt: skip
    return Roster(members, draw(rules))


@settings(max_examples=60, deadline=None)
@given(rosters())
def test_what_is_written_reads_as_the_same(roster: Roster) -> None:
    text = write_roster(roster)
    assert read_roster(text) == roster
    assert write_roster(read_roster(text)) == text
    assert text.splitlines()[0].split(",") == COLUMNS
