"""`accompany simulate`: a duty roster under load, by the code that rings in earnest."""

import gc
import json
import os
import random
import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accompany.config import Settings
from accompany.dispatch.attendance import Shifts
from accompany.dispatch.load import DAY, Profile, a_day, read_presses
from accompany.dispatch.roster import OnDuty, Press
from accompany.dispatch.roster_csv import read_roster
from accompany.dispatch.rules import MINUTE, SECOND, Rules
from accompany.dispatch.shifts import Roster, RosterShifts
from accompany.dispatch.simulation import Habits, Night, people_for
from accompany.dispatch.simulation_picture import draw_day
from accompany.dispatch.simulation_report import report
from accompany.errors import Malformed
from accompany.ids import CardSerial

MOST = 2_000_000
"""Presses in one run: a bound against a slip of the finger."""

MOST_STATES = 6
"""So many states are said by name; `--json` names all."""


def configure_simulate(parser: ArgumentParser) -> None:
    """Describe `accompany simulate` to *parser*."""
    parser.description = (
        "Play a day of presses against a roster, with the settings and the code that ring in "
        "earnest: who answers how fast, who gives up, how much each works, how many it needs. "
        "What people do by chance is an assumption; its numbers can be set."
    )
    parser.add_argument("--users", type=int, default=285_000, metavar="N", help="285000")
    parser.add_argument("--presses-per-year", type=float, default=0.02, metavar="F",
                        help="of each user (0.02)")  # fmt: skip
    parser.add_argument("--surge", type=float, default=1.0, metavar="F",
                        help="how many times worse the day is (1)")  # fmt: skip
    parser.add_argument("--presses", type=Path, metavar="FILE",
                        help="a CSV with time, state, language instead")  # fmt: skip
    parser.add_argument("--roster", type=Path, metavar="FILE",
                        help="a roster (docs/roster.md); else one that is enough")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="another day of the same kind (1)")
    parser.add_argument("--reach", type=float, default=0.7,
                        help="chance that somebody rung can answer (0.7)")  # fmt: skip
    parser.add_argument("--reaction-seconds", type=float, default=3.0,
                        help="mean, above 1.5 s (3)")  # fmt: skip
    parser.add_argument("--on-call-seconds", type=float, default=30.0,
                        help="the same for somebody on call by the roster (30)")  # fmt: skip
    parser.add_argument("--call-minutes", type=float, default=20.0, help="mean (20)")
    parser.add_argument("--patience-minutes", type=float, default=5.0,
                        help="mean; 0: nobody gives up (5)")  # fmt: skip
    parser.add_argument("--picture", type=Path, metavar="SVG", help="draw it, too")
    parser.add_argument("--json", action="store_true", help="all of it, as JSON")


def run_simulate(given: Namespace) -> int:
    """Do `accompany simulate`; return the exit status."""
    rules = replace(Rules.of(Settings.from_environment(os.environ)), interpreters=True)
    habits = _habits(given)
    chance = random.Random(given.seed).random  # noqa: S311
    presses = _presses(given, chance)
    people, shifts = _people(given, presses, rules, habits)
    began, worked = time.monotonic(), time.process_time()
    # Nothing here is in circles, and looking for them again and again takes an eighth of the time.
    gc.disable()
    outcome = Night(rules, habits, chance).run(presses, people, shifts)
    gc.enable()
    told = report(outcome, rules, habits)
    told["took_seconds"] = round(time.monotonic() - began, 2)
    told["worked_seconds"] = round(time.process_time() - worked, 2)
    if given.picture:
        _draw(told, given.picture)
    print(json.dumps(told, ensure_ascii=False)) if given.json else _say(told, given)
    return 0


def _habits(given: Namespace) -> Habits:
    if not 0 < given.reach <= 1:
        raise Malformed("reach", f"expected more than 0 and at most 1, found {given.reach}")
    for name in ("reaction_seconds", "on_call_seconds", "call_minutes", "patience_minutes"):
        if not 0 <= getattr(given, name) <= 10_000:
            raise Malformed(name, f"expected 0 to 10000, found {getattr(given, name)}")
    return Habits(
        reach=given.reach,
        reaction=round(given.reaction_seconds * SECOND),
        on_call=round(given.on_call_seconds * SECOND),
        call=max(1, round(given.call_minutes * MINUTE)),
        patience=round(given.patience_minutes * MINUTE) or None,
    )


