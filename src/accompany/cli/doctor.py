"""`accompany doctor`: say what is missing or wrong with a server's data folder, in words."""

import json
import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from accompany.adapters.doctor import GOOD, WRONG, examine
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
    add("--json", action="store_true", help="print a JSON list instead")


def run_doctor(given: Namespace) -> int:
    """Do `accompany doctor`; return the exit status."""
    settings = Settings.from_environment(os.environ)
    if given.data is not None:
        settings = settings.having("data", str(given.data))
    remarks = examine(settings, time.time_ns() // 1_000_000, given.thorough)
    if given.json:
        values = [{"how": one.how, "about": one.about, "words": one.words} for one in remarks]
        print(json.dumps(values, indent=1))
    else:
        for one in remarks:
            print(f"{MARKS[one.how]:5}  {one.about}: {one.words}")
    return 1 if any(one.how == WRONG for one in remarks) else 0
