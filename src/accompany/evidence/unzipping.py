"""Reading a package's ZIP, strictly: no two programs may see two different packages in one file.

    [local header, bytes, descriptor] …  directory  [ZIP64 end]  end

What belongs to none of these is a finding, and so is a name, a kind of entry or a field that no
package has. What has no readable directory is no ZIP (NotAZip). Bytes come in pieces, in flat
memory. Pure: reads the source it is given, writes nothing, unpacks nothing to disk.
Source: APPNOTE.TXT 6.3.10.
"""

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from accompany.errors import AccompanyError, DoesNotHold
from accompany.evidence.contents import Unreadable
from accompany.evidence.findings import Findings
from accompany.evidence.text import quoted

PIECE = 256 * 1024
DIRECTORY_LIMIT = 256 * 1024 * 1024
"""Bytes in a directory: about two million files."""

_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 1, 8, 1 << 11
_DEFLATE_OPTIONS = 2 | 4
_BOMB_RATIO, _BOMB_SIZE = 200, 1024 * 1024
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_WIDEST = 2**52  # Sums of two are numbers that a browser has.
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_NAME = re.compile(r"[^\x00-\x1f\x7f\\:]{1,400}")


class NotAZip(AccompanyError):
    """No ZIP, or none whose directory can be read."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry as the directory has it; sizes in bytes."""

    name: str
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


