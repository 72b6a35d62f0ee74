"""What a simulated night says: how fast, for whom not, how much each works, how many it needs.

Pure. Times are seconds; shares are of all presses, so an abandoned one is one not answered.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from accompany.dispatch.load import HOUR, busiest_hour
from accompany.dispatch.roster import Press
from accompany.dispatch.rules import SECOND, Rules
from accompany.dispatch.simulation import Fate, Habits, Outcome
from accompany.dispatch.staffing import abandoned, needed

TARGET, WITHIN = 0.9, 10 * SECOND
GAPS = 20


def report(outcome: Outcome, rules: Rules, habits: Habits) -> dict[str, Any]:
    fates = outcome.fates
    attorneys = [one for one in outcome.people if one.role == "attorney"]
    foreign = [fate for fate in fates if fate.answered is not None and not fate.spoken]
    joined = [one.joined - one.press.pressed for one in foreign if one.joined is not None]
    return {
        "presses": len(fates),
        "attorneys": len(attorneys),
        "interpreters": sum(one.role == "interpreter" for one in outcome.people),
        **_speed(fates),
        "supported": sum(one.supported is not None for one in fates),
        "callbacks": sum(one.promised for one in fates),
        "interpreted": {
            "wanted": len(foreign),
            "joined": len(joined),
            "p90_seconds": _percentile(joined, 0.9),
        },
        "per_attorney": _work(outcome, [one.serial for one in attorneys]),
        "surge_minutes": round(outcome.surge / 60_000, 1),
        "hours": _hours(fates),
        "gaps": _gaps(fates),
        "needed": needed_for([one.press for one in fates], rules, habits),
    }


def _speed(fates: Sequence[Fate]) -> dict[str, Any]:
    waits = [one.wait for one in fates if one.wait is not None]
    total = max(1, len(fates))
    return {
        "answered": round(len(waits) / total, 4),
        "within_10_seconds": round(sum(one <= WITHIN for one in waits) / total, 4),
        "within_15_seconds": round(sum(one <= 15 * SECOND for one in waits) / total, 4),
        "abandoned": round(sum(one.left is not None for one in fates) / total, 4),
        **{f"p{share}_seconds": _percentile(waits, share / 100) for share in (50, 90, 95, 99)},
    }


def _percentile(waits: Sequence[int], share: float) -> float | None:
    """Return the smallest wait that so many are not longer than, in seconds."""
    if not waits:
        return None
    return sorted(waits)[min(len(waits) - 1, int(share * len(waits)))] / 1000


def _work(outcome: Outcome, serials: Sequence[Any]) -> dict[str, Any]:
    calls = [outcome.calls.get(one, 0) for one in serials]
    hours = [outcome.in_call.get(one, 0) / HOUR for one in serials]
    return {
        "mean_calls": round(sum(calls) / max(1, len(calls)), 1),
        "most_calls": max(calls, default=0),
        "mean_hours_in_call": round(sum(hours) / max(1, len(hours)), 2),
        "most_hours_in_call": round(max(hours, default=0), 2),
    }


def _hours(fates: Sequence[Fate]) -> list[dict[str, Any]]:
    by_hour: dict[int, list[Fate]] = {}
    for one in fates:
        by_hour.setdefault(one.press.pressed // HOUR, []).append(one)
    return [
        {"hour": _clock(hour), "presses": len(found), **_speed(found)}
        for hour, found in sorted(by_hour.items())
    ]


def _clock(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour * HOUR / 1000, UTC):%Y-%m-%dT%H:00Z}"


def _gaps(fates: Sequence[Fate]) -> list[dict[str, Any]]:
    """Return where and when most presses were not answered in time, the worst first."""
    late: dict[tuple[str, str, int], list[int]] = {}
    for one in fates:
        key = (one.press.state, one.press.language, one.press.pressed // HOUR)
        counts = late.setdefault(key, [0, 0])
        counts[0] += 1
        counts[1] += one.wait is None or one.wait > WITHIN
    worst = sorted(late.items(), key=lambda one: (-one[1][1], one[0]))
    return [
        {"state": state, "language": tongue, "hour": _clock(hour), "presses": n, "late": missed}
        for (state, tongue, hour), (n, missed) in worst[:GAPS]
        if missed
    ]


def needed_for(presses: Sequence[Press], rules: Rules, habits: Habits) -> dict[str, Any]:
    """Return how many attorneys Erlang C asks for in the busiest hour, state by state.

    A press has to find somebody free in what is left of ten seconds after the reaction. Erlang A
    says how many would give up if there were one fewer in each state.
    """
    takes = habits.call + rules.wrap_up
    share = busiest_hour(presses) / max(1, len(presses))
    left = max(0, WITHIN - habits.least - habits.reaction)
    people, lost = {}, 0.0
    counts: dict[str, int] = {}
    for one in presses:
        counts[one.state] = counts.get(one.state, 0) + 1
    for state, number in sorted(counts.items()):
        load = number * share / HOUR * takes
        people[state] = needed(load, takes, left, TARGET)
        if habits.patience is not None and people[state] > 1:
            lost += number * abandoned(people[state] - 1, load, takes, habits.patience)
    return {
        "target": f"{TARGET:.0%} within {WITHIN // SECOND} s",
        "attorneys": sum(people.values()),
        "by_state": people,
        "abandoned_with_one_fewer_each": round(lost / max(1, len(presses)), 4),
    }
