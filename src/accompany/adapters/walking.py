"""Walking through a journal file from header to header: where its frames lie, without reading them.

For erasing and for backups, which know of places and not of records. A header is believed where it
stands at the offset it names; whether its frame is whole is not looked at.
"""

from collections.abc import Iterator
from pathlib import Path

from accompany.adapters.frames import HEADER_SIZE, Header, framed_size


def headers_in(path: Path) -> Iterator[tuple[Header, bytes]]:
    """Yield each header of a journal file, and it as it lies there, with its CRC."""
    size = path.stat().st_size
    with path.open("rb") as source:
        offset = 0
        while True:
            source.seek(offset)
            head = source.read(HEADER_SIZE)
            header = Header.parse(head)
            if header is None or header.offset != offset or end_of(header) > size:
                return
            yield header, head
            offset = end_of(header)


def end_of(header: Header) -> int:
    """Return where the frame of *header* ends and the next one begins."""
    return header.offset + framed_size(header.length)


def end_in(path: Path) -> int:
    """Return where the last frame of a journal file ends."""
    end = 0
    for header, _ in headers_in(path):
        end = end_of(header)
    return end
