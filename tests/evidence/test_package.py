"""The package's layout, its lists and its bag; and that a clerk's own tools agree."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, Malformed
from accompany.evidence import layout
from accompany.evidence.bag import read_manifest, write_manifest
from accompany.evidence.filekeys import FileKey, read_filekeys, write_filekeys
from accompany.evidence.layout import Place, place
from accompany.evidence.listing import Listing, OpenedListing, open_listing
from accompany.evidence.notes import Note
from accompany.evidence.package import SealedContents, package_entry
from accompany.evidence.receipts import named_entry
from accompany.ids import RecordingId
from agetool import age_path
from evidence import making
from evidence.making import RECEIPTS, START, Log, Package, Recording, Server, sealed

GOOD = making.good()
numbers = st.integers(0, 10**15 - 1)

# ---- Names --------------------------------------------------------------------------------------


@given(numbers)
def test_every_number_has_one_name_and_every_name_one_number(number):
    for kind, write in (
        ("statement", layout.statement_path),
        ("segment", layout.segment_path),
        ("receipt", layout.receipt_path),
        ("proof", layout.proof_path),
        ("grant", layout.grant_path),
        ("custody-proof", layout.custody_proof_path),
    ):
        assert place(write(number)) == Place(kind, number)


def test_names_have_six_digits_and_more_where_needed():
    assert layout.statement_path(7) == "data/statements/000007.note"
    assert layout.segment_path(1_234_567) == "data/segments/1234567.age"
    assert layout.grant_path(7) == "data/grants/7.age"
    assert layout.custody_proof_path(7) == "data/proofs/custody-7.tlog-proof"


@pytest.mark.parametrize(
    "path",
    [
        "data/statements/7.note",
        "data/statements/0000007.note",
        "data/statements/00000７.note",
        "data/statements/000007.note\n",
        "data/grants/007.age",
        "data/grants/alice.age",
        "data/proofs/custody-01.tlog-proof",
        "data/segments/000001.AGE",
        "data/media/recording.tar.gz",
        "data/media/other.mp4",
        "data/log/timestamps/tsa-12.exe",
        "data/log/timestamps/tsa-012.tsr",
        "data/",
        "fetch.txt",
        "",
    ],
)
def test_what_has_no_place_has_none(path):
    assert place(path) is None


@given(st.text())
def test_any_text_has_a_place_or_none(text):
    assert place(text) is None or text in (*layout.BAG_FILES, layout.README)


# ---- Lists --------------------------------------------------------------------------------------

paths = st.from_regex(r"data/[!-~]{1,40}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32)
listings = st.builds(
    Listing,
    st.just(RecordingId("a" * 32)),
    numbers,
    digests,
    st.integers(0, 4_000_000_000_000),
    st.dictionaries(paths, digests, max_size=8),
)


@given(listings)
def test_a_list_is_read_as_it_was_written(listing):
    assert Listing.read(str(listing)) == listing
    opened = OpenedListing(
        listing.recording, listing.last, listing.digest, listing.time, listing.files,
        making.ATTORNEY_KEY.verifier,
    )  # fmt: skip
    assert OpenedListing.read(str(opened)) == opened


@given(listings, st.data())
def test_a_bent_list_is_refused_or_says_something_else(listing, data):
    text = str(listing)
    position = data.draw(st.integers(0, len(text)))
    drop = data.draw(st.integers(0, 3))
    bent = text[:position] + data.draw(st.text(max_size=3)) + text[position + drop :]
    try:
        read = Listing.read(bent)
    except AccompanyError:
        return
    assert str(read) == bent


def test_a_list_out_of_order_or_with_a_path_twice_is_refused():
    line = "file " + "0" * 64 + " data/{}\n"
    head = str(Listing(RecordingId("a" * 32), 0, bytes(32), START, {}))
    for names in ("ba", "aa"):
        with pytest.raises(Malformed, match="in order"):
            Listing.read(head + "".join(line.format(name) for name in names))
    with pytest.raises(Malformed, match="path"):
        Listing.read(head + "file " + "0" * 64 + " elsewhere\n")


def test_the_servers_list_names_every_other_file_sorted():
    note = GOOD.files[layout.PACKAGE_NOTE]
    listing = open_listing(note, RECEIPTS.verifier)
    there = {path for path in GOOD.files if path.startswith("data/")} - {layout.PACKAGE_NOTE}
    assert listing.files.keys() == there
    assert list(listing.files) == sorted(there)
    assert Note.parse(note, 1 << 20).text.startswith("accompany/package/v1\nrecording ")


def test_an_export_is_an_entry_under_recording_and_last():
    note = GOOD.files[layout.PACKAGE_NOTE]
    expected = named_entry("package", f"{GOOD.recording} 8", note)
    assert package_entry(RecordingId(GOOD.recording), 8, note) == expected


# ---- Files --------------------------------------------------------------------------------------


def test_a_package_has_exactly_the_files_the_protocol_names():
    assert all(place(path) for path in GOOD.files)
    assert list(GOOD.files)[:4] == list(layout.BAG_FILES)
    assert [p for p in GOOD.files if p.startswith("data/segments/")] == [
        layout.segment_path(n) for n in (1, 2, 3, 4, 6, 7)
    ]


def test_a_withheld_grant_stays_listed():
    server = Server(Log(), withheld_grants=frozenset({1}))
    package = sealed(Recording().film(1).close(), server)
    listing = open_listing(package.files[layout.PACKAGE_NOTE], RECEIPTS.verifier)
    assert layout.grant_path(1) in listing.files
    assert layout.grant_path(1) not in package.files


def test_contents_with_a_receipt_missing_are_refused():
    with pytest.raises(Malformed, match="2, 1 and 2"):
        SealedContents(
            RecordingId("a" * 32), (b"", b""), (b"",), (b"", b""), {}, b"", b""
        )  # fmt: skip


@given(st.dictionaries(paths, digests, max_size=8))
def test_a_manifest_is_read_as_it_was_written(listed):
    assert read_manifest("m", write_manifest(listed)) == listed


@pytest.mark.parametrize("data", [b"x", b"\xff\n", b"0" * 64 + b" data/a\n", b"0" * 64 + b"  a"])
def test_a_manifest_in_another_form_is_refused(data):
    with pytest.raises(Malformed):
        read_manifest("m", data)


filekeys = st.builds(
    lambda chosen: [
        FileKey(n, key, "" if key else "privileged") for n, key in sorted(chosen.items())
    ],
    st.dictionaries(numbers, st.none() | st.binary(min_size=16, max_size=16), max_size=8),
)


@given(filekeys)
def test_file_keys_are_read_as_they_were_written(lines):
    assert read_filekeys(write_filekeys(lines)) == lines


@pytest.mark.parametrize(
    "data",
    [b"1", b"1 \n", b"1 00\n", b"01 withheld no\n", b"1 withheld \n", b"1 withheld  no\n",
     b"2 withheld no\n1 withheld no\n", b"1 withheld a\n1 withheld b\n", b"\xff\n",
     b"1 withheld a\tb\n", b"1 withheld " + b"a" * 201 + b"\n", b"x withheld no\n"],
)  # fmt: skip
def test_file_keys_in_another_form_are_refused(data):
    with pytest.raises(Malformed):
        read_filekeys(data)


# ---- What a clerk does, with a clerk's tools -----------------------------------------------------


def unpacked(package: Package, folder: Path) -> Path:
    for path, data in package.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def steps(readme: str) -> dict[int, str]:
    """Return the commands of each numbered step under BY HAND: paragraphs indented by two."""
    found: dict[int, str] = {}
    by_hand = readme.partition("BY HAND")[2].partition("WHAT IT DOES NOT SHOW")[0]
    number = 0
    for paragraph in by_hand.split("\n\n"):
        if paragraph[:1].isdigit():
            number = int(paragraph[0])
        elif paragraph.startswith("  "):
            found[number] = found.get(number, "") + paragraph + "\n"
    return found


TOOLS = ("bash", "sha256sum", "openssl", "xxd", "base64", "base32")
needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"not all of {', '.join(TOOLS)} are here"
)


def by_hand(
    number: int, folder: Path, path: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a step of the README as it is printed, but for a /tmp of its own."""
    readme = (folder / layout.README).read_text()
    command = steps(readme)[number].replace("/tmp/", f"{folder}/../")
    environment = os.environ | ({"PATH": path} if path else {})
    return subprocess.run(
        ["bash", "-euc", command], cwd=folder, capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip


@needs_tools
def test_the_commands_of_the_readme_work_and_notice(tmp_path):
    folder = unpacked(GOOD, tmp_path / "bag")
    assert by_hand(1, folder).stdout == "undamaged\n"
    assert "Verified Successfully" in by_hand(2, folder).stdout
    assert by_hand(3, folder).stdout.strip() == GOOD.recording
    first, previous = by_hand(4, folder).stdout.split("\n")[:2]
    assert previous == f"previous {first.split()[0]}"
    sealed_sum, stated, silence = by_hand(5, folder).stdout.split("\n", 2)
    assert stated == f"sha256 {sealed_sum.split()[0]}"
    assert silence == ""
    assert "Verified Successfully" in by_hand(6, folder).stdout

    segment = folder / layout.segment_path(3)
    segment.write_bytes(segment.read_bytes() + b"x")
    assert "data/segments/000003.age: FAILED" in by_hand(5, folder).stdout
    for path in (layout.statement_path(1), layout.receipt_path(1)):
        text = (folder / path).read_text()
        (folder / path).write_text(text.replace("time 2026", "time 2025"))
    assert by_hand(1, folder).returncode != 0
    for number in (2, 6):
        done = by_hand(number, folder)
        assert done.returncode != 0
        assert "Verified Successfully" not in done.stdout


@needs_tools
@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip here")
def test_the_package_is_unpacked_and_opened_as_the_readme_says(tmp_path):
    path = age_path(tmp_path)
    if path is None:
        pytest.skip("neither age 1.3 nor webapp/node_modules is here")
    (tmp_path / f"{GOOD.recording}.zip").write_bytes(GOOD.zipped())
    unpack = steps(GOOD.files[layout.README].decode())[0]
    subprocess.run(["bash", "-euc", unpack], cwd=tmp_path, check=True)
    folder = tmp_path / GOOD.recording
    (folder / "MY-KEY").write_text(f"# the caller's\n{making.CALLER}\n")
    done = by_hand(7, folder, path)
    assert done.returncode == 0, done.stderr
    film = b"".join(making.plaintext(n) for n in (1, 2, 3, 4, 6, 7))
    assert (tmp_path / "film").read_bytes() == film
    assert not (tmp_path / "identity").exists()

    media = folder / "data/media/recording.mp4"
    media.parent.mkdir()
    media.write_bytes(film)
    ours, theirs = by_hand(8, folder).stdout.splitlines()
    assert ours.split()[0] == theirs.split()[0]
    assert theirs.endswith("data/media/recording.mp4")

    (folder / "MY-KEY").write_text(f"{making.identity('a stranger')}\n")
    assert by_hand(7, folder, path).returncode != 0


def test_the_readme_is_for_a_person_and_fits_a_page_width():
    text = GOOD.files[layout.README].decode("ascii")
    assert GOOD.recording in text
    assert "Location: not collected." in text
    assert max(map(len, text.splitlines())) <= 82
    assert set(steps(text)) == set(range(9))
