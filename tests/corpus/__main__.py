"""Writing the corpus: `python -m corpus FOLDER [--random N]`, or scripts/corpus."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.seals import sealing


def cases(random: int) -> Iterator["Case"]:
    from corpus import flips, opened, revoked, stamped, tables, zips

    for make in (
        tables.good, tables.stated, tables.handed_out, tables.left_open, tables.witnessed,
        tables.signatures, tables.attackers, tables.tails, tables.spliced, tables.openers,
        zips.names, zips.entries, zips.places, zips.wide, opened.bent, revoked.cases, stamped.cases,
        flips.forms,
    ):  # fmt: skip
        yield from make()
    whole = opened.opened(stamped.good_stamps())
    yield Case("good", "opened and stamped", whole, anchors=stamped.ANCHORS)
    yield from flips.every_kind(whole, POLICY_TEXT, stamped.ANCHORS)
    packages = {"sealed": making.good(), "cut": making.cut(), "opened": whole}
    believed = {"anchors": stamped.ANCHORS}
    options: dict[str, dict] = {"sealed": {}, "cut": {"open_ended": True}, "opened": believed}
    yield from flips.at_random(packages, random, options)


def main() -> int:
    parser = argparse.ArgumentParser("scripts/corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--random", type=int, default=150, help="packages bent at random")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    index, wrong = [], 0
    for case in cases(given.random):
        try:
            index.append(write(case, given.folder))
        except AssertionError as error:
            wrong += 1
            print(error, file=sys.stderr)
    text = json.dumps(index, ensure_ascii=True, indent=1) + "\n"
    (given.folder / "index.json").write_text(text)
    classes = Counter(entry["class"] for entry in index if entry["bent"])
    print(f"{len(index)} packages, {sum(classes.values())} of them bent, in {len(classes)} classes")
    return 1 if wrong else 0


if __name__ == "__main__":
    with sealing():
        # Imported here: the tests' packages are made, some of them, as their modules are loaded.
        from corpus.cases import Case, write
        from evidence import making
        from evidence.making import POLICY_TEXT

        sys.exit(main())
