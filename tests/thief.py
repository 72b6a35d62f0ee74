"""What somebody finds who takes a folder: a browser's whole profile, a server's data, a backup."""

import re
import struct
from pathlib import Path

HERE = {"latitude": 31.761913, "longitude": -106.485027, "accuracy": 5}
"""Where a phone is, as its browser would say it to a page that asked."""

COORDINATES = b"|".join(
    [
        rb"31\.7619",
        rb"106\.4850",
        *(
            re.escape(struct.pack(order, HERE[one]))
            for order in ("<d", ">d")
            for one in ("latitude", "longitude")
        ),
    ]
)
"""A pattern: what would be left of it, as text or as numbers."""

IDENTITY = rb"AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}"


def holding(folder: Path, pattern: bytes, exact: bool = False) -> list[str]:
    """Return the files that hold it, written byte by byte or in two bytes a letter; *exact* bytes
    are no pattern."""
    pattern = re.escape(pattern) if exact else pattern
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(re.search(pattern, data) for data in _both(path.read_bytes()))
    )


def _both(data: bytes) -> tuple[bytes, bytes]:
    return data, data.replace(b"\0", b"")
