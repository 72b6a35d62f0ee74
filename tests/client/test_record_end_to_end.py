"""`accompany record` and `accompany package` against a real server, killed now and then."""

import json
import re
import signal
import subprocess
import time
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
import trustme

import clips
from accompany.client.cutting import cut, inspect
from accompany.client.fetching import configure_package, run_package
from accompany.client.record_command import configure_record, run_record
from accompany.client.service import read_service
from accompany.evidence.age import Identity, decrypt, parse_identity
from accompany.evidence.receipts import open_receipt, statement_entry
from accompany.evidence.statements import (
    Chain,
    Closing,
    Following,
    Gap,
    SegmentStatement,
    open_following,
    open_opening,
)
from client import footage
from serving import RunningServer, accompany, environment, running_server


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write_film(tmp_path_factory.mktemp("film") / "stop.mp4", seconds=6)


CAMERA = [
    "--camera", "lavfi:testsrc=size=320x240:rate=30",
    "--microphone", "lavfi:sine=sample_rate=44100",
]  # fmt: skip


def parsed(configure: object, arguments: list[str | Path]) -> object:
    parser = ArgumentParser("accompany")
    configure(parser)  # type: ignore[operator]
    return parser.parse_args([str(argument) for argument in arguments])


def record(server: RunningServer, source: Path, folder: Path, *options: str | Path) -> int:
    code = server.links["guest_code"]
    given = [source, "--server", server.url, "--guest", code, "--folder", folder, *options]
    return run_record(parsed(configure_record, given))  # type: ignore[arg-type]


def fetch(server: RunningServer, folder: Path, out: Path, *options: str | Path) -> int:
    given = [folder.name, "--server", server.url, "--locator", folder / "locator.txt", "-o", out]
    return run_package(parsed(configure_package, [*given, *options]))  # type: ignore[arg-type]


def recording(
    server: RunningServer, source: Path | None, folder: Path, *options: str
) -> subprocess.Popen[str]:
    """Start a recording in a process of its own; the options name a camera, where no file is."""
    given = ["--server", server.url, "--guest", server.links["guest_code"], "--folder", folder]
    files = [source] if source else []
    command = accompany("record", *files, *given, "--json", *options)
    return subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def only(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir() if path.is_dir())
    return found


def head(folder: Path) -> dict[str, object]:
    try:
        return json.loads((only(folder) / "head.json").read_bytes())
    except (OSError, ValueError):
        return {"number": -1}


def wait_for_statement(folder: Path, number: int) -> None:
    ending = time.monotonic() + 30
    while head(folder)["number"] < number:  # type: ignore[operator]
        assert time.monotonic() < ending, "nothing arrived for 30 s"
        time.sleep(0.02)


class Packed:
    """A package as read by hand: statements checked as a chain, segments opened."""

    def __init__(self, path: Path, folder: Path) -> None:
        with zipfile.ZipFile(path) as bag:
            assert bag.testzip() is None
            self.files = {name.partition("/")[2]: bag.read(name) for name in bag.namelist()}
        identity = parse_identity((folder / "identity.txt").read_text().removesuffix("\n"))
        notes = self._numbered("data/statements/", ".note")
        self.opening = open_opening(notes[0])
        self.chain = Chain.start(self.opening, notes[0])
        self.statements: list[Following] = []
        for number in range(1, len(notes)):
            statement = open_following(notes[number], self.opening.key)
            self.chain = self.chain.follow(statement, notes[number])
            self.statements.append(statement)
        sealed = self._numbered("data/segments/", ".age")
        self.segments = [s for s in self.statements if isinstance(s, SegmentStatement)]
        assert sorted(sealed) == [segment.number for segment in self.segments]
        for segment in self.segments:
            assert sha256(sealed[segment.number]).digest() == segment.sha256
        self.film = b"".join(decrypt(sealed[s.number], [identity]) for s in self.segments)

    def _numbered(self, start: str, end: str) -> dict[int, bytes]:
        return {
            int(name[len(start) : -len(end)]): data
            for name, data in self.files.items()
            if name.startswith(start)
        }


