"""`accompany verify --log`: the log read over HTTP, from memory and from a real server."""

import json
import re
import signal
import subprocess
import sys
import time
import zipfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import clips
from accompany.cli.verify import HttpLog, configure_verify, run_verify
from accompany.evidence import layout
from accompany.evidence.verify import Asking, Trust
from accompany.verifier import verify as verify_file
from evidence import making
from evidence.making import Log, Recording, codes
from evidence.shown import SOON, Told, told_of
from evidencefiles import Verdict, run, verify
from serving import RunningServer, accompany, environment, running_server
from tlogs import MemoryLog


def parsed(*arguments: object):
    parser = ArgumentParser()
    configure_verify(parser)
    return parser.parse_args([str(one) for one in arguments])


# ---- Over HTTP, from memory ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def told() -> Told:
    log = Log()
    log.pad(700)
    seen = log.checkpoint()
    return told_of(Recording(after=(seen.size, seen.root)).film(4).close(), log, more=400)


@pytest.fixture(scope="module")
def zipped(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("told") / "film.zip"
    path.write_bytes(told.package.zipped())
    return path


def served(told: Told) -> MemoryLog:
    return MemoryLog(told.log.signer, [bytes(entry) for entry in told.log.entries])


def asked(zipped: Path, memory: MemoryLog):
    asking = Asking(HttpLog("http://log", memory.tiles()), SOON)
    return verify_file(zipped, Trust(policy=making.POLICY), asking=asking)


def test_bundles_from_the_opening_on_are_fetched_and_few_tiles(told, zipped):
    memory = served(told)
    report = asked(zipped, memory)
    assert report.exit == 0
    assert {"beyond-continues", "beyond-package", "beyond-nothing"} <= set(codes(report))
    size = len(told.log.entries)
    width = size // 256
    assert sorted(memory.asked) == sorted(
        [
            "checkpoint",
            f"tile/1/000.p/{width}",
            *(f"tile/entries/{number:03d}" for number in range(700 // 256, width)),
            f"tile/entries/{width:03d}.p/{size % 256}",
        ]
    )


@pytest.mark.parametrize("path", ["tile/entries/003", "tile/1/000.p/4", "checkpoint"])
@pytest.mark.parametrize("answer", [500, 404, b"", b"\x00\x40short", bytes(100_000)])
def test_whatever_a_log_answers_there_is_a_report(told, zipped, path, answer):
    memory = served(told)
    memory.bend[path] = answer
    report = asked(zipped, memory)
    assert report.exit in (1, 2)
    beyond = [code for code in codes(report) if code.startswith("beyond-")]
    assert beyond in (["beyond-unasked"], ["beyond-root"])


def test_without_log_nothing_of_a_network_is_imported(zipped):
    code = (
        "import sys; from accompany.cli import main; main(['verify', sys.argv[1]]); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, zipped], capture_output=True, text=True, env=environment()
    )
    modules = done.stderr.split()
    assert "accompany.verifier" in modules
    assert not {"httpx", "ssl", "accompany.client.tiles"} & set(modules)


def test_a_server_that_is_not_there_is_no_failure_of_the_package(zipped, tmp_path, capsys):
    (tmp_path / "policy").write_text(making.POLICY_TEXT)
    given = parsed(zipped, "--policy", tmp_path / "policy", "--log", "http://127.0.0.1:9", "--json")
    assert run_verify(given) == 2
    said = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in said["unchecked"]] == ["beyond-unasked"]
    assert "127.0.0.1:9" in said["unchecked"][0]["found"]


@pytest.mark.parametrize("option", ["--token-file", "--ca"])
def test_a_file_that_is_not_there_exits_2_and_is_named(zipped, option, capsys):
    assert run_verify(parsed(zipped, "--log", "http://127.0.0.1:9", option, "no-such-file")) == 2
    assert "no-such-file" in capsys.readouterr().err


def test_an_address_must_be_one(capsys):
    with pytest.raises(SystemExit):
        parsed("x.zip", "--log", "log.example.org")
    assert "expected an address" in capsys.readouterr().err


# ---- A real server ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


class Recorded:
    """A film sent while it is watched: `early` was fetched before its end, `late` after it."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        film = clips.write_film(folder / "stop.mp4", seconds=6)
        code = server.links["guest_code"]
        given = ("--server", server.url, "--guest", code, "--folder", folder)
        sending = subprocess.Popen(accompany("record", film, *given), env=environment())
        self.server, self.folder = server, folder
        self.early, self.late = folder / "early.zip", folder / "late.zip"
        try:
            until(lambda: self.receipts >= 5, "five receipts")
            # Held still meanwhile: on a busy machine a fetch takes longer than the film.
            sending.send_signal(signal.SIGSTOP)
            self.fetch(self.early)
            sending.send_signal(signal.SIGCONT)
            assert sending.wait(60) == 0
        finally:
            sending.kill()
        self.fetch(self.late)

    @property
    def own(self) -> Path | None:
        return next((p.parent for p in self.folder.glob("*/locator.txt")), None)

    @property
    def receipts(self) -> int:
        return len(list(self.own.glob("receipts/*"))) if self.own else 0

    def fetch(self, out: Path) -> None:
        assert self.own
        locator = self.own / "locator.txt"
        given = ("--server", self.server.url, "--locator", locator, "-o", out)
        done = run("package", self.own.name, *given)
        assert done.returncode == 0, done.stderr

    def verify(self, package: Path, *options: str) -> Verdict:
        policy = self.server.data / "policy"
        return verify(package, policy, "--log", self.server.url, *options)

    def live(self, package: Path, *options: str) -> Verdict:
        assert self.own
        return self.verify(package, "--token-file", str(self.own / "locator.txt"), *options)


def until(true: Callable[[], object], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def recorded(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(server, tmp_path_factory.mktemp("recorded"))


def said(verdict: Verdict, kind: str) -> list[str]:
    return [one["code"] for one in verdict.report[kind]]


def test_a_whole_package_is_found_in_the_live_log(recorded):
    # A live checkpoint covers the export's own entry within a second.
    until(lambda: recorded.live(recorded.late).status == 0, "the package's entry")
    verdict = recorded.live(recorded.late)
    held = {"beyond-continues", "beyond-entries", "beyond-nothing", "beyond-package"}
    assert held <= set(said(verdict, "holds"))
    looked = verdict.report["facts"]["looked"]
    assert looked["log"] == recorded.server.url
    assert looked["size"] > verdict.report["facts"]["covered"]


def test_a_package_made_before_the_end_is_told_from_a_whole_one(recorded):
    policy = recorded.server.data / "policy"
    assert verify(recorded.early, policy, "--open-ended").status == 0
    verdict = recorded.live(recorded.early, "--open-ended")
    assert verdict.status == 1
    assert said(verdict, "fails") == ["beyond-further"]
    end = max(
        int(name[-11:-5])
        for name in zipfile.ZipFile(recorded.late).namelist()
        if "/data/statements/" in name
    )
    found = verdict.report["fails"][0]["found"]
    assert re.search(rf"\b{end}\b", found)


def test_a_tail_cut_off_with_nothing_fixed_fails_by_the_log_as_well(recorded):
    cut = recorded.folder / "cut.zip"
    with zipfile.ZipFile(recorded.late) as whole, zipfile.ZipFile(cut, "w") as out:
        for name in whole.namelist():
            at = layout.place(name.partition("/")[2])
            if at and at.kind in ("statement", "receipt", "proof", "segment") and at.number > 4:
                continue
            out.writestr(name, whole.read(name))
    verdict = recorded.live(cut)
    assert verdict.status == 1
    assert {"listed-missing", "beyond-further"} <= set(said(verdict, "fails"))


def test_strangers_are_told_that_the_log_is_not_shown_that_far(recorded):
    verdict = recorded.verify(recorded.late)
    assert verdict.status == 2
    assert said(verdict, "unchecked") == ["beyond-older"]
    page = run(
        "verify", recorded.late, "--policy", recorded.server.data / "policy",
        "--log", recorded.server.url,
    ).stdout  # fmt: skip
    assert "THE LOG, LOOKED AT NOW" in page
    assert "to its daily checkpoint" in " ".join(page.split())