class Archive:
    """The entries of a ZIP, by name; `chunks` reads one."""

    def __init__(
        self, source: BinaryIO, members: dict[str, Member], starts: dict[str, int]
    ) -> None:
        self._source = source
        self._starts = starts
        self.members = members

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an entry in pieces; raise DoesNotHold, at the end, if damaged, and
        Unreadable, at any point, if they are other than the directory says.

        Several may be read by turns.
        """
        member = self.members[name]
        other = Unreadable(name, f"{member.size} bytes, packed as the ZIP says", "something else")
        crc = size = 0
        try:
            for piece in self._unpacked(member):
                size += len(piece)
                if size > member.size:
                    raise other
                crc = zlib.crc32(piece, crc)
                yield piece
        except zlib.error as error:
            raise other from error
        if size != member.size:
            raise other
        if crc != member.crc:
            raise DoesNotHold(name, f"checksum {member.crc:08x}", f"{crc:08x}")

    def _packed(self, member: Member) -> Iterator[bytes]:
        start = self._starts[member.name]
        for at in range(start, start + member.packed, PIECE):
            self._source.seek(at)
            yield self._source.read(min(PIECE, start + member.packed - at))

    def _unpacked(self, member: Member) -> Iterator[bytes]:
        """Yield what is packed; zlib.error where that is not one whole deflated stream."""
        if member.method == _STORED:
            yield from self._packed(member)
            return
        if member.method != _DEFLATED:
            raise zlib.error("packed in another way")
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        for packed in self._packed(member):
            if inflate.eof:
                raise zlib.error("bytes after the end")
            while packed:
                yield inflate.decompress(packed, PIECE)
                packed = inflate.unconsumed_tail
        while piece := inflate.decompress(inflate.unconsumed_tail, PIECE):
            yield piece
        if not inflate.eof or inflate.unused_data:
            raise zlib.error("cut, or bytes after the end")


def read_archive(source: BinaryIO, findings: Findings) -> Archive:
    """Return the entries of a ZIP; what no package has goes to *findings*, in the order found.

    Raise NotAZip where no directory can be read. Entries that overlap are left out.
    """
    end = _read_end(source, findings)
    members: dict[str, Member] = {}
    starts: dict[str, int] = {}
    twins: dict[str, str] = {}
    listed = list(_directory(source, end, findings))
    if len(listed) != end.count:
        findings.add("zip-header", "", f"{end.count} entries", f"{len(listed)}")
    for member, start in _placed(source, listed, end.directory, findings):
        twin = _folded(member.name)
        if twin in twins:
            findings.add("zip-twin", member.name, "each name once", twins[twin])
        twins.setdefault(twin, member.name)
        members.setdefault(member.name, member)
        starts.setdefault(member.name, start)
    return Archive(source, members, starts)


def _folded(name: str) -> str:
    """What a name is to a computer that minds neither case nor Unicode form.

    Up and down again, as every language can: Unicode's own folding comes with Python alone.
    """
    if name.isascii():
        return name.lower()
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", composed.upper().lower())


@dataclass(frozen=True, slots=True)
class _End:
    """What the end of the ZIP says: entries, where the directory begins, and its size in bytes."""

    count: int
    directory: int
    size: int


def _read_at(source: BinaryIO, at: int, size: int) -> bytes:
    source.seek(at)
    return source.read(size)


def _read_end(source: BinaryIO, findings: Findings) -> _End:
    length = source.seek(0, 2)
    tail = _read_at(source, max(0, length - _END.size - _FULL16), _END.size + _FULL16)
    at = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - _END.size + 4))
    if at < 0:
        raise NotAZip("expected a ZIP's end record, found none")
    position = length - len(tail) + at
    _, disk, first, here, count, size, directory, comment = _END.unpack_from(tail, at)
    if length != position + _END.size:
        found = f"{length - position - _END.size} bytes more"
        findings.add("zip-stray-bytes", "", "nothing after the ZIP's end record", found)
    if comment:
        findings.add("zip-extra", "", "no comment", f"one of {comment} bytes")
    end, stop = _End(count, directory, size), position
    locator = _read_at(source, position - _LOCATOR.size, _LOCATOR.size) if position >= 20 else b""
    if locator.startswith(b"PK\x06\x07"):
        end, stop = _read_end64(source, _LOCATOR.unpack(locator)[2])
        narrow = ((count, end.count, _FULL16), (size, end.size, _FULL32))
        if any(old not in (new, full) for old, new, full in narrow):
            findings.add("zip-header", "", f"{end.count} entries in both end records", str(count))
    elif count == _FULL16 or _FULL32 in (size, directory):
        raise NotAZip("expected a ZIP64 end record, found none")
    if (disk, first) != (0, 0) or here != count:
        findings.add("zip-header", "", "a ZIP in one piece", f"disk {disk} of {first}")
    if end.directory + end.size > stop or end.size > DIRECTORY_LIMIT:
        raise NotAZip(f"expected a directory of {end.size} bytes before byte {stop}")
    if end.directory + end.size < stop:
        found = f"{stop - end.directory - end.size} bytes"
        findings.add("zip-stray-bytes", "", "nothing between directory and end record", found)
    return end


def _read_end64(source: BinaryIO, at: int) -> tuple[_End, int]:
    record = _read_at(source, at, _END64.size) if at < _WIDEST else b""
    if len(record) != _END64.size or not record.startswith(b"PK\x06\x06"):
        raise NotAZip("expected a ZIP64 end record where its locator points")
    _, length, _, _, _, _, _, count, size, directory = _END64.unpack(record)
    if length != _END64.size - 12:
        raise NotAZip(f"expected a ZIP64 end record of 44 bytes, found {length}")
    if max(count, size, directory) >= _WIDEST:
        raise NotAZip("expected sizes under 2^52 bytes")
    return _End(count, directory, size), at


def _directory(source: BinaryIO, end: _End, findings: Findings) -> Iterator[Member]:
    data = _read_at(source, end.directory, end.size)
    at = 0
    while at < len(data):
        if len(data) - at < _CENTRAL.size or data[at : at + 4] != b"PK\x01\x02":
            raise NotAZip(f"expected a directory entry at byte {end.directory + at}")
        fields = _CENTRAL.unpack_from(data, at)
        flags, method = fields[3:5]
        crc, packed, size, name_size, extra_size, comment_size, disk = fields[7:14]
        external, offset = fields[15:17]
        at += _CENTRAL.size
        raw, extra = data[at : at + name_size], data[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        if at > len(data):
            raise NotAZip("expected a whole directory, found one that is cut")
        name = _read_name(raw, flags, findings)
        wide = _zip64(extra, (size, packed, offset), name, findings)
        if wide:
            size, packed, offset = wide
        if comment_size or disk:
            findings.add("zip-extra", name, "no comment, one disk", f"{comment_size} bytes, {disk}")
        member = Member(name, raw, flags, method, crc, packed, size, offset)
        _check_kind(member, fields[1] >> 8, external, findings)
        yield member


def _read_name(raw: bytes, flags: int, findings: Findings) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        name = raw.decode("latin-1")
        findings.add("zip-name", name, "ASCII or UTF-8", quoted(raw))
        return name
    parts = name.split("/")
    if not _NAME.fullmatch(name) or {"", ".", ".."} & set(parts):
        findings.add("zip-name", name, "a plain path inside the package", quoted(name))
    return name


def _zip64(
    extra: bytes, narrow: tuple[int, int, int], name: str, findings: Findings
) -> tuple[int, int, int] | None:
    """Return size, packed size and offset where they stand in a ZIP64 field; only it may be."""
    if not extra:
        return None
    kind, length = struct.unpack_from("<HH", extra) if len(extra) >= 4 else (0, 0)
    missing = [value == _FULL32 for value in narrow]
    if kind != 1 or length != len(extra) - 4 or length != 8 * sum(missing):
        findings.add("zip-extra", name, "no field but ZIP64 sizes", f"{len(extra)} bytes")
        return None
    wide = iter(struct.unpack_from(f"<{sum(missing)}Q", extra, 4))
    size, packed, offset = (
        next(wide) if full else value for full, value in zip(missing, narrow, strict=True)
    )
    if max(size, packed, offset) >= _WIDEST:
        raise NotAZip("expected sizes under 2^52 bytes")
    return size, packed, offset


def _check_kind(member: Member, system: int, external: int, findings: Findings) -> None:
    mode = external >> 16
    if mode >> 12 not in (0, 0o10) or external & 0x10 or member.name.endswith("/"):
        findings.add("zip-kind", member.name, "a regular file", f"mode {mode:o} (system {system})")
    allowed = _DESCRIPTOR | _UTF8 | (_DEFLATE_OPTIONS if member.method == _DEFLATED else 0)
    if member.method not in (_STORED, _DEFLATED) or member.flags & ~allowed:
        found = f"method {member.method}, flags {member.flags:x}"
        encrypted = " (encrypted)" if member.flags & _ENCRYPTED else ""
        findings.add("zip-packing", member.name, "stored or deflated", found + encrypted)
    if member.method == _STORED and member.packed != member.size:
        findings.add("zip-header", member.name, f"{member.size} bytes", f"{member.packed}")
    if member.size > max(_BOMB_SIZE, member.packed * _BOMB_RATIO):
        found = f"{member.size} bytes from {member.packed}"
        findings.add("zip-bomb", member.name, f"at most {_BOMB_RATIO} to 1", found)


def _placed(
    source: BinaryIO, members: list[Member], directory: int, findings: Findings
) -> Iterator[tuple[Member, int]]:
    """Yield the members that lie one behind the other, and where their packed bytes begin."""
    at = 0
    for member in sorted(members, key=lambda member: member.offset):
        if member.offset < at:
            # Left out, so that a bomb of overlapping entries is never unpacked.
            found = f"byte {member.offset}"
            findings.add("zip-overlap", member.name, f"to begin at byte {at}", found)
            continue
        if member.offset + member.packed > directory:
            found = f"byte {member.offset + member.packed}"
            findings.add("zip-overlap", member.name, f"to end before byte {directory}", found)
            continue
        if member.offset > at:
            found = f"{member.offset - at} bytes"
            findings.add("zip-stray-bytes", member.name, "nothing before this entry", found)
        start, wide = _read_local(source, member, findings)
        end = _read_descriptor(source, member, start + member.packed, wide, findings)
        if end > directory:
            found = f"byte {end}"
            findings.add("zip-overlap", member.name, f"to end before byte {directory}", found)
            continue
        at = end
        yield member, start
    if at != directory:
        found = f"{directory - at} bytes"
        findings.add("zip-stray-bytes", "", "nothing between the entries and the directory", found)


def _read_local(source: BinaryIO, member: Member, findings: Findings) -> tuple[int, bool]:
    """Return where the packed bytes begin, and whether their sizes are written with 8 bytes."""
    head = _read_at(source, member.offset, _LOCAL.size)
    if len(head) != _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        found = quoted(head, 4)
        findings.add("zip-header", member.name, "a local header before it", found)
        return member.offset + _LOCAL.size + len(member.raw), False
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(head)
    tail = _read_at(source, member.offset + _LOCAL.size, name_size + extra_size)
    name, extra = tail[:name_size], tail[name_size:]
    wide = bool(extra)
    if wide and extra[:4] == b"\x01\x00\x10\x00" and len(extra) == 20:
        size, packed = struct.unpack_from("<QQ", extra, 4)
    elif wide:
        findings.add("zip-extra", member.name, "no field but ZIP64 sizes", f"{len(extra)} bytes")
    local = (name, flags, method, crc, packed, size)
    later = flags & _DESCRIPTOR and (crc, packed, size) == (0, 0, 0)
    sizes = (0, 0, 0) if later else (member.crc, member.packed, member.size)
    if local != (member.raw, member.flags, member.method, *sizes):
        expected = f"flags {member.flags:x}, method {member.method}, {member.size} bytes"
        shown = f"flags {flags:x}, method {method}, {size} bytes, called {quoted(name)}"
        findings.add("zip-header", member.name, expected, shown)
    return member.offset + _LOCAL.size + name_size + extra_size, wide


def _read_descriptor(
    source: BinaryIO, member: Member, at: int, wide: bool, findings: Findings
) -> int:
    """Return where the entry ends: behind its data descriptor, where it has one."""
    if not member.flags & _DESCRIPTOR:
        return at
    form = struct.Struct("<4sLQQ" if wide else "<4sLLL")
    data = _read_at(source, at, form.size)
    if len(data) != form.size or not data.startswith(b"PK\x07\x08"):
        findings.add("zip-header", member.name, "a data descriptor behind it", quoted(data, 4))
        return at
    if form.unpack(data)[1:] != (member.crc, member.packed, member.size):
        expected = f"checksum {member.crc:08x}, {member.packed} of {member.size} bytes"
        findings.add("zip-header", member.name, expected, f"descriptor {data[4:].hex()}")
    return at + form.size
