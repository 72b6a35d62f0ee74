"""The fault run, long: `scripts/faults [--kills N] [--calls N] [--only NAME …]`.

It stops by itself. Every case runs real servers on loopback, in a folder of its own that is deleted
at the end. It prints how far it is, then a sentence for each case: what happened. Exit 0: every
case held.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from faults.bending import Left, flip_bits, lose_the_last_batch, make_holes, tear
from faults.clock import set_the_clock
from faults.failing import Failing
from faults.filling import fill_the_disk, small_disk
from faults.killing import kill_again_and_again
from faults.restoring import restore_an_older_one
from faults.strace import strace
from faults.telling import Tell

Case = Callable[[Path, Tell], Iterator[str]]


class NotRun(Exception):
    """A case that cannot run here; it says why."""


def main() -> int:
    parser = argparse.ArgumentParser("scripts/faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--calls", type=int, default=4, help="that fail, of each kind and part")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="for the same chances")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of the cases")
    given = parser.parse_args()
    seed: int = given.seed

    def kills(folder: Path, tell: Tell) -> Iterator[str]:
        yield kill_again_and_again(folder, given.kills, seed, tell)

    def calls(folder: Path, tell: Tell) -> Iterator[str]:
        program = strace()
        if program is None:
            raise NotRun("no strace can be installed or used here: NO SYSTEM CALL WAS LET FAIL")
        later = Failing(folder / "later", program, seed)
        later.later_starts(later.plan(given.calls), tell)
        yield f"a server that was there before: {later.sentence()}"
        first = Failing(folder / "first", program, seed)
        first.first_starts(first.first_plan(1), tell)
        yield f"a first start: {first.sentence()}"

    def bent(folder: Path, tell: Tell) -> Iterator[str]:
        left = Left.by_a_kill(folder, seed)
        yield tear(left, tell)
        yield make_holes(left, tell)
        yield lose_the_last_batch(left, tell)
        yield flip_bits(left, 4, seed, tell)

    def restored(folder: Path, tell: Tell) -> Iterator[str]:
        yield restore_an_older_one(folder, tell)

    def clock(folder: Path, tell: Tell) -> Iterator[str]:
        yield set_the_clock(folder, tell)

    def full(folder: Path, tell: Tell) -> Iterator[str]:
        with small_disk(folder) as disk:
            if disk is None:
                raise NotRun("no small disk can be mounted here: NO DISK WAS FILLED")
            yield fill_the_disk(folder, disk, tell)

    cases: dict[str, Case] = {
        "kills": kills, "calls": calls, "bent": bent, "restored": restored, "clock": clock,
        "full": full,
    }  # fmt: skip
    print(f"The fault run: seed {seed}, {', '.join(given.only or cases)}", flush=True)
    results = [run(name, cases[name]) for name in given.only or cases]
    print("\n".join(["", *(line for lines, _ in results for line in lines)]))
    good = all(held for _, held in results)
    print("\nEvery case held." if good else "\nNOT every case held.")
    return 0 if good else 1


def run(name: str, case: Case) -> tuple[list[str], bool]:
    """Return the sentences of a case, and whether it held."""
    began = time.monotonic()
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="accompany-faults-") as folder:
        try:
            with tqdm(desc=name, file=sys.stderr, mininterval=2, bar_format=BAR) as bar:
                for sentence in case(Path(folder), _telling(bar)):
                    lines.append(f"{name}: {sentence}.")
        except NotRun as error:
            lines.append(f"{name}: {error}.")
            return lines, False
        except Exception:
            lines.append(f"{name}: DOES NOT HOLD\n{traceback.format_exc()}")
            return lines, False
    lines[-1] += f" ({time.monotonic() - began:.0f} s)"
    return lines, True


BAR = "{desc} {n_fmt}/{total_fmt} {elapsed} {postfix}"


def _telling(bar: "tqdm[None]") -> Tell:
    def tell(done: int, total: int, about: str) -> None:
        bar.total = total
        bar.n = done
        bar.set_postfix_str(about, refresh=False)
        bar.update(0)
        bar.refresh() if done == total else None

    return tell


if __name__ == "__main__":
    sys.exit(main())
