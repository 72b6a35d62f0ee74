"""Ten million users' worst day, played by `accompany simulate`; the same desk beside Erlang-C."""

import argparse
import json
import subprocess

from erlang import beside_erlang
from serving import accompany, environment
from stage import verdict

DAY = ("--users", "10000000", "--presses-per-year", "0.07", "--surge", "25", "--json")
LIMIT = 60.0
OFF = 0.05
LINES = ((2, 1.0), (5, 3.5), (10, 7.0))
"""People, and the load in erlangs."""


def day() -> bool:
    done = subprocess.run(
        accompany("simulate", *DAY), env=environment(), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    print(
        f"{told['presses']} presses, {told['attorneys']} attorneys, {told['interpreters']} "
        f"interpreters: {told['took_seconds']} s, {told['worked_seconds']} s of a processor "
        f"(limit {LIMIT:.0f} s); within 10 s {told['within_10_seconds']:.1%}"
    )
    return bool(told["took_seconds"] < LIMIT)


def erlang(runs: int, presses: int) -> bool:
    """Whether everything is within 5 %, where the standard error is under half of that."""
    holds = True
    for people, load in LINES:
        print(f"{people} people, {load} erlangs, {runs} runs of {presses} presses:")
        for one in beside_erlang(people, load, runs, presses):
            good = abs(one.off) <= OFF
            said = verdict(good) if one.noise < OFF / 2 else "too few runs to say"
            print(f"  {one}  {said}", flush=True)
            holds = holds and good
    return holds


def main() -> int:
    parser = argparse.ArgumentParser("scripts/bench simulate", description=__doc__)
    add = parser.add_argument
    add("what", nargs="*", default=["day"], help="day, or erlang (minutes)")
    add("--runs", type=int, default=20)
    add("--presses", type=int, default=20_000)
    given = parser.parse_args()
    held = [day()] if "day" in given.what else []
    if "erlang" in given.what:
        held.append(erlang(given.runs, given.presses))
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
