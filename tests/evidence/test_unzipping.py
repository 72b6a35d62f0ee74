"""ZIP tricks: what two programs would read differently, or what no package has, is said."""

import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from io import BytesIO, RawIOBase

import pytest

from accompany.errors import Damaged, DoesNotHold
from accompany.evidence.findings import Findings
from accompany.evidence.unzipping import NotAZip, read_archive
from accompany.evidence.zipping import PIECE, zip_size, zip_stream

FILES = {"bag/a": b"every word", "bag/b": b"", "bag/c": bytes(range(256)) * 900}


def stream(files: dict[str, bytes]) -> bytes:
    return b"".join(zip_stream((name, len(data), iter([data])) for name, data in files.items()))


def read(data: bytes) -> tuple[dict[str, bytes], set[str]]:
    """Return the files that can be read, and the codes of what was found."""
    findings = Findings()
    archive = read_archive(BytesIO(data), findings)
    files = {}
    for name in archive.members:
        try:
            files[name] = b"".join(archive.chunks(name))
        except DoesNotHold:
            findings.add("zip-damaged", name)
    return files, {finding.code for finding in findings.all}


def made(write, mode: int = zipfile.ZIP_STORED, **given) -> bytes:
    """A ZIP by Python's own writer."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", mode, **given) as archive:
        write(archive)
    return out.getvalue()


# ---- What we write -----------------------------------------------------------------------------


def test_what_is_written_is_read_by_us_and_by_others():
    data = stream(FILES)
    assert read(data) == (FILES, set())
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_many_small_files_come_in_few_pieces():
    files = {f"bag/{number}": b"small" * 20 for number in range(10_000)}
    pieces = list(zip_stream((name, len(data), iter([data])) for name, data in files.items()))
    assert len(pieces) <= sum(map(len, pieces)) // PIECE + 1


def test_the_size_is_known_before():
    assert zip_size((name, len(data)) for name, data in FILES.items()) == len(stream(FILES))
    assert zip_size([]) == len(stream({}))


@pytest.mark.parametrize("pieces", [[b"12"], [b"12", b"345"], []])
def test_an_item_that_breaks_its_promise_stops_the_stream(pieces):
    with pytest.raises(Damaged, match="bag/a: expected 4 bytes"):
        list(zip_stream([("bag/a", 4, iter(pieces))]))


def test_streaming_takes_flat_memory():
    piece = bytes(1024 * 1024)
    items = ((f"bag/{n}", 64 * len(piece), (piece for _ in range(64))) for n in range(4))
    tracemalloc.start()
    total = sum(len(part) for part in zip_stream(items))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 256 * len(piece)
    assert peak < 8 * len(piece)


class Sparse(RawIOBase):
    """A source of any size that holds only what was put into it; the rest is zeros."""

    def __init__(self, size: int, parts: dict[int, bytes]) -> None:
        self._size, self._parts, self._at = size, parts, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = min(self._size, self._at + size)
        data = bytearray(max(0, end - self._at))
        for start, part in self._parts.items():
            low, high = max(start, self._at), min(start + len(part), end)
            if low < high:
                data[low - self._at : high - self._at] = part[low - start : high - start]
        self._at = max(self._at, end)
        return bytes(data)


def test_zip64_is_written_where_needed_and_read():
    """Over four gibibytes that nobody has to hold: zeros are skipped over and not kept."""
    size = 4 * 1024**3 + 16 * 1024**2
    piece = bytes(16 * 1024 * 1024)
    items = [
        ("bag/film", size, (piece for _ in range(size // len(piece)))),
        ("bag/last", 4, iter([b"last"])),
    ]
    parts: dict[int, bytes] = {}
    at = 0
    for part in zip_stream(items):
        if len(part) != len(piece):
            parts[at] = part
        at += len(part)
    assert at == zip_size([("bag/film", size), ("bag/last", 4)])
    findings = Findings()
    archive = read_archive(Sparse(at, parts), findings)
    assert findings.all == []
    assert archive.members["bag/film"].size == size
    assert archive.members["bag/last"].offset > 0xFFFFFFFF
    assert b"".join(archive.chunks("bag/last")) == b"last"


def test_more_files_than_a_plain_zip_can_count():
    files = {f"bag/{number}": b"" for number in range(66_000)}
    assert read(stream(files)) == (files, set())


def test_a_deflated_package_is_read_too():
    data = made(
        lambda zip_: [zip_.writestr(name, content) for name, content in FILES.items()],
        zipfile.ZIP_DEFLATED,
    )
    assert read(data) == (FILES, set())


# ---- Tricks ------------------------------------------------------------------------------------


def named(*names: str) -> bytes:
    def write(archive: zipfile.ZipFile) -> None:
        for number, name in enumerate(names):
            info = zipfile.ZipInfo("x")
            info.filename = name
            archive.writestr(info, f"{number}")

    return made(write)


@pytest.mark.parametrize(
    "name",
    [
        "../bag/a",
        "bag/../../a",
        "/bag/a",
        "bag//a",
        "bag/./a",
        "bag\\a",
        "C:/bag/a",
        "bag/a\n",
        "bag/\x7f",
        "bag/" + "a" * 500,
    ],
)
def test_a_name_that_leads_elsewhere_is_said(name):
    assert "zip-name" in read(named(name))[1]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "twins",
    [
        ("bag/a", "bag/a"),
        ("bag/README", "bag/readme"),
        ("bag/é", "bag/e\u0301"),
        ("bag/ß", "bag/ss"),
        ("bag/É", "bag/e\u0301"),
    ],
    ids=["the same", "case", "Unicode form", "folded", "both"],
)
def test_names_that_are_one_to_some_computers_are_said(twins):
    files, found = read(named(*twins))
    assert found == {"zip-twin"}
    assert files[twins[0]] == b"0"


def test_a_folder_and_a_link_are_no_regular_files():
    assert "zip-kind" in read(named("bag/"))[1]

    def link(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("bag/link")
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")

    assert read(made(link))[1] == {"zip-kind"}


def test_comments_and_fields_are_said():
    def commented(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("bag/a")
        info.comment = b"hidden"
        archive.writestr(info, "a")

    def with_field(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("bag/a")
        info.extra = struct.pack("<HH", 0x7777, 6) + b"hidden"
        archive.writestr(info, "a")

    def archive_comment(archive: zipfile.ZipFile) -> None:
        archive.writestr("bag/a", "a")
        archive.comment = b"hidden"

    assert read(made(commented))[1] == {"zip-extra"}
    assert read(made(with_field))[1] == {"zip-extra"}
    assert read(made(archive_comment))[1] == {"zip-extra", "zip-stray-bytes"}


def test_other_ways_of_packing_are_said_and_not_tried():
    for mode in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = made(lambda archive: archive.writestr("bag/a", "a" * 99), mode)
        assert "zip-packing" in read(data)[1]
    encrypted = bytearray(named("bag/a"))
    encrypted[6] |= 1
    encrypted[encrypted.rindex(b"PK\x01\x02") + 8] |= 1
    assert read(bytes(encrypted))[1] == {"zip-packing"}


def test_bytes_before_between_and_behind_are_said():
    data = stream(FILES)
    assert "zip-stray-bytes" in read(data + b"behind")[1]
    directory = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    moved = bytearray(data[:directory] + b"hidden" + data[directory:])
    struct.pack_into("<L", moved, len(moved) - 6, directory + 6)
    assert read(bytes(moved))[1] == {"zip-stray-bytes"}
    shifted = data[:end] + b"hidden" + data[end:]
    assert read(shifted)[1] == {"zip-stray-bytes"}


def test_bytes_before_the_first_entry_are_said():
    def late(archive: zipfile.ZipFile) -> None:
        archive.writestr("bag/a", "a")

    out = BytesIO(b"a program that runs")
    out.seek(0, os.SEEK_END)
    with zipfile.ZipFile(out, "a") as archive:
        late(archive)
    assert read(out.getvalue())[1] == {"zip-stray-bytes"}


def test_a_local_header_that_says_something_else_is_said():
    data = bytearray(named("bag/aaaa"))
    data[30:38] = b"bag/bbbb"
    assert read(bytes(data))[1] == {"zip-header"}
    data = bytearray(named("bag/aaaa"))
    data[0] ^= 1
    assert read(bytes(data))[1] == {"zip-header"}


def test_a_descriptor_that_says_something_else_is_said():
    data = bytearray(stream({"bag/a": b"every word"}))
    data[data.index(b"PK\x07\x08") + 5] ^= 1
    assert read(bytes(data))[1] == {"zip-header"}
    data[data.index(b"PK\x07\x08") + 1] ^= 1
    assert "zip-header" in read(bytes(data))[1]


def test_a_changed_byte_of_a_file_is_damage():
    data = stream(FILES).replace(b"every word", b"every ward")
    assert read(data)[1] == {"zip-damaged"}


def test_a_bomb_is_said_and_not_kept_in_memory():
    data = made(
        lambda archive: archive.writestr("bag/a", bytes(64 * 1024 * 1024)), zipfile.ZIP_DEFLATED
    )
    findings = Findings()
    tracemalloc.start()
    archive = read_archive(BytesIO(data), findings)
    size = sum(len(piece) for piece in archive.chunks("bag/a"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [finding.code for finding in findings.all] == ["zip-bomb"]
    assert size == 64 * 1024 * 1024
    assert peak < 4 * 1024 * 1024


def test_overlapping_entries_are_left_out():
    """Every entry of such a bomb unpacks to the same bytes; none of them is read twice."""
    data = stream({"bag/a": b"every word", "bag/b": b"every word"})
    at = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", at + 4)
    bent = bytearray(data)
    struct.pack_into("<L", bent, second + 42, 0)
    files, found = read(bytes(bent))
    assert "zip-overlap" in found
    assert set(files) == {"bag/a"}


def test_an_entry_that_claims_more_than_there_is_is_left_out():
    data = bytearray(stream({"bag/a": b"every word"}))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<LL", data, at + 20, 99999, 99999)
    assert read(bytes(data))[0] == {}
    assert "zip-overlap" in read(bytes(data))[1]


def test_deflated_bytes_that_lie_of_their_size_are_damage():
    for size in (5, 50):
        data = bytearray(
            made(lambda archive: archive.writestr("bag/a", b"every word"), zipfile.ZIP_DEFLATED)
        )
        struct.pack_into("<L", data, 22, size)
        struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, size)
        assert read(bytes(data))[1] == {"zip-damaged"}


def test_bytes_hidden_behind_a_deflated_stream_are_damage():
    packed = zlib.compressobj(wbits=-15)
    stream_ = packed.compress(b"every word") + packed.flush() + b"hidden"
    head = struct.pack(
        "<4s5H3L2H",
        b"PK\x03\x04",
        20,
        0,
        8,
        0,
        33,
        zlib.crc32(b"every word"),
        len(stream_),
        10,
        5,
        0,
    )
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, zlib.crc32(b"every word"),
        len(stream_), 10, 5, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip
    body = head + b"bag/a" + stream_
    directory = central + b"bag/a"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(body), 0)
    assert read(body + directory + end)[1] == {"zip-damaged"}


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"no ZIP at all" * 99, b"PK\x05\x06" + bytes(10), stream(FILES)[:-23]],
    ids=["empty", "short", "text", "half an end", "cut"],
)
def test_what_is_no_zip_is_no_zip(data):
    with pytest.raises(NotAZip):
        read(data)


def test_a_directory_that_cannot_be_read_is_no_zip():
    data = bytearray(stream(FILES))
    data[data.index(b"PK\x01\x02")] ^= 1
    with pytest.raises(NotAZip, match="directory entry"):
        read(bytes(data))


def test_an_empty_zip_is_a_zip():
    assert read(stream({})) == ({}, set())