def packed(server: RunningServer, folder: Path) -> Packed:
    out = folder.with_suffix(".zip")
    assert fetch(server, folder, out) == 0
    return Packed(out, folder)


def check_folder(server: RunningServer, folder: Path) -> None:
    """Receipts are the server's own, one for every statement up to the head."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        state = client.get(f"/api/recordings/{folder.name}").json()
        service = client.get("/api/service").json()
    organization = read_service(json.dumps(service).encode()).organization
    kept = json.loads((folder / "head.json").read_bytes())
    notes = [path.read_bytes() for path in sorted((folder / "statements").iterdir())]
    receipts = [path.read_bytes() for path in sorted((folder / "receipts").iterdir())]
    assert len(receipts) == kept["number"] + 1
    for number, receipt in enumerate(receipts):
        said = open_receipt(receipt, organization.receipts)
        assert said.entry == statement_entry(notes[0], number, notes[number])
    assert kept["digest"] == sha256(notes[kept["number"]]).hexdigest()
    assert state["last"] >= kept["number"]
    for name in ("identity.txt", "locator.txt"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_what_is_recorded_can_be_fetched_and_is_the_source(
    server: RunningServer, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = server.links["caller"].rpartition("key=")[2]
    assert record(server, film, tmp_path, "--fast", "--json", "--organization-key", pin) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    folder = only(tmp_path)
    assert said == {
        "recording": folder.name,
        "folder": str(folder),
        "identity": str(folder / "identity.txt"),
        "locator": str(folder / "locator.txt"),
        "segments": 14,
    }
    check_folder(server, folder)
    found = packed(server, folder)
    assert footage.packets(found.film) == footage.packets(film)
    assert (found.opening.recording, found.opening.kind) == (folder.name, "film")
    assert found.opening.client == "accompany-record/0.1.0 none"
    assert isinstance(found.statements[-1], Closing)
    assert found.statements[-1].reason == "stopped"
    assert len(found.segments) == 14
    assert [s.time - found.opening.time for s in found.segments] == [
        s.offset for s in found.segments
    ]
    report = json.loads((folder / "report.json").read_bytes())
    assert report["source"]["sha256"] == sha256(film.read_bytes()).hexdigest()
    assert (report["source"]["name"], report["state"]) == ("stop.mp4", "closed")
    assert (folder / "checkpoint").read_bytes().startswith(found.opening.log.encode())


def custodian_of(server: RunningServer) -> Identity:
    """Return the custodian's identity in the data folder of a demonstration server."""
    text = (server.data / "keys" / "custodian.key").read_bytes()
    (line,) = re.findall(b"AGE-SECRET-KEY-PQ-1[A-Z0-9]+", text)
    return parse_identity(line.decode())


