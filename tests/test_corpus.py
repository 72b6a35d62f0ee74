"""The corpus against forgers: what it holds, and that it is the same each time it is made."""

import json
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from corpus.catalogue import PATH, catalogue

TESTS = Path(__file__).parent
CLASSES = {
    # Issue 3 names them.
    "flipped bytes",
    "segments dropped",
    "segments swapped",
    "segments repeated",
    "segments of another recording",
    "other forms",
    "wrong keys",
    "low-order keys",
    "second signature lines",
    "receipts of others",
    "proofs of others",
    "checkpoints of others",
    "cut tails",
    "rewritten manifests",
    "rewritten lists",
    "unlisted files",
    "ZIP tricks",
    "ZIP twins",
    "time stamps",
    "signed again by an attacker",
    # Issue 7.
    "revoked cards",
    "bent at random",
}


def make(folder: Path, *options: str) -> list[dict[str, Any]]:
    """Make the corpus in a process of its own: sealing takes no chance there."""
    command = [sys.executable, "-m", "corpus", str(folder), *options]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "index.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def index(folder: Path) -> list[dict[str, Any]]:
    return make(folder)


def test_every_class_has_packages_that_fail(index):
    """That each of them is found as its case says is asserted while it is made."""
    bent = Counter(case["class"] for case in index if case["report"]["exit"] == 1)
    assert bent.keys() >= CLASSES
    assert sum(count for name, count in bent.items() if name != "bent at random") >= 60
    assert len({case["file"] for case in index}) == len(index)


def test_every_failure_says_what_was_expected_and_what_was_found(index):
    for case in index:
        for finding in case["report"]["fails"]:
            assert finding["expected"], (case["file"], finding)
            assert finding["found"], (case["file"], finding)


def test_no_package_bent_at_random_holds_unless_it_shows_the_same(index):
    """Exit 0 is left to bits that say nothing: times, versions and permissions in the ZIP."""
    for case in index:
        if case["class"] == "bent at random" and case["report"]["exit"] == 0:
            assert case["report"]["holds"][0]["code"] == "archive-holds"


def test_tokens_of_unknown_authorities_stay_open(index):
    found = [case for case in index if case["class"] == "tokens by unknown authorities"]
    assert len(found) == 3
    assert all(case["report"]["exit"] == 2 for case in found)


def test_the_browser_has_the_same_sentences():
    """`PYTHONPATH=tests .venv/bin/python -m corpus.catalogue` writes them anew."""
    assert PATH.read_text() == catalogue()


def test_it_is_the_same_each_time_it_is_made(folder, index, tmp_path):
    for case in make(tmp_path, "--random", "6"):
        one, other = (where / case["file"] for where in (folder, tmp_path))
        assert sha256(one.read_bytes()).digest() == sha256(other.read_bytes()).digest(), one
        assert case in index
