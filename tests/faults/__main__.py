"""The fault run, long: `scripts/faults [--kills N] [--calls N] [--minutes N] [--only NAME …]`.

It stops by itself. Every case runs real servers on loopback, in a folder of its own that is
deleted at the end; two cases at once. It prints how far it is, then a sentence for each case: what
happened; then how often what was done, and what was missing. Exit 0: every case held.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from faults.bending import Left, flip_bits, lose_the_last_batch, make_holes, tear
from faults.clock import set_the_clock
from faults.erasing import Erasing
from faults.failing import Failing
from faults.filling import fill_on_and_on, fill_the_disk, small_disk
from faults.forking import mother
from faults.killing import kill_again_and_again
from faults.restoring import restore_an_older_one
from faults.strace import strace
from faults.telling import Outcome, Tell

Case = Callable[[Path, Tell], Iterator[Outcome]]


class NotRun(Exception):
    """A case that cannot run here, or not to its end; it says why."""


@dataclass
class Result:
    """The sentences of a case, how often it did what, and whether it held."""

    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    held: bool = True


def main() -> int:
    parser = argparse.ArgumentParser("scripts/faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument(
        "--calls", type=int, default=16, help="of a database's writes of pages; of all else: each"
    )
    parser.add_argument("--bits", type=int, default=8, help="flipped in each part")
    parser.add_argument("--minutes", type=float, default=120, help="after which it gives up")
    parser.add_argument("--at-once", type=int, default=2, help="cases")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="for the same chances")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of the cases")
    given = parser.parse_args()
    seed: int = given.seed
    until = time.monotonic() + given.minutes * 60

    def kills(folder: Path, tell: Tell) -> Iterator[Outcome]:
        yield kill_again_and_again(folder, given.kills, seed, tell)

    def calls(folder: Path, tell: Tell) -> Iterator[Outcome]:
        later = Failing(folder, _strace(), seed)
        later.later_starts(later.plan(given.calls), tell)
        yield later.outcome()

    def first(folder: Path, tell: Tell) -> Iterator[Outcome]:
        failing = Failing(folder, _strace(), seed)
        failing.first_starts(failing.first_plan(given.calls), tell)
        yield failing.outcome()

    def erased(folder: Path, tell: Tell) -> Iterator[Outcome]:
        erasing = Erasing(folder, _strace(), seed)
        erasing.fail(erasing.plan(), tell)
        yield erasing.outcome()

    def bent(folder: Path, tell: Tell) -> Iterator[Outcome]:
        left = Left.by_a_kill(folder, seed)
        yield tear(left, tell)
        yield make_holes(left, tell)
        yield lose_the_last_batch(left, tell)
        yield flip_bits(left, given.bits, seed, tell)

    def restored(folder: Path, tell: Tell) -> Iterator[Outcome]:
        yield restore_an_older_one(folder, tell)

    def clock(folder: Path, tell: Tell) -> Iterator[Outcome]:
        yield set_the_clock(folder, tell)

    def full(folder: Path, tell: Tell) -> Iterator[Outcome]:
        with small_disk(folder) as disk:
            if disk is None:
                raise NotRun("no small disk can be mounted here: NO DISK WAS FILLED")
            yield fill_the_disk(folder, disk, tell)
        for kind in ("tmpfs", "ext4"):
            place = folder / kind
            place.mkdir()
            with small_disk(place, kind) as disk:
                if disk is None:
                    raise NotRun(f"no small {kind} can be mounted here: NO DISK WAS KEPT FULL")
                yield fill_on_and_on(place, disk, tell)

    cases: dict[str, Case] = {
        "kills": kills, "calls": calls, "first": first, "erased": erased, "bent": bent,
        "restored": restored, "clock": clock, "full": full,
    }  # fmt: skip
    names: list[str] = given.only or list(cases)
    # Before there are threads here.
    mother()
    print(f"The fault run: seed {seed}, {', '.join(names)}", flush=True)
    with ThreadPoolExecutor(given.at_once) as pool:
        results = list(pool.map(lambda name: run(name, cases[name], until), names))
    return told(results)


def told(results: list[Result]) -> int:
    """Print what all cases found; return the exit status."""
    print("\n".join(["", *(line for one in results for line in one.lines)]))
    total = sum((one.counts for one in results), Counter[str]())
    print("\nIn all:")
    print("\n".join(f"{count:8,} {what}" for what, count in total.items()))
    held = all(one.held for one in results)
    print("\nMissing: nothing. Every case held." if held else "\nNOT every case held: see above.")
    return 0 if held else 1


def run(name: str, case: Case, until: float) -> Result:
    """Run a case, and give it up when it is *until*."""
    began = time.monotonic()
    result = Result()
    with tempfile.TemporaryDirectory(prefix="accompany-faults-") as folder:
        try:
            with tqdm(desc=name, file=sys.stderr, mininterval=2, bar_format=BAR) as bar:
                for outcome in case(Path(folder), _telling(bar, until)):
                    result.lines.append(f"{name}: {outcome.words}.")
                    result.counts += outcome.counts
        except NotRun as error:
            result.lines.append(f"{name}: {error}.")
            result.held = False
        except Exception:
            result.lines.append(f"{name}: DOES NOT HOLD\n{traceback.format_exc()}")
            result.held = False
    result.lines[-1] += f" ({time.monotonic() - began:.0f} s)"
    return result


BAR = "{desc} {n_fmt}/{total_fmt} {elapsed} {postfix}"


def _strace() -> str:
    found = strace()
    if found is None:
        raise NotRun("no strace can be installed or used here: NO SYSTEM CALL WAS LET FAIL")
    return found


def _telling(bar: "tqdm[None]", until: float) -> Tell:
    def tell(done: int, total: int, about: str) -> None:
        bar.total = total
        bar.n = done
        bar.set_postfix_str(about, refresh=False)
        bar.update(0)
        bar.refresh() if done == total else None
        if done < total and time.monotonic() > until:
            raise NotRun(f"OUT OF TIME after {done} of {total}")

    return tell


if __name__ == "__main__":
    sys.exit(main())
