"""`accompany doctor`: say what is missing or wrong with a server's data folder, in words."""

import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tqdm import tqdm

from accompany.adapters.doctor import examine
from accompany.adapters.remarks import GOOD, WRONG, Remark
from accompany.adapters.scrubbing import scrub
from accompany.config import Settings

MARKS = {GOOD: " ok ", "look": "LOOK", WRONG: "WRONG"}


def configure_doctor(parser: ArgumentParser) -> None:
    """Describe `accompany doctor` to *parser*."""
    parser.description = (
        "Look at a data folder, the server running or not, and say what is missing or wrong. "
        "Nothing is changed. Exit status 0: nothing is wrong (though somebody should LOOK at "
        "what is marked so). 1: something is wrong."
    )
    add = parser.add_argument
    add("--data", metavar="DIR", type=Path, help="the server's data folder")
    add("--thorough", action="store_true", help="read the whole journal again, however long")
    add(
        "--scrub", action="store_true",
        help="read every batch again, beside a running server and after everything else on this "
        "machine, and name each recording and segment that is not what was kept",
    )  # fmt: skip
    add("--json", action="store_true", help="print a JSON list instead")


def _scrubbed(data: Path) -> list[Remark]:
    # A court or a phone may be waiting for the disk, and nobody for this.
    os.nice(19)
    shown = sys.stderr.isatty()
    with tqdm(unit="B", unit_scale=True, disable=not shown, file=sys.stderr) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return scrub(data, tell)


def run_doctor(given: Namespace) -> int:
    """Do `accompany doctor`; return the exit status."""
    settings = Settings.from_environment(os.environ)
    if given.data is not None:
        settings = settings.having("data", str(given.data))
    remarks = examine(settings, time.time_ns() // 1_000_000, given.thorough)
    if given.scrub:
        remarks += _scrubbed(settings.data)
    if given.json:
        values = [{"how": one.how, "about": one.about, "words": one.words} for one in remarks]
        print(json.dumps(values, indent=1))
    else:
        for one in remarks:
            print(f"{MARKS[one.how]:5}  {one.about}: {one.words}")
    return 1 if any(one.how == WRONG for one in remarks) else 0