def _presses(given: Namespace, chance: Any) -> list[Press]:
    if given.presses is not None:
        presses = read_presses(_read(given.presses))
    else:
        for name in ("presses_per_year", "surge"):
            if not 0 <= getattr(given, name) <= MOST:
                raise Malformed(name, f"expected 0 to {MOST}, found {getattr(given, name)}")
        profile = Profile(given.users, given.presses_per_year, given.surge)
        if not 0 < profile.presses <= MOST:
            raise Malformed("load", f"expected 1 to {MOST} presses, found {profile.presses}")
        presses = a_day(profile, time.time_ns() // 1_000_000 // DAY * DAY, chance)
    if not presses:
        raise Malformed("presses", "expected one at least, found none")
    return presses


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(str(path), f"it cannot be read: {error}") from error


def _draw(told: dict[str, Any], path: Path) -> None:
    try:
        path.write_text(draw_day(told, "A day of presses"), "utf-8")
    except OSError as error:
        raise Malformed(str(path), f"it cannot be written: {error}") from error


def _people(
    given: Namespace, presses: list[Press], rules: Rules, habits: Habits
) -> tuple[list[OnDuty], Shifts | None]:
    if given.roster is None:
        return people_for(presses, rules, habits), None
    roster: Roster = read_roster(_read(given.roster))
    people = [
        OnDuty(
            CardSerial(one.card or one.person), one.name, one.states, one.languages, 0,
            frozenset(one.areas), one.role,
        )
        for one in roster.members
    ]  # fmt: skip
    return people, RosterShifts(roster)


def _say(told: dict[str, Any], given: Namespace) -> None:
    per, needs, interpreted = told["per_attorney"], told["needed"], told["interpreted"]
    whose = "of the roster" if given.roster else "made up to be enough"
    first = datetime.fromisoformat(told["hours"][0]["hour"]).astimezone(UTC)
    print(f"{told['presses']} presses from {first:%Y-%m-%d}, {told['attorneys']} attorneys and "
          f"{told['interpreters']} interpreters, {whose}")  # fmt: skip
    print(f"answered   {told['answered']:.1%}; within 10 s {told['within_10_seconds']:.1%}, "
          f"within 15 s {told['within_15_seconds']:.1%} (target: 90% within 10 s)")  # fmt: skip
    times = ", ".join(f"{_seconds(told[f'p{p}_seconds'])} ({p}%)" for p in (50, 90, 95, 99))
    print(f"how fast   {times}")
    print(f"abandoned  {told['abandoned']:.1%}; callbacks owed {told['callbacks']}; "
          f"a responder came to {told['supported']}")  # fmt: skip
    print(f"languages  {interpreted['wanted']} answered without the language, "
          f"{interpreted['joined']} interpreters joined, 90% of them within "
          f"{_seconds(interpreted['p90_seconds'])} of the press")  # fmt: skip
    print(f"load       {per['mean_calls']} calls each (most {per['most_calls']}), "
          f"{per['mean_hours_in_call']} h in calls (most {per['most_hours_in_call']})")  # fmt: skip
    print(f"surge      {told['surge_minutes']} min")
    most = sorted(needs["by_state"].items(), key=lambda one: (-one[1], one[0]))
    named = ", ".join(f"{state} {count}" for state, count in most[:MOST_STATES])
    more = f", and {len(most) - MOST_STATES} states more" if len(most) > MOST_STATES else ""
    print(f"needed     {needs['attorneys']} attorneys at once for {needs['target']}, by Erlang C: "
          f"{named}{more}")  # fmt: skip
    for one in told["gaps"][:10]:
        print(f"late       {one['late']} of {one['presses']}: {one['state']} {one['language']} "
              f"{one['hour']}")  # fmt: skip
    print(f"played in {told['took_seconds']} s, {told['worked_seconds']} s of a processor")


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"
