"""`accompany open`: what is typed, what is read from key files, what is printed.

Not here: opening itself (opening).
"""

import json
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from tqdm import tqdm

from accompany.client.arguments import fail
from accompany.client.opening import NOT_SHOWN, Opened, Ranges, open_package
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
            "key": str(opened.key),
        }
        print(json.dumps(said))
    else:
        print(_words(opened))
    return 0


def _opened(given: Namespace) -> Opened:
    identities = read_identities(given.identity)
    sign = read_signer(given.sign) if given.sign else None
    # Sealed bytes are read twice: once to weigh the film, once to write it; once more as they are.
    total = 3 * given.package.stat().st_size
    with tqdm(
        total=total, desc="opening", unit="B", unit_scale=True, file=sys.stderr, disable=None,
        delay=1, leave=False,
    ) as bar:  # fmt: skip
        return open_package(
            given.package,
            identities,
            given.output,
            now=time.time_ns() // 1_000_000,
            segments=given.segments,
            reason=given.reason,
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
    if opened.own_key:
        lines += [
            "Signed with a key made for this package alone. Whoever is to check that nothing was "
            "changed since needs its public half from you:",
            f"  accompany verify {opened.target} --signer '{opened.key}'",
        ]
    else:
        lines.append(f"Signed by {opened.key}")
    return "\n".join(lines)