def test_the_custodian_can_open_what_a_guest_recorded(
    server: RunningServer, film: Path, tmp_path: Path
) -> None:
    assert record(server, film, tmp_path, "--fast") == 0
    found = packed(server, only(tmp_path))
    opened = decrypt(found.files["data/grants/0.age"], [custodian_of(server)])
    assert opened == (only(tmp_path) / "identity.txt").read_bytes()


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    given = accompany(*arguments)
    return subprocess.run(given, env=environment(), capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("kind", ["29.97", "no sound", "variable rate"])
def test_the_four_commands_lead_from_a_film_to_the_film(
    server: RunningServer, tmp_path: Path, kind: str
) -> None:
    source = footage.make(tmp_path / "stop.mp4", kind, seconds=4)
    sealed, opened, kept = tmp_path / "x.zip", tmp_path / "y.zip", tmp_path / "kept"
    at = ["--server", server.url]
    code = ["--guest", server.links["guest_code"]]
    done = command("record", source, *at, *code, "--folder", kept, "--fast", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout.splitlines()[-1])
    fetched = command("package", said["recording"], *at, "--locator", said["locator"], "-o", sealed)
    assert (fetched.returncode, fetched.stderr) == (0, "")
    policy, last = server.links["policy"], Path(said["folder"]) / "head.json"
    report = command("verify", sealed, "--policy", policy, "--head", last)
    assert report.returncode == 0, report.stdout
    shown = command("open", sealed, "--identity", said["identity"], "-o", opened)
    assert shown.returncode == 0, shown.stderr
    with zipfile.ZipFile(opened) as bag:
        film = bag.read(f"{said['recording']}/data/media/recording.mp4")
    assert footage.packets(film) == footage.packets(source)


def test_a_recording_without_a_closing_is_verified_as_open_ended(
    server: RunningServer, film: Path, tmp_path: Path
) -> None:
    assert record(server, film, tmp_path, "--fast", "--no-closing") == 0
    out = tmp_path / "x.zip"
    assert fetch(server, only(tmp_path), out) == 0
    policy = ["--policy", server.links["policy"]]
    assert command("verify", out, *policy).returncode == 2
    assert command("verify", out, *policy, "--open-ended").returncode == 0


def test_sound_alone_is_recorded_as_sound(server: RunningServer, tmp_path: Path) -> None:
    source = footage.make_sound(tmp_path / "words.m4a")
    assert record(server, source, tmp_path / "kept", "--fast") == 0
    found = packed(server, only(tmp_path / "kept"))
    assert (found.opening.kind, found.opening.media) == ("sound", "audio/mp4;codecs=mp4a.40.2")
    assert len({segment.size for segment in found.segments[1:]}) == 1
    assert footage.packets(found.film) == footage.packets(source)


def test_a_webm_is_recorded_as_it_is(server: RunningServer, tmp_path: Path) -> None:
    source = footage.make_webm(tmp_path / "phone.webm", seconds=3)
    assert record(server, source, tmp_path / "kept", "--fast") == 0
    folder = only(tmp_path / "kept")
    found = packed(server, folder)
    assert (found.opening.kind, found.opening.media) == ("film", "video/webm;codecs=vp8,opus")
    assert found.segments[0].duration == 0
    tracks = zip(footage.packets(found.film), footage.packets(source), strict=True)
    assert all([one[:3] for one in film] == [one[:3] for one in was] for film, was in tracks)
    report = command("verify", folder.with_suffix(".zip"), "--policy", server.links["policy"])
    assert report.returncode == 0, report.stdout


def test_a_wav_is_recorded_as_it_is(server: RunningServer, tmp_path: Path) -> None:
    source = footage.make_sound(tmp_path / "words.wav", 5, [])
    assert record(server, source, tmp_path / "kept", "--fast") == 0
    found = packed(server, only(tmp_path / "kept"))
    assert (found.opening.kind, found.opening.media) == ("sound", "audio/wav")
    assert [segment.duration for segment in found.segments] == [0, 2000, 2000, 1000]
    assert footage.packets(found.film) == footage.packets(source)


def test_a_camera_is_recorded_until_its_time_is_over(server: RunningServer, tmp_path: Path) -> None:
    with recording(server, None, tmp_path, *CAMERA, "--seconds", "2", "--fast") as process:
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert json.loads(out)["segments"] == 5
    folder = only(tmp_path)
    found = packed(server, folder)
    assert found.opening.media == "video/mp4;codecs=avc1.640014,mp4a.40.2"
    assert [s.offset for s in found.segments] == [0, 0, 500, 1000, 1500]
    assert len(footage.packets(found.film)[0]) == 60
    report = json.loads((folder / "report.json").read_bytes())
    assert report["source"]["devices"][0] == CAMERA[1]
    assert report["recorded"]["sha256"] == sha256(found.film).hexdigest()


def test_ctrl_c_ends_a_camera_with_what_it_saw_last(server: RunningServer, tmp_path: Path) -> None:
    with recording(server, None, tmp_path, *CAMERA) as process:
        wait_for_statement(tmp_path, 3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    found = packed(server, only(tmp_path))
    closing = found.statements[-1]
    assert isinstance(closing, Closing)
    last = found.segments[-1]
    assert closing.reason == "stopped"
    assert closing.offset == last.offset + last.duration


def test_the_report_names_the_source_and_what_was_sealed_by_sha256(
    server: RunningServer, film: Path, tmp_path: Path
) -> None:
    assert record(server, film, tmp_path, "--fast") == 0
    folder = only(tmp_path)
    report = json.loads((folder / "report.json").read_bytes())
    assert report["source"]["sha256"] == sha256(film.read_bytes()).hexdigest()
    opened = packed(server, folder).film
    assert report["recorded"] == {"size": len(opened), "sha256": sha256(opened).hexdigest()}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "expected a file, or --camera"),
        (["film.mp4", "--camera", "lavfi:testsrc"], "expected a file, or --camera"),
        (["film.mp4", "--seconds", "3"], "--seconds ends a camera"),
        (["--camera", "v4l2:/dev/none"], "v4l2:/dev/none: cannot be opened"),
    ],
)
def test_what_does_not_say_what_to_record_is_refused(
    given: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server = ["--server", "http://127.0.0.1:1", "--guest", "x"]
    assert run_record(parsed(configure_record, [*given, *server])) == 1  # type: ignore[arg-type]
    assert words in capsys.readouterr().err


def test_it_keeps_the_medias_pace(server: RunningServer, film: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    assert record(server, film, tmp_path) == 0
    assert 6.0 <= time.monotonic() - begun < 30.0


def test_a_hole_in_the_source_is_stated_as_a_gap(
    server: RunningServer, film: Path, tmp_path: Path
) -> None:
    pieces = [piece.data for piece in cut(inspect(film))]
    source = tmp_path / "hole.mp4"
    source.write_bytes(b"".join(pieces[:4] + pieces[7:]))
    assert record(server, source, tmp_path / "kept", "--fast") == 0
    folder = only(tmp_path / "kept")
    found = packed(server, folder)
    report = command("verify", folder.with_suffix(".zip"), "--policy", server.links["policy"])
    assert report.returncode == 0, report.stdout
    (gap,) = [s for s in found.statements if isinstance(s, Gap)]
    assert gap.reason == "unknown"
    assert gap.duration == pytest.approx(1500, abs=150)
    before, after = (found.statements[gap.number + step - 1] for step in (-1, 1))
    assert isinstance(before, SegmentStatement)
    assert before.offset + before.duration == gap.offset
    assert gap.offset + gap.duration == after.offset


def test_a_source_cut_short_is_closed_and_told(
    server: RunningServer, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "short.mp4"
    footage.ffmpeg("-i", film, "-c", "copy", "-movflags", "faststart", source)
    source.write_bytes(source.read_bytes()[: film.stat().st_size // 2])
    assert record(server, source, tmp_path / "kept", "--fast") == 1
    assert "it ends in the middle of a box 'mdat'" in capsys.readouterr().err
    closing = packed(server, only(tmp_path / "kept")).statements[-1]
    assert isinstance(closing, Closing)
    assert closing.reason == "device"


def test_without_a_closing_it_ends_as_a_phone_taken_away(
    server: RunningServer, film: Path, tmp_path: Path
) -> None:
    assert record(server, film, tmp_path, "--fast", "--no-closing") == 0
    found = packed(server, only(tmp_path))
    assert isinstance(found.statements[-1], SegmentStatement)
    assert footage.packets(found.film) == footage.packets(film)


def test_ctrl_c_closes_the_recording(server: RunningServer, film: Path, tmp_path: Path) -> None:
    with recording(server, film, tmp_path) as process:
        wait_for_statement(tmp_path, 4)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    found = packed(server, only(tmp_path))
    assert isinstance(found.statements[-1], Closing)
    assert 4 <= json.loads(out)["segments"] < 14
    kept = footage.packets(found.film)[0]
    assert len(kept) >= 45
    assert footage.packets(film)[0][: len(kept)] == kept


def test_a_killed_recorder_has_lost_nothing_that_was_acknowledged(
    server: RunningServer, film: Path, tmp_path: Path
) -> None:
    with recording(server, film, tmp_path) as process:
        wait_for_statement(tmp_path, 5)
        process.kill()
    folder = only(tmp_path)
    check_folder(server, folder)
    found = packed(server, folder)
    assert found.chain.last >= json.loads((folder / "head.json").read_bytes())["number"] >= 5
    frames = footage.packets(found.film)[0]
    assert frames == footage.packets(film)[0][: len(frames)]
    assert len(frames) >= 4 * 15


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "server-data") as running:
        yield running


@pytest.mark.fault
def test_a_server_killed_in_the_middle_costs_nothing(
    own_server: RunningServer, film: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    with recording(own_server, film, kept) as process:
        wait_for_statement(kept, 4)
        own_server.kill()
        before = head(kept)["number"]
        time.sleep(2)
        own_server.start()
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "trying again" in errors
    assert json.loads(out)["segments"] == 14
    check_folder(own_server, only(kept))
    found = packed(own_server, only(kept))
    assert found.chain.last > int(str(before))
    assert footage.packets(found.film) == footage.packets(film)


def test_a_wrong_code_is_refused_and_leaves_no_folder(
    own_server: RunningServer, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_server.links["guest_code"] = "wrong-code"
    assert record(own_server, film, tmp_path / "kept", "--fast") == 1
    said = capsys.readouterr().err
    assert said.startswith("accompany record: the opening was refused (401)")
    assert said.count("\n") == 1
    assert list((tmp_path / "kept").iterdir()) == []


def test_another_organization_than_the_posters_gets_nothing(
    server: RunningServer, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(server, film, tmp_path / "kept", "--organization-key", "a" * 32) == 1
    assert "the organization's key: expected aaaa" in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()


def test_what_cannot_be_recorded_is_refused_before_anything_is_sent(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(server, tmp_path / "absent.mp4", tmp_path / "kept") == 1
    assert "No such file" in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()


def test_an_address_without_a_scheme_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(configure_record, ["x.mp4", "--server", "example.org", "--guest", "x"])
    assert caught.value.code == 2
    assert "expected an address like https://example.org" in capsys.readouterr().err


def test_a_package_comes_to_the_locators_holder_only(
    server: RunningServer, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(server, film, tmp_path / "kept", "--fast") == 0
    folder = only(tmp_path / "kept")
    out = tmp_path / "x.zip"
    out.write_bytes(b"what was here before")
    (folder / "locator.txt").write_text(f"{'A' * 43}=\n")
    capsys.readouterr()
    assert fetch(server, folder, out) == 1
    assert "was refused (404)" in capsys.readouterr().err
    assert out.read_bytes() == b"what was here before"
    assert [path.name for path in tmp_path.iterdir()].count(".x.zip.part") == 0


@pytest.mark.parametrize("text", ["", "no base64", "AAAA"])
def test_a_locator_that_is_none_is_named(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    locator = tmp_path / "locator.txt"
    locator.write_text(text)
    given = ["a" * 32, "--server", "http://127.0.0.1:1", "--locator", locator, "-o", tmp_path / "x"]
    assert run_package(parsed(configure_package, given)) == 1  # type: ignore[arg-type]
    assert "base64" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locator = tmp_path / "locator.txt"
    locator.write_text(f"{'A' * 43}=\n")
    given = ["a" * 32, "--server", "http://127.0.0.1:1", "--locator", locator, "-o", tmp_path / "x"]
    assert run_package(parsed(configure_package, given)) == 1  # type: ignore[arg-type]
    assert "no answer from http://127.0.0.1:1" in capsys.readouterr().err


def test_a_server_with_its_own_authority_needs_its_certificate(film: Path, tmp_path: Path) -> None:
    certificate_of_another = tmp_path / "another.crt"
    trustme.CA().cert_pem.write_to_path(str(certificate_of_another))
    with running_server(tmp_path / "server-data", "--tls") as server:
        assert server.url.startswith("https://")
        authority = server.data / "tls" / "authority.crt"
        kept = tmp_path / "kept"
        assert record(server, film, kept, "--fast", "--ca", authority) == 0
        folder = only(kept)
        assert fetch(server, folder, tmp_path / "x.zip", "--ca", authority) == 0
        assert footage.packets(Packed(tmp_path / "x.zip", folder).film) == footage.packets(film)
        assert fetch(server, folder, tmp_path / "y.zip", "--ca", certificate_of_another) == 1
