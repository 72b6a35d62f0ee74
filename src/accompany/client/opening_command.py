"""`accompany open`: what is typed, what is read from key files, what is printed.

Not here: opening itself (opening).
"""

import json
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from accompany.client.arguments import fail
from accompany.client.opening import NOT_SHOWN, Choice, Opened, Ranges, open_package, passes
from accompany.errors import AccompanyError, Malformed
from accompany.evidence.age import Identity, parse_identity
from accompany.evidence.notes import Signer

_RANGE = re.compile(r"([0-9]{1,15})(?:-([0-9]{1,15}))?")


def read_identities(path: Path) -> list[Identity]:
    """Return the keys in a file, one `AGE-SECRET-KEY-…` a line; `#` begins a comment.

    Raise Malformed, never repeating the line, for anything else.
    """
    lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines()]
    keys = [parse_identity(line) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise Malformed(f"key file {path}", "expected a line AGE-SECRET-KEY-…, found none")
    return keys


def read_signer(path: Path) -> Signer:
    """Return the signing key in a file: one line `PRIVATE+KEY+…`; `#` begins a comment."""
    lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise Malformed(f"key file {path}", f"expected one line PRIVATE+KEY+…, found {len(keys)}")
    return Signer.parse(keys[0])


def read_report(path: Path) -> dict[str, Any]:
    """Return report.json as `accompany record` wrote it."""
    try:
        report = json.loads(path.read_bytes())
    except ValueError as error:
        raise Malformed(f"report {path}", "expected JSON") from error
    if not isinstance(report, dict):
        raise Malformed(f"report {path}", "expected a JSON object")
    return report


def segment_ranges(text: str) -> Ranges:
    """Return the stretches that `3-90` or `3-90,95` writes; argparse says so otherwise."""
    ranges = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise ArgumentTypeError(f"expected numbers like 3-90 or 3-90,95, found {text!r}")
        ranges.append((first, last))
    return ranges


def withheld_range(text: str) -> tuple[Ranges, str]:
    """Return the stretches and the reason that `12-20=privileged` writes."""
    numbers, _, reason = text.partition("=")
    if not reason.strip():
        raise ArgumentTypeError(f"expected numbers and a reason, 12-20=privileged, found {text!r}")
    return segment_ranges(numbers), reason.strip()


def configure_open(parser: ArgumentParser) -> None:
    """Describe `accompany open` to *parser*."""
    parser.description = (
        "Open a sealed package: write another that also holds the film or sound itself and the "
        "keys of the segments shown. Everything in the sealed one stays as it is, so that both "
        "can be verified. The recording's own key is not given away."
    )
    add = parser.add_argument
    add("package", metavar="X.zip", type=Path, help="the sealed package")
    add(
        "--identity",
        metavar="FILE",
        type=Path,
        required=True,
        help="a file with the recording's key (identity.txt), or with a key that it was granted "
        "to: AGE-SECRET-KEY-PQ-1…",
    )
    add(
        "--segments",
        metavar="3-90",
        type=segment_ranges,
        help="show only these segments, by number, and the first, which any player needs; the "
        "others are listed as withheld",
    )
    add(
        "--reason",
        metavar="TEXT",
        default=NOT_SHOWN,
        help=f"why the others are withheld, in one line (default: {NOT_SHOWN})",
    )
    add(
        "--withhold",
        metavar="12-20=REASON",
        type=withheld_range,
        action="append",
        default=[],
        help="do not show these segments, and say why, in one line; may be given several times",
    )
    add(
        "--no-court-copy",
        dest="court_copy",
        action="store_false",
        help="leave out data/media/court-copy.mp4, the film as H.264 and AAC for any player",
    )
    add(
        "--no-certification",
        dest="certification",
        action="store_false",
        help="leave out data/certification.pdf, a draft under FRE 902(13) and (14)",
    )
    add(
        "--report",
        metavar="FILE",
        type=Path,
        help="report.json of `accompany record`: the draft then names the source file and its hash",
    )
    add(
        "--sign",
        metavar="FILE",
        type=Path,
        help="a file with your signing key, PRIVATE+KEY+…; without it a key is made for this "
        "package, and its public half printed for `accompany verify --signer`",
    )
    add("-o", "--output", metavar="Y.zip", type=Path, required=True, help="the opened package")
    add("--json", action="store_true", help="print what was done as one line of JSON")


def run_open(given: Namespace) -> int:
    """Open the package *given*; return the exit status."""
    try:
        opened = _opened(given)
    except (AccompanyError, OSError) as error:
        return fail("open", error)
    if given.json:
        said = {
            "recording": opened.recording,
            "package": str(opened.target),
            "media": f"{opened.recording}/{opened.media}",
            "shown": list(opened.shown),
            "withheld": list(opened.withheld),
            "no_court_copy": opened.no_court_copy or None,
            "key": str(opened.key),
        }
        print(json.dumps(said))
    else:
        print(_words(opened))
    return 0


def _opened(given: Namespace) -> Opened:
    identities = read_identities(given.identity)
    sign = read_signer(given.sign) if given.sign else None
    choice = Choice(
        segments=given.segments,
        reason=given.reason,
        withhold=given.withhold,
        court_copy=given.court_copy,
        certification=given.certification,
        reported=read_report(given.report) if given.report else None,
    )
    total = passes(choice) * given.package.stat().st_size
    with tqdm(
        total=total, desc="opening", unit="B", unit_scale=True, file=sys.stderr, disable=None,
        delay=1, leave=False,
    ) as bar:  # fmt: skip
        return open_package(
            given.package,
            identities,
            given.output,
            now=time.time_ns() // 1_000_000,
            choice=choice,
            sign=sign,
            watch=bar.update,
        )


def _words(opened: Opened) -> str:
    lines = [
        f"Opened {opened.recording}: {len(opened.shown)} segments shown, "
        f"{len(opened.withheld)} withheld.",
        f"  {opened.target}",
        f"  in it: {opened.media}",
    ]
    if opened.no_court_copy:
        lines.append(f"  no court copy: {opened.no_court_copy}")
    if opened.own_key:
        lines += [
            "Signed with a key made for this package alone. Whoever is to check that nothing was "
            "changed since needs its public half from you:",
            f"  accompany verify {opened.target} --signer '{opened.key}'",
        ]
    else:
        lines.append(f"Signed by {opened.key}")
    return "\n".join(lines)
