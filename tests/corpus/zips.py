"""The ZIP around a package, bent: what two programs would read as two packages."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from accompany.evidence import layout
from accompany.evidence.zipping import zip_stream
from corpus.cases import Case, flipped
from evidence import making
from evidence.test_verify import film, sealed

KIND = "ZIP tricks"
MOMENT = (2026, 11, 21, 20, 0, 0)
Items = list[tuple[str, bytes]]


def _items() -> Items:
    package = making.good()
    return [(f"{package.recording}/{path}", data) for path, data in package.files.items()]


def _stream(items: Items) -> bytes:
    return b"".join(zip_stream((name, len(data), iter([data])) for name, data in items))


def _written(
    items: Items,
    change: Callable[[zipfile.ZipInfo], None] = lambda _: None,
    mode: int = zipfile.ZIP_STORED,
    comment: bytes = b"",
) -> bytes:
    """A ZIP by Python's own writer; *change* is asked about each entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in items:
            info = zipfile.ZipInfo("x", MOMENT)
            info.filename = name
            info.compress_type = mode
            info.create_system = 3
            change(info)
            archive.writestr(info, data)
        archive.comment = comment
    return out.getvalue()


def names() -> Iterator[Case]:
    """Names that lead elsewhere, or are one to some computers."""
    folder = making.good().recording
    unknown = {"file-unknown"}
    for what, name, fails in (
        (
            "climbs out",
            f"{folder}/../evil",
            {f"{folder}/../evil": {"zip-name"}, "../evil": unknown},
        ),
        ("absolute", "/evil", {"/evil": {"zip-name", "zip-folder"}}),
        ("a drive", f"{folder}/C:evil", {f"{folder}/C:evil": {"zip-name"}, "C:evil": unknown}),
        ("a backslash", f"{folder}/a\\b", {f"{folder}/a\\b": {"zip-name"}, "a\\b": unknown}),
        ("a double slash", f"{folder}//a", {f"{folder}//a": {"zip-name"}, "/a": unknown}),
        ("a control character", f"{folder}/a\n", {f"{folder}/a\n": {"zip-name"}, "a\n": unknown}),
        ("the second folder", "other/file", {"other/file": {"zip-folder"}}),
        ("no folder", "file", {"file": {"zip-folder"}}),
        ("fetch txt", f"{folder}/fetch.txt", {"fetch.txt": unknown}),
        ("in Arabic", f"{folder}/ملف", {"ملف": unknown}),
        ("far out", f"{folder}/\U0001f4f7", {"\U0001f4f7": unknown}),
    ):
        yield Case(KIND, f"a name {what}", _written([*_items(), (name, b"x")]), fails)
    for what, one, two in (
        ("the same", "data/card.note", "data/card.note"),
        ("in another case", "data/README.txt", "data/readme.TXT"),
        ("in another Unicode form", "data/é", "data/e\u0301"),
        ("folded", "data/straße", "data/STRASSE"),
    ):
        extra = [(f"{folder}/{path}", b"x") for path in dict.fromkeys((one, two))]
        have = {name for name, _ in _items()}
        items = [*_items(), *[item for item in extra if what == "the same" or item[0] not in have]]
        yield Case("ZIP twins", what, _stream(items), fails=None, open=None)
    whole = making.good().zipped("x" * 32)
    yield Case(KIND, "another folder's name", whole, {"": {"zip-folder"}})


def entries() -> Iterator[Case]:
    """Entries that are no plain files, or carry what nobody sees."""
    path = f"{making.good().recording}/{layout.CARD}"

    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16 if info.filename == path else 0

    def field(info: zipfile.ZipInfo) -> None:
        info.extra = struct.pack("<HH", 0x7777, 6) + b"hidden" if info.filename == path else b""

    def comment(info: zipfile.ZipInfo) -> None:
        info.comment = b"hidden" if info.filename == path else b""

    yield Case(KIND, "a link", _written(_items(), link), {path: {"zip-kind"}})
    yield Case(KIND, "a folder", _written([*_items(), (f"{path}/", b"")]), fails=None, open=None)
    yield Case(KIND, "a hidden field", _written(_items(), field), {path: {"zip-extra"}})
    yield Case(KIND, "a hidden comment", _written(_items(), comment), {path: {"zip-extra"}})
    ending = {"": {"zip-extra", "zip-stray-bytes"}}
    yield Case(KIND, "a comment behind", _written(_items(), comment=b"hidden"), ending)
    yield Case("good", "deflated", _written(_items(), mode=zipfile.ZIP_DEFLATED))
    yield Case("good", "written by another program", _written(_items()))

    def packed(info: zipfile.ZipInfo) -> None:
        info.compress_type = zipfile.ZIP_BZIP2 if info.filename == path else zipfile.ZIP_STORED

    yield Case(KIND, "packed in another way", _written(_items(), packed), fails=None, open=None)
    bomb = [
        (name, bytes(4 * 1024 * 1024) if name.endswith("statements/000002.note") else data)
        for name, data in _items()
    ]
    yield Case(KIND, "a bomb", _written(bomb, mode=zipfile.ZIP_DEFLATED), fails=None, open=None)


