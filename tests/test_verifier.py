"""`accompany verify`: a file in, a page or JSON out, exit 0, 1 or 2; never a crash."""

import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accompany.evidence import layout
from accompany.evidence.verify import Trust
from accompany.evidence.zipping import zip_stream
from accompany.verifier import configure_verify, run_verify, verify
from evidence import making
from evidence.making import LOG, Log, Package, Recording, Server, codes, sealed

TRUST = Trust(policy=making.POLICY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.zip").write_bytes(making.good().zipped())
    (tmp_path / "cut.zip").write_bytes(making.cut().zipped())
    (tmp_path / "policy").write_text(making.POLICY_TEXT)
    return tmp_path


def run(*arguments: object) -> int:
    parser = ArgumentParser()
    configure_verify(parser)
    return run_verify(parser.parse_args([str(one) for one in arguments]))


def written(folder: Path, data: bytes) -> Path:
    path = folder / "bent.zip"
    path.write_bytes(data)
    return path


# ---- Exit status --------------------------------------------------------------------------------


def test_a_good_package_and_its_policy_exit_0(folder, capsys):
    assert run(folder / "good.zip", "--policy", folder / "policy") == 0
    page = capsys.readouterr().out
    assert "FAILS" not in page
    assert "COULD NOT BE CHECKED" not in page
    assert "Everything that could be checked holds" in " ".join(page.split())


def test_without_policy_it_exits_2_and_says_why(folder, capsys):
    assert run(folder / "good.zip") == 2
    assert "no policy was given" in " ".join(capsys.readouterr().out.split())


def test_a_recording_cut_short_exits_2_and_open_ended_0(folder, capsys):
    assert run(folder / "cut.zip", "--policy", folder / "policy") == 2
    assert "ends at statement 5" in " ".join(capsys.readouterr().out.split())
    assert run(folder / "cut.zip", "--policy", folder / "policy", "--open-ended") == 0


def test_a_changed_byte_exits_1_and_names_the_file(folder, capsys):
    data = bytearray((folder / "good.zip").read_bytes())
    segment = making.good().files[layout.segment_path(3)]
    data[data.index(segment) + 900] ^= 1
    bent = written(folder, bytes(data))
    assert run(bent, "--policy", folder / "policy", "--json") == 1
    failed = json.loads(capsys.readouterr().out)["fails"]
    mine = [one for one in failed if one.get("file") == layout.segment_path(3)]
    assert {one["code"] for one in mine} >= {"zip-damaged", "segment-sha256"}
    assert all(one["expected"] != one["found"] for one in mine)


def test_a_head_beyond_the_end_exits_1(folder):
    recording = Recording().film(2)
    (folder / "x.zip").write_bytes(sealed(recording).zipped())
    kept = {"recording": recording.id, "number": 9, "digest": "00" * 32}
    (folder / "head.json").write_text(json.dumps(kept))
    head = folder / "head.json"
    assert run(folder / "x.zip", "--policy", folder / "policy", "--head", head) == 1


@pytest.mark.parametrize("data", [b"", b"no ZIP", b"PK\x03\x04", making.good().zipped()[:-30]])
def test_what_is_no_zip_exits_2(folder, data, capsys):
    assert run(written(folder, data), "--policy", folder / "policy") == 2
    assert "not a package" in capsys.readouterr().out


def test_a_zip_that_is_no_bag_exits_2(folder):
    data = b"".join(zip_stream([("a/b.txt", 1, iter([b"x"]))]))
    assert run(written(folder, data), "--policy", folder / "policy") == 2


@pytest.mark.parametrize(
    "given",
    [
        ["--policy", "nowhere"],
        ["--signer", "nobody"],
        ["--head", "good.zip"],
        ["--policy", "good.zip"],
    ],
)
def test_what_was_given_badly_exits_2_and_says_so(folder, given, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert run("good.zip", *given) == 2
    assert capsys.readouterr().err.startswith("accompany verify: ")


def test_a_package_that_is_not_there_exits_2(folder, capsys):
    assert run(folder / "nothing.zip") == 2
    assert "nothing.zip" in capsys.readouterr().err


def test_the_verifier_imports_no_server_and_no_network():
    """Years later it must run where there is neither."""
    seen = "import sys, accompany.verifier; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", seen], capture_output=True, text=True, check=True
    ).stdout.split()
    for absent in (
        "starlette",
        "uvicorn",
        "httpx",
        "sqlite3",
        "accompany.web",
        "accompany.custody",
    ):
        assert absent not in modules


# ---- The ZIP around it --------------------------------------------------------------------------


