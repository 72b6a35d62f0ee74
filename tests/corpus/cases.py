"""A case of the corpus: a package, what is believed from outside, and what is to be found.

Pure but for the package it checks. Not here: which cases there are (the modules beside this one).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accompany.evidence.checkpoints import Policy
from accompany.evidence.heads import read_heads
from accompany.evidence.notes import Verifier
from accompany.evidence.report import Report, as_json
from accompany.evidence.timestamps import read_certificates
from accompany.evidence.verify import Trust
from accompany.verifier import verify
from evidence.making import POLICY_TEXT, Package, codes, failures

Fails = Mapping[str, set[str]]


@dataclass(frozen=True)
class Case:
    """*fails* maps files to the codes that fail on them; *open* are the codes left unchecked.

    None stands for "whatever Python finds", as for packages bent at random. `holds` are codes that
    must be among what holds.
    """

    kind: str
    """The class that issue 3 names."""
    name: str
    package: Package | bytes
    fails: Fails | None = field(default_factory=dict)
    open: tuple[str, ...] | None = ()
    policy: str | None = POLICY_TEXT
    anchors: str | None = None
    signer: str | None = None
    heads: str | None = None
    open_ended: bool = False
    holds: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        return f"{_plain(self.kind)}/{_plain(self.name)}.zip"

    @property
    def bytes_(self) -> bytes:
        return self.package if isinstance(self.package, bytes) else self.package.zipped()

    @property
    def trust(self) -> Trust:
        return Trust(
            policy=None if self.policy is None else Policy.parse(self.policy.encode()),
            signer=None if self.signer is None else Verifier.parse(self.signer),
            open_ended=self.open_ended,
            heads=() if self.heads is None else read_heads(self.heads.encode()),
            anchors=() if self.anchors is None else read_certificates(self.anchors.encode()),
        )

    @property
    def options(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "anchors": self.anchors,
            "signer": self.signer,
            "heads": self.heads,
            "open_ended": self.open_ended,
        }


def _plain(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def write(case: Case, folder: Path) -> dict[str, Any]:
    """Write the package, verify it, and return its entry in the index.

    Raise AssertionError where Python finds other than the case says.
    """
    path = folder / case.path
    path.parent.mkdir(parents=True, exist_ok=True)
    assert not path.exists(), f"two cases are called {case.path}"
    path.write_bytes(case.bytes_)
    report = verify(path, case.trust)
    _check(case, report)
    return {
        "class": case.kind,
        "name": case.name,
        "file": case.path,
        "bent": report.exit == 1,
        "options": case.options,
        "report": as_json(report),
    }


def _check(case: Case, report: Report) -> None:
    failed, left = failures(report), tuple(codes(report, "could not be checked"))
    for expected, found in ((case.fails, failed), (case.open, left)):
        said = f"{case.path}:\n expected {expected}\n found    {found}"
        assert expected is None or expected == found, said
    missing = case.holds - set(codes(report, "holds"))
    assert not missing, f"{case.path}: {missing} should hold"


def flipped(data: bytes, position: int, bits: int = 1) -> bytes:
    return data[:position] + bytes([data[position] ^ bits]) + data[position + 1 :]