def places() -> Iterator[Case]:
    """Bytes where none belong, and directories that say something else than what lies there."""
    whole = making.good().zipped()
    directory = whole.index(b"PK\x01\x02")
    end = whole.rindex(b"PK\x05\x06")
    stray = {"": {"zip-stray-bytes"}}
    yield Case(KIND, "bytes behind", whole + b"x", stray)
    yield Case(KIND, "bytes before the end", whole[:end] + b"hidden" + whole[end:], stray)
    moved = bytearray(whole[:directory] + b"hidden" + whole[directory:])
    struct.pack_into("<L", moved, len(moved) - 6, directory + 6)
    yield Case(KIND, "bytes before the directory", bytes(moved), stray)
    folder = making.good().recording
    renamed = bytearray(whole)
    at = renamed.index(f"{folder}/data/card.note".encode())
    renamed[at + len(folder) + 6 : at + len(folder) + 10] = b"evil"
    fails = {f"{folder}/data/card.note": {"zip-header"}}
    yield Case(KIND, "two names for one file", bytes(renamed), fails)
    descriptor = flipped(whole, whole.index(b"PK\x07\x08") + 5)
    fails = {f"{folder}/bagit.txt": {"zip-header"}}
    yield Case(KIND, "two checksums for one file", descriptor, fails)
    second = whole.index(b"PK\x01\x02", directory + 4)
    overlapping = bytearray(whole)
    struct.pack_into("<L", overlapping, second + 42, 0)
    yield Case(KIND, "entries over each other", bytes(overlapping), fails=None, open=None)
    longer = bytearray(whole)
    struct.pack_into("<LL", longer, directory + 20, 99_999_999, 99_999_999)
    yield Case(KIND, "an entry longer than the ZIP", bytes(longer), fails=None, open=None)
    counted = bytearray(whole)
    struct.pack_into("<HH", counted, end + 8, 3, 3)
    yield Case(KIND, "fewer entries counted", bytes(counted), {"": {"zip-header"}})
    yield Case(
        KIND, "a directory that cannot be read", flipped(whole, directory), open=("not-a-package",)
    )
    segment = making.good().files[layout.segment_path(3)]
    path = layout.segment_path(3)
    fails = {path: {"zip-damaged", "segment-sha256", "listed-sha256"}, layout.MANIFEST: {"bag"}}
    bent = flipped(whole, whole.index(segment) + 1900)
    yield Case("flipped bytes", "on the way, a segment", bent, fails)
    yield from _deflated()


def _deflated() -> Iterator[Case]:
    """Deflated streams that are cut, bent, lengthened, or unpack to another size."""
    path = layout.CARD
    package = sealed(film().close())
    name = f"{package.recording}/{path}"
    items = [(f"{package.recording}/{one}", data) for one, data in package.files.items()]
    whole = _written(items, mode=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        info = archive.getinfo(name)
    start = info.header_offset + 30 + len(name)
    stream = whole[start : start + info.compress_size]
    assert zlib.decompress(stream, -15) == package.files[path]
    for what, at in (
        ("its first byte", 0),
        ("its middle", len(stream) // 2),
        ("its end", len(stream) - 1),
    ):
        bent = flipped(whole, start + at, 0x5A)
        yield Case("ZIP damage", f"a deflated stream bent in {what}", bent, fails=None, open=None)
    for what, size in (("shorter", 5), ("longer", info.file_size + 50)):
        lying = bytearray(whole)
        struct.pack_into("<L", lying, info.header_offset + 22, size)
        at = whole.index(name.encode(), whole.index(b"PK\x01\x02"))
        struct.pack_into("<L", lying, at - 46 + 24, size)
        yield Case(
            "ZIP damage", f"a deflated file said to be {what}", bytes(lying), fails=None, open=None
        )


def wide() -> Iterator[Case]:
    """ZIP64 records, where a small package has none: as they should be, and lying."""
    whole = making.good().zipped()
    end = whole.rindex(b"PK\x05\x06")
    _, _, _, _, count, size, directory, _ = struct.unpack_from("<4s4H2LH", whole, end)

    def with64(count64: int, size64: int, at64: int, where: int = end) -> bytes:
        record = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count64, count64, size64, at64
        )
        locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, where, 1)
        return whole[:end] + record + locator + whole[end:]

    yield Case("good", "ZIP64 where none is needed", with64(count, size, directory))
    fails = {"": {"zip-header"}}
    yield Case(KIND, "two counts in ZIP64", with64(count + 1, size, directory), fails)
    none = ("not-a-package",)
    yield Case(
        KIND, "a ZIP64 locator into nothing", with64(count, size, directory, 2**60), open=none
    )
    yield Case(KIND, "ZIP64 sizes beyond reason", with64(count, size, 2**63), open=none)
