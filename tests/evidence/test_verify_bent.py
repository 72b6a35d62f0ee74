"""A good package, slightly bent: every file, at many places; never a crash, never exit 0."""

from dataclasses import replace
from functools import cache
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.evidence import layout
from accompany.evidence.contents import Contents
from accompany.evidence.findings import Findings
from accompany.evidence.report import Report
from accompany.evidence.unzipping import NotAZip, read_archive
from evidence import making
from evidence.making import Folder, Package, check, failures

EVIDENCE = ("segment", "statement", "receipt", "proof", "custody-proof", "grant", "card")


def flipped(data: bytes, position: int, bit: int = 1) -> bytes:
    return data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :]


def places(size: int) -> list[int]:
    """First and last bytes, and some between."""
    return sorted({0, 1, size - 2, size - 1, *range(7, size, max(1, size // 12))})


def beyond_the_list(report: Report, path: str) -> set[str]:
    """What fails on *path*, but for its hash in package.note; grants are one to the opening."""
    failed = failures(report)
    shared = failed.get(layout.grant_path(0), set()) if "grants" in path else set()
    return (failed[path] | shared) - {"listed-sha256"}


GOOD = making.good()


@pytest.mark.parametrize("path", making.paths(GOOD, *EVIDENCE))
def test_a_changed_byte_is_found_by_more_than_the_list_and_the_file_is_named(path):
    """Even if package.note and manifests had been made for the bent file, it would be found."""
    data = GOOD.files[path]
    for position in places(len(data)):
        report = check(GOOD.having({path: flipped(data, position)}))
        assert report.exit == 1, (path, position)
        assert beyond_the_list(report, path), (path, position)
        mine = [one for one in report.findings if one.file == path]
        assert all(one.expected and one.found for one in mine if one.verdict.value == "fails")


@pytest.mark.parametrize("path", making.paths(GOOD, *EVIDENCE))
def test_a_cut_or_lengthened_file_is_found(path):
    data = GOOD.files[path]
    for bent in (b"", data[:1], data[:-1], data[: len(data) // 2], data + b"\n", data + data):
        report = check(GOOD.having({path: bent}))
        assert report.exit == 1
        assert beyond_the_list(report, path), bent[-40:]


@pytest.mark.parametrize(
    "path", [path for path in GOOD.files if path.startswith("data/") and "grants" not in path]
)
def test_a_missing_file_is_named(path):
    report = check(GOOD.having({path: None}))
    assert report.exit == 1
    assert path in failures(report)


def test_a_missing_grant_is_withheld():
    for path in making.paths(GOOD, "grant"):
        report = check(GOOD.having({path: None}))
        assert making.codes(report, "fails", "could not be checked") == ["grant-withheld"]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_byte_of_any_file_can_be_changed_unseen(data):
    path = data.draw(st.sampled_from(sorted(GOOD.files)))
    old = GOOD.files[path]
    position = data.draw(st.integers(0, len(old) - 1))
    bit = data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
    files = {**GOOD.files, path: flipped(old, position, bit)}
    report = check(replace(GOOD, files=files))
    assert report.exit == 1
    assert {path, layout.TAG_MANIFEST} & failures(report).keys()


junk = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode()),
    st.sampled_from([GOOD.files[path] for path in sorted(GOOD.files)]),
)


@settings(max_examples=300, deadline=None)
@given(
    changed=st.dictionaries(
        st.one_of(
            st.sampled_from(sorted(GOOD.files)),
            st.sampled_from(
                [
                    layout.statement_path(9),
                    layout.statement_path(10**15 - 1),
                    layout.segment_path(5),
                    layout.grant_path(2),
                    layout.FILEKEYS,
                    layout.OPENED_NOTE,
                    layout.DERIVATION,
                    "data/media/recording.mp4",
                    layout.stamp_path("tsa-1", "tsr"),
                ]
            ),
            st.text(max_size=30),
        ),
        st.one_of(st.none(), junk),
        min_size=1,
        max_size=6,
    ),
    policy=st.sampled_from([making.POLICY, None]),
)
def test_any_bytes_at_all_get_a_report(changed, policy):
    report = check(GOOD.having(changed), policy=policy)
    assert GOOD.having(changed).files == GOOD.having({}).files or report.exit != 0


@cache
def zipped() -> bytes:
    return GOOD.zipped()


def read(data: bytes) -> tuple[Package | None, Findings]:
    """Unzip strictly; None where it is no ZIP."""
    findings = Findings()
    try:
        archive = read_archive(BytesIO(data), findings)
    except NotAZip:
        return None, findings
    names = [name for name in archive.members if name.startswith(f"{GOOD.recording}/")]
    files = Contents(_Files({name.partition("/")[2]: name for name in names}, archive), findings)
    found = {path: b"".join(files.chunks(path)) for path in list(files.places)}
    return replace(GOOD, files=found), findings


class _Files(Folder):
    def __init__(self, names, archive):
        super().__init__({})
        self._names, self._archive = names, archive

    def sizes(self):
        return {path: self._archive.members[name].size for path, name in self._names.items()}

    def chunks(self, path):
        return self._archive.chunks(self._names[path])


def test_the_zip_gives_back_what_went_in():
    package, findings = read(zipped())
    assert package == GOOD
    assert findings.all == []


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_bent_zip_is_refused_or_differs_in_nothing(data):
    whole = zipped()
    position = data.draw(st.integers(0, len(whole) - 1))
    bent = flipped(whole, position, data.draw(st.sampled_from([1, 2, 8, 64, 128])))
    package, findings = read(bent)
    # Times, versions and permission bits may differ: they say nothing of what is in the files.
    assert package is None or findings.failed() or package == GOOD


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_cut_or_stuffed_zip_is_refused(data):
    whole = zipped()
    position = data.draw(st.integers(0, len(whole) - 1))
    stuffing = data.draw(st.binary(max_size=40))
    drop = data.draw(st.integers(0 if stuffing else 1, 60))
    bent = whole[:position] + stuffing + whole[position + drop :]
    package, findings = read(bent)
    assert bent == whole or package is None or findings.failed()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_zip_or_not(data):
    package, findings = read(data)
    assert package is None or findings.failed() or package.files == {}
