"""Verifying a package offline: a file in, a report out; exit 0, 1 or 2.

    0  everything holds     1  something fails     2  something could not be checked, or no package

Streams through the ZIP in flat memory, unpacks nothing, asks nobody, and imports no server code.
The checks are evidence.verify's; the page is evidence.report's. A log is asked only through what
is handed in (`Asking`); cli.verify has that for `--log`.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.x509 import Certificate
from tqdm import tqdm

from accompany.errors import AccompanyError
from accompany.evidence import layout
from accompany.evidence.checkpoints import Policy
from accompany.evidence.findings import Finding, Findings
from accompany.evidence.heads import read_heads
from accompany.evidence.notes import Verifier
from accompany.evidence.report import Report, as_json, as_text
from accompany.evidence.timestamps import read_certificates
from accompany.evidence.unzipping import Archive, NotAZip, read_archive
from accompany.evidence.verify import Asking, Trust, verify_bag


class ZippedBag:
    """The files of the one folder in a ZIP, by their path in it; others are findings."""

    def __init__(self, archive: Archive, findings: Findings) -> None:
        self._archive = archive
        self.folder = _folder(archive)
        self._names: dict[str, str] = {}
        for name in archive.members:
            folder, _, path = name.partition("/")
            if folder == self.folder and path:
                self._names[path] = name
            else:
                findings.add("zip-folder", name, f"a name beginning with {self.folder}/", name)

    def sizes(self) -> dict[str, int]:
        return {path: self._archive.members[name].size for path, name in self._names.items()}

    def chunks(self, path: str) -> Iterator[bytes]:
        return self._archive.chunks(self._names[path])


def _folder(archive: Archive) -> str:
    """The folder with bagit.txt in it; else the one most names begin with."""
    folders = Counter(name.partition("/")[0] for name in archive.members)
    bags = [folder for folder in folders if f"{folder}/{layout.BAGIT}" in archive.members]
    return min(bags) if bags else next((folder for folder, _ in folders.most_common(1)), "")


def verify(
    path: Path,
    trust: Trust | None = None,
    watch: Callable[[int], None] = lambda _: None,
    asking: Asking | None = None,
) -> Report:
    """Return the report on the package at *path*; *watch* is told of bytes as they are read.

    However bent the file is, it gets a report; OSError where it cannot be read. With *asking* the
    log is looked at as well.
    """
    findings = Findings()
    with path.open("rb") as source:
        try:
            archive = read_archive(source, findings)
        except NotAZip as error:
            return Report((Finding("not-a-package", "", "a ZIP", str(error)),))
        bag = ZippedBag(archive, findings)
        if not findings.all:
            findings.add("archive-holds", count=len(archive.members))
        return verify_bag(bag, bag.folder, trust or Trust(), findings, watch, asking)


def configure_verify(parser: ArgumentParser) -> None:
    """Describe `accompany verify` to *parser*."""
    parser.description = (
        "Check a package, sealed or opened: every statement, segment, receipt and proof in it, "
        "without a network; with --log also what the log shows now. Exit status 0: everything "
        "holds. 1: something fails. 2: something could not be checked, or it is no package."
    )
    add = parser.add_argument
    add("package", metavar="X.zip", type=Path, help="the package")
    add(
        "--policy",
        metavar="FILE",
        type=Path,
        help="the keys of the log, from somebody you trust; without it, whose log it is cannot be "
        "checked",
    )
    add(
        "--anchors",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="certificates of time-stamp authorities that you believe (PEM); may be given several "
        "times. Each is judged at the time stamped",
    )
    add(
        "--signer",
        metavar="VKEY",
        help="the public key of whoever opened the package, from them: <name>+<id>+<base64>",
    )
    add(
        "--head",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a head kept elsewhere (head.json of `accompany record`): the package must contain "
        "it; may be given several times",
    )
    add(
        "--open-ended",
        action="store_true",
        help="accept that a recording without a closing, or with bytes that have not arrived, "
        "cannot show whether there was more",
    )
    add("--json", action="store_true", help="print the whole report as JSON")


def run_verify(given: Namespace, asking: Asking | None = None) -> int:
    """Print the report on the package *given*; return the exit status."""
    try:
        report = _verified(given, asking)
    except (AccompanyError, OSError) as error:
        print(f"accompany verify: {error}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(as_json(report), ensure_ascii=False, indent=2))
    else:
        print(as_text(report), end="")
    return report.exit


def _certificates(path: Path) -> tuple[Certificate, ...]:
    return read_certificates(path.read_bytes())


def _verified(given: Namespace, asking: Asking | None) -> Report:
    trust = Trust(
        policy=Policy.parse(given.policy.read_bytes()) if given.policy else None,
        signer=Verifier.parse(given.signer) if given.signer else None,
        open_ended=given.open_ended,
        anchors=tuple(one for path in given.anchors for one in _certificates(path)),
        heads=tuple(head for path in given.head for head in read_heads(path.read_bytes())),
    )
    size = given.package.stat().st_size
    with tqdm(
        total=size, desc="checking", unit="B", unit_scale=True, file=sys.stderr, disable=None,
        delay=1, leave=False,
    ) as bar:  # fmt: skip
        return verify(given.package, trust, bar.update, asking)