def items(package: Package) -> list[tuple[str, bytes]]:
    return [(f"{package.recording}/{path}", data) for path, data in package.files.items()]


def zipped(pairs: list[tuple[str, bytes]]) -> bytes:
    return b"".join(zip_stream((name, len(data), iter([data])) for name, data in pairs))


GOOD = making.good()
TRICKS = {
    "another file of a twin name": (
        zipped([*items(GOOD), (f"{GOOD.recording}/data/readme.TXT", b"x")]),
        {"zip-twin", "file-unknown"},
    ),
    "a file twice": (
        zipped([*items(GOOD), (f"{GOOD.recording}/data/card.note", b"x")]),
        {"zip-twin"},
    ),
    "a name that climbs out": (
        zipped([*items(GOOD), (f"{GOOD.recording}/../evil", b"x")]),
        {"zip-name", "file-unknown"},
    ),
    "a second folder": (zipped([*items(GOOD), ("other/file", b"x")]), {"zip-folder"}),
    "no folder": (zipped([*items(GOOD), ("file", b"x")]), {"zip-folder"}),
    "a fetch.txt": (
        zipped([*items(GOOD), (f"{GOOD.recording}/fetch.txt", b"x")]),
        {"file-unknown"},
    ),
    "bytes behind": (GOOD.zipped() + b"x", {"zip-stray-bytes"}),
    "another name": (GOOD.zipped("x" * 32), {"zip-folder"}),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_zip_tricks_exit_1_and_are_named(folder, trick):
    data, expected = TRICKS[trick]
    report = verify(written(folder, data), TRUST)
    assert set(codes(report, "fails")) == expected
    assert report.exit == 1
    of_the_zip = any(code.startswith("zip-") for code in expected) and trick != "another name"
    assert ("archive-holds" in codes(report)) != of_the_zip


def test_a_deflated_package_verifies_too(folder):
    with zipfile.ZipFile(folder / "deflated.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in items(GOOD):
            archive.writestr(name, data)
    assert verify(folder / "deflated.zip", TRUST).exit == 0


def test_a_bomb_in_place_of_a_statement_is_not_unpacked(folder):
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in items(GOOD):
            bomb = name.endswith("000002.note") and "statements" in name
            archive.writestr(name, bytes(64 * 1024 * 1024) if bomb else data)
    report = verify(folder / "bomb.zip", TRUST)
    assert {"zip-bomb", "file-size", "file-missing"} <= set(codes(report, "fails"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_bent_package_never_crashes_and_never_exits_0_for_something_else(folder, data):
    whole = GOOD.zipped()
    position = data.draw(st.integers(0, len(whole) - 1))
    bent = bytearray(whole)
    bent[position] ^= data.draw(st.integers(1, 255))
    report = verify(written(folder, bytes(bent)), TRUST)
    if report.exit == 0:
        # What is left are times, versions and permission bits of entries.
        with zipfile.ZipFile(folder / "bent.zip") as archive:
            shown = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
        assert shown == GOOD.files


def test_memory_stays_flat_however_long_the_recording(folder):
    """Segments are hashed in pieces: 48 MB of them, and under 8 MB held."""
    recording = Recording()
    recording.segment(0)
    head = making.sealed_segment("film", 2)
    for number in range(12):
        recording.segment(data=head + struct.pack(">Q", number) + bytes(4 * 1024 * 1024))
    (folder / "long.zip").write_bytes(sealed(recording.close()).zipped())
    tracemalloc.start()
    report = verify(folder / "long.zip", TRUST)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.exit == 0
    assert report.facts.bytes_ > 48_000_000
    assert peak < 8_000_000


def test_an_unknown_log_in_the_policy_given_exits_1(folder):
    stranger = making.signer("elsewhere.example/log")
    policy = replace(making.POLICY, logs=(stranger.verifier,))
    report = verify(folder / "good.zip", Trust(policy=policy))
    assert codes(report, "fails") == ["log-unknown"]
    assert str(LOG.verifier.name) in next(
        f.found for f in report.findings if f.code == "log-unknown"
    )


def test_watching_hears_of_every_byte(folder):
    heard: list[int] = []
    verify(folder / "good.zip", TRUST, heard.append)
    assert sum(heard) == sum(len(data) for data in GOOD.files.values())


def test_a_package_of_a_server_without_strangers_is_whole(folder):
    """The smallest log there is: one recording of one statement."""
    package = sealed(Recording().close(), Server(Log(), custody=None))
    report = verify(written(folder, package.zipped()), TRUST)
    assert report.exit == 0
