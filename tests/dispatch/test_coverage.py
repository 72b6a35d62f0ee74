"""Where nobody is on shift, and who could; the picture and the calendar of it."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime

from accompany.config import LANGUAGES
from accompany.dispatch.calendar_file import folded, write_calendar
from accompany.dispatch.coverage import HOUR, Gap, Level, cover, gaps
from accompany.dispatch.coverage_picture import draw_coverage, draw_hours
from accompany.dispatch.load import shares_of_states
from accompany.dispatch.shifts import Dates, Hours, License, Member, Off, Roster, Span, Weekly

DAY = date(2026, 11, 23)
MIDNIGHT = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
EVERY_DAY = frozenset(range(7))


def attorney(person: str, languages: str, states: str = "TX", volunteer: bool = False) -> Member:
    licenses = tuple(License(state, DAY) for state in states.split())
    words = tuple(languages.split())
    return Member(person, person.title(), "attorney", "UTC", words, (), licenses, volunteer)


ROSTER = Roster(
    (
        attorney("ada", "en es"),
        attorney("ben", "en"),
        attorney("cy", "en", volunteer=True),
        attorney("dee", "es"),
        Member("ines", "Ines", "interpreter", "UTC", ("es",)),
    ),
    (
        Weekly("ada", EVERY_DAY, Hours(8 * 60, 16 * 60)),
        Weekly("ben", EVERY_DAY, Hours(16 * 60, 22 * 60 + 30)),
        Weekly("ines", EVERY_DAY, Hours(16 * 60, 20 * 60)),
        Off("dee", Dates(DAY, DAY)),
    ),
)


def test_each_hour_says_who_could_be_rung() -> None:
    found = cover(ROSTER, MIDNIGHT + 5, 1)
    assert (found.start, found.states, found.languages) == (MIDNIGHT, ["TX"], ["en", "es"])
    english, spanish = found.levels["TX", "en"], found.levels["TX", "es"]
    # The hour in which Ben leaves is not covered as a whole.
    assert english == (Level.NOBODY,) * 8 + (Level.SPOKEN,) * 14 + (Level.NOBODY,) * 2
    assert spanish == (
        (Level.NOBODY,) * 8 + (Level.SPOKEN,) * 8 + (Level.INTERPRETED,) * 4
        + (Level.WITHOUT,) * 2 + (Level.NOBODY,) * 2
    )  # fmt: skip


def test_a_partner_organization_is_no_cover_and_is_not_asked_to_fill_a_gap() -> None:
    lent = replace(attorney("eve", "en"), partner="Defenders")
    every_hour = Weekly("eve", EVERY_DAY, Hours(0, 24 * 60))
    with_eve = Roster((*ROSTER.members, lent), (*ROSTER.rules, every_hour))
    found = cover(with_eve, MIDNIGHT, 1, ["TX"], ["en", "es"])
    assert found == cover(ROSTER, MIDNIGHT, 1, ["TX"], ["en", "es"])
    assert gaps(with_eve, found) == gaps(ROSTER, found)


def test_gaps_are_told_with_who_could_take_them() -> None:
    found = gaps(ROSTER, cover(ROSTER, MIDNIGHT, 1))
    at = [MIDNIGHT + hour * HOUR for hour in range(25)]
    assert found == [
        # Volunteers first; Dee is off today.
        Gap("TX", "en", at[0], at[8], Level.NOBODY, ("cy", "ada", "ben")),
        Gap("TX", "en", at[22], at[24], Level.NOBODY, ("cy", "ada", "ben")),
        Gap("TX", "es", at[0], at[8], Level.NOBODY, ("ada", "cy", "ben")),
        Gap("TX", "es", at[20], at[22], Level.WITHOUT, ("ada", "cy")),
        Gap("TX", "es", at[22], at[24], Level.NOBODY, ("ada", "cy", "ben")),
    ]


def test_a_state_that_nobody_is_licensed_for_is_one_gap_that_nobody_could_take() -> None:
    assert gaps(ROSTER, cover(ROSTER, MIDNIGHT, 2, ["CA"], ["ht"])) == [
        Gap("CA", "ht", MIDNIGHT, MIDNIGHT + 48 * HOUR, Level.NOBODY, ())
    ]


def test_the_picture_shows_every_hour_once_and_says_how_many_are_bare() -> None:
    coverage = cover(ROSTER, MIDNIGHT, 14, ["TX", "CA"])
    picture = ET.fromstring(draw_coverage(coverage, "America/Chicago", "Fourteen & more"))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    told = [one for one in picture.iter(f"{space}rect") if one.find(f"{space}title") is not None]
    hours = sum(int(one.attrib["width"]) for one in told) // 3
    assert hours == sum(len(row) for row in coverage.levels.values())
    about = picture.find(f"{space}desc")
    # A day: 10 of 24 hours in English and 12 in Spanish for TX, and all of CA.
    assert about is not None
    assert about.text is not None
    assert about.text.startswith(f"{14 * (10 + 12 + 48)} of {14 * 96} hours")


def test_a_picture_without_words_shows_the_same_hours() -> None:
    coverage = cover(ROSTER, MIDNIGHT, 14, ["TX", "CA"])
    space = "{http://www.w3.org/2000/svg}"
    with_words, without = (
        ET.fromstring(drawn)  # noqa: S314
        for drawn in (draw_coverage(coverage, "UTC", "Fourteen"), draw_hours(coverage, "UTC"))
    )

    def cells(picture: ET.Element) -> list[tuple[str, str, str]]:
        """Return each cell of the panels: what it is, from where, how wide."""
        found = [one for one in picture.iter(f"{space}rect") if one.attrib["height"] == "12"]
        panels = [one for one in found if int(one.attrib["x"]) >= 56 and one.attrib["y"] != "62"]
        return [(one.attrib["class"], one.attrib["x"], one.attrib["width"]) for one in panels]

    assert cells(with_words) == cells(without) != []
    assert without.find(f"{space}title") is None
    texts = {str(one.text) for one in without.iter(f"{space}text")}
    assert {one for one in texts if not one.isdigit()} == {"en", "es", "TX", "CA"}


def test_a_calendar_is_folded_escaped_and_keeps_its_uids() -> None:
    span = Span(MIDNIGHT, MIDNIGHT + HOUR, "on call")
    name = "Duty of Ada; Ben, " + "é" * 60
    text = write_calendar(name, "ada", [span], MIDNIGHT + 5)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert unfolded[3] == "X-WR-CALNAME:Duty of Ada\\; Ben\\, " + "é" * 60
    assert unfolded[4:-2] == [
        "BEGIN:VEVENT",
        f"UID:ada-{MIDNIGHT}@accompany.invalid",
        "DTSTAMP:20261123T000000Z",
        "DTSTART:20261123T000000Z",
        "DTEND:20261123T010000Z",
        "SUMMARY:On call",
        "END:VEVENT",
    ]
    assert (unfolded[0], unfolded[-2], unfolded[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert list(folded("a" * 75)) == ["a" * 75]


STATES_OF_THE_FIELD = tuple(sorted(shares_of_states()))


def around_the_clock(*members: Member) -> Roster:
    return Roster(members, tuple(Weekly(one.person, EVERY_DAY, Hours(0, 1440)) for one in members))


def bare(roster: Roster) -> list[Gap]:
    """The gaps of a day in all states and languages: 51 state pools by 12 languages."""
    found = cover(roster, MIDNIGHT, 1, STATES_OF_THE_FIELD, LANGUAGES)
    return gaps(roster, found)


def test_51_states_by_12_languages_need_612_seats_around_the_clock() -> None:
    """One attorney for each state and language, nobody to interpret: not one can be missed."""
    seats = [
        attorney(f"{state}-{language}", language, state)
        for state in STATES_OF_THE_FIELD
        for language in LANGUAGES
    ]
    assert len(seats) == 612
    assert bare(around_the_clock(*seats)) == []
    for missing in (0, 300, 611):
        left = around_the_clock(*seats[:missing], *seats[missing + 1 :])
        (gap,) = bare(left)
        assert f"{gap.state}-{gap.language}" == seats[missing].person
        # Whoever else is licensed there does not speak it.
        assert (gap.end - gap.start, gap.level) == (24 * HOUR, Level.WITHOUT)
    everybody = cover(around_the_clock(*seats), MIDNIGHT, 1, STATES_OF_THE_FIELD, LANGUAGES)
    assert {level for row in everybody.levels.values() for level in row} == {Level.SPOKEN}


def test_with_interpreters_for_all_states_together_63_are_enough() -> None:
    """An attorney for each state, whatever they speak, and an interpreter for each language."""
    seats = [
        *(attorney(state, "", state) for state in STATES_OF_THE_FIELD),
        *(Member(one, one, "interpreter", "UTC", (one,)) for one in LANGUAGES),
    ]
    assert len(seats) == 63
    assert bare(around_the_clock(*seats)) == []
    for missing in range(63):
        left = around_the_clock(*seats[:missing], *seats[missing + 1 :])
        found = bare(left)
        assert {one.state if missing < 51 else one.language for one in found} == {
            seats[missing].person
        }
        assert len(found) == (12 if missing < 51 else 51)
