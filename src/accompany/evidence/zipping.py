"""Writing a package's ZIP as a stream: stored, ZIP64 where needed, in flat memory.

Nothing is compressed: sealed bytes do not shrink, and a stored file can be cut out with any tool.
`Directory` writes headers for whoever has a file's bytes at hand, in any thread; `zip_stream` asks
for one file's bytes at a time. An hour of film is some thirty thousand small files: what is done
for each of them is what reading one out costs (docs/decisions). No disk, and no time either: two
ZIPs of the same files are the same bytes. Not here: reading one (unzipping), which files there are
(package). APPNOTE.TXT 6.3.10 is the form.
"""

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator

from accompany.errors import Damaged

PIECE = 256 * 1024
"""Bytes after which a piece is handed out: files are small, each piece costs its reader."""

ZipItem = tuple[str, int, Iterable[bytes]]
"""Name in the ZIP, size in bytes, and the bytes in pieces."""

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")
_WIDE = struct.Struct("<HHQQ")
_DESCRIPTOR = struct.Struct("<4sLLL")
_DESCRIPTOR64 = struct.Struct("<4sLQQ")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_PLAIN, _LATER = 0x0800, 0x0808
"""Flags: a name in UTF-8; and sizes that follow the bytes."""
_DAY = 0x0021
"""1980-01-01, the first day of a ZIP: when a package was made stands in package.note."""
_FILE = 0o100644 << 16
_UNIX = 3 << 8


class Section:
    """Files that are made ready before it is known where in the ZIP they will stand, in order."""

    def __init__(self) -> None:
        # Of thirty thousand files, as tuples, several megabytes more.
        self._names = bytearray()
        self._numbers = array("Q")
        self.length = 0
        """Bytes of the files so far, heads included."""

    def whole(self, name: str, size: int, crc: int) -> bytes:
        """Return the header of a file whose *size* bytes, of this *crc*, follow at once."""
        raw = name.encode()
        head = _local(raw, size, crc, _PLAIN)
        self._names += raw
        self._numbers.extend((len(raw), size, crc, self.length))
        self.length += len(head) + size
        return head

    def entries(self) -> Iterator[tuple[bytes, int, int, int]]:
        """Yield name, size, CRC-32 and offset in the section of each file."""
        at = 0
        numbers = iter(self._numbers)
        for length, *rest in zip(*[numbers] * 4, strict=True):
            yield (bytes(self._names[at : at + length]), *rest)
            at += length


class Directory:
    """The entries of one ZIP as they are written, in order; `end` writes them down."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._count = 0
        self._length = 0

    def whole(self, name: str, size: int, crc: int) -> bytes:
        """Return the header of a file whose *size* bytes, of this *crc*, follow at once."""
        raw = name.encode()
        head = _local(raw, size, crc, _PLAIN)
        self._add(raw, size, crc, _PLAIN, self._length)
        self._length += len(head) + size
        return head

    def later(self, name: str, size: int) -> bytes:
        """Return the header of a file whose bytes follow piece by piece; then comes `done`."""
        return _local(name.encode(), size, 0, _LATER)

    def done(self, name: str, size: int, crc: int) -> bytes:
        """Return what stands behind the bytes of a file begun with `later`."""
        form = _DESCRIPTOR64 if size >= _FULL32 else _DESCRIPTOR
        self._add(name.encode(), size, crc, _LATER, self._length)
        self._length += len(self.later(name, size)) + size + form.size
        return form.pack(b"PK\x07\x08", crc, size, size)

    def follow(self, section: Section) -> None:
        """Let all files of *section* follow those so far."""
        for raw, size, crc, offset in section.entries():
            self._add(raw, size, crc, _PLAIN, self._length + offset)
        self._length += section.length

    def _add(self, raw: bytes, size: int, crc: int, flags: int, offset: int) -> None:
        self._written += _central(raw, size, crc, flags, offset)
        self._count += 1

    def end(self) -> bytes:
        """Return the directory and the end of the ZIP."""
        return bytes(self._written + _end(self._count, len(self._written), self._length))


def _local(raw: bytes, size: int, crc: int, flags: int) -> bytes:
    given = 0 if flags == _LATER else size
    if size < _FULL32:
        sizes, extra, version = (given, given), b"", 20
    else:
        sizes, extra, version = (_FULL32, _FULL32), _WIDE.pack(1, 16, given, given), 45
    head = _LOCAL.pack(b"PK\x03\x04", version, flags, 0, 0, _DAY, crc, *sizes, len(raw), len(extra))
    return head + raw + extra


def _central(raw: bytes, size: int, crc: int, flags: int, offset: int) -> bytes:
    wide = [value for value in (size, size, offset) if value >= _FULL32]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = 45 if wide else 20
    narrow = min(size, _FULL32)
    head = _CENTRAL.pack(
        b"PK\x01\x02", version | _UNIX, version, flags, 0, 0, _DAY, crc, narrow, narrow,
        len(raw), len(extra), 0, 0, 0, _FILE, min(offset, _FULL32),
    )  # fmt: skip
    return head + raw + extra


def _end(count: int, size: int, offset: int) -> bytes:
    wide = b""
    if count >= _FULL16 or size >= _FULL32 or offset >= _FULL32:
        wide = _END64.pack(b"PK\x06\x06", 44, 45 | _UNIX, 45, 0, 0, count, count, size, offset)
        wide += _LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
    narrow = min(count, _FULL16)
    last = (0, 0, narrow, narrow, min(size, _FULL32), min(offset, _FULL32), 0)
    return wide + _END.pack(b"PK\x05\x06", *last)


def zip_stream(items: Iterable[ZipItem]) -> Iterator[bytes]:
    """Yield the ZIP of *items* in their order, in pieces of about PIECE bytes.

    Raise Damaged in the middle where an item gives other than the bytes it promised: the receiver
    then has a ZIP without its directory, which nothing takes for whole.
    """
    held, waiting = [], 0
    for piece in _written(items):
        held.append(piece)
        waiting += len(piece)
        if waiting >= PIECE:
            yield b"".join(held)
            held, waiting = [], 0
    yield b"".join(held)


def _written(items: Iterable[ZipItem]) -> Iterator[bytes]:
    directory = Directory()
    for name, size, pieces in items:
        yield directory.later(name, size)
        crc = 0
        for piece in _exactly(name, size, pieces):
            crc = zlib.crc32(piece, crc)
            yield piece
        yield directory.done(name, size, crc)
    yield directory.end()


def zip_size(names_and_sizes: Iterable[tuple[str, int]], later: bool = True) -> int:
    """Return how many bytes a ZIP has: for Content-Length and progress.

    *later* as `zip_stream` writes it, with the sizes behind the bytes; otherwise with them before.
    """
    offset = size = count = 0
    flags = _LATER if later else _PLAIN
    for name, length in names_and_sizes:
        raw = name.encode()
        wide = length >= _FULL32
        size += _CENTRAL.size + len(raw) + _wide_size(length, offset)
        offset += _LOCAL.size + len(raw) + (_WIDE.size if wide else 0) + length
        if flags == _LATER:
            offset += (_DESCRIPTOR64 if wide else _DESCRIPTOR).size
        count += 1
    return offset + size + len(_end(count, size, offset))


def _wide_size(length: int, offset: int) -> int:
    fields = 2 * (length >= _FULL32) + (offset >= _FULL32)
    return 4 + 8 * fields if fields else 0


def _exactly(name: str, size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = size
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise Damaged(f"{name}: expected {size} bytes, found {'more' if left < 0 else size - left}")
