"""The four files that make a folder a bag (BagIt 1.0, RFC 8493): a convenience, not evidence.

With them `sha256sum -c` finds a damaged copy. They are signed by nobody: whoever changes a file can
change them too, so what counts is package.note. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from accompany.errors import Malformed
from accompany.evidence.layout import BAG_INFO, BAGIT, MANIFEST, TAG_MANIFEST
from accompany.evidence.text import quoted, write_time
from accompany.ids import RecordingId

BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

_LINE = re.compile(r"([0-9a-f]{64})  ([!-~]{1,240})")


def write_manifest(digests: Mapping[str, bytes]) -> bytes:
    """Return the lines `sha256sum` writes and checks, in order of the path's bytes."""
    lines = sorted(digests.items(), key=lambda item: item[0].encode())
    return "".join(f"{digest.hex()}  {path}\n" for path, digest in lines).encode()


def read_manifest(what: str, data: bytes) -> dict[str, bytes]:
    """Return path and SHA-256 of each line; raise Malformed unless written as we write it."""
    try:
        *lines, end = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed(what, "expected ASCII") from error
    digests: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if not match:
            raise Malformed(what, f"line {number}: expected SHA-256 and path, found {quoted(line)}")
        digests[match[2]] = bytes.fromhex(match[1])
    if end or write_manifest(digests) != data:
        raise Malformed(what, "expected each path once, in order, a newline after each")
    return digests


def write_bag_info(recording: RecordingId, sizes: Iterable[int], time: int, about: str) -> bytes:
    """Return bag-info.txt: *sizes* of the payload files in bytes, *time* in ms since 1970 UTC."""
    counted = list(sizes)
    lines = [
        f"Bag-Software-Agent: accompany ({about})",
        f"Bagging-Date: {write_time(time)[:10]}",
        f"External-Identifier: {recording}",
        f"Payload-Oxum: {sum(counted)}.{len(counted)}",
        "",
    ]
    return "\n".join(lines).encode()


def bag_files(
    recording: RecordingId, payload: Mapping[str, tuple[int, bytes]], time: int, about: str
) -> dict[str, bytes]:
    """Return the four tag files for *payload*: path -> (size in bytes, SHA-256).

    *time* in milliseconds since 1970 UTC; *about* is a word or two on what kind of package it is.
    """
    sizes = [size for size, _ in payload.values()]
    tags = {
        BAGIT: BAGIT_TEXT,
        BAG_INFO: write_bag_info(recording, sizes, time, about),
        MANIFEST: write_manifest({path: digest for path, (_, digest) in payload.items()}),
    }
    digests = {path: sha256(data).digest() for path, data in tags.items()}
    return {**tags, TAG_MANIFEST: write_manifest(digests)}
