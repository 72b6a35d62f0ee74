"""Auditors, witnesses and time-stamp authorities, all real, around a real server."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import clips
from accompany.evidence.checkpoints import Policy, parse_checkpoint
from accompany.evidence.cosigning import AddCheckpoint
from accompany.evidence.notes import Note
from authorities import Authority, running_authority
from evidencefiles import run, verify
from serving import RunningServer, accompany, environment, running_server


def until(true: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Return once something another process does has come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


@contextmanager
def running_witness(folder: Path, policy: Path) -> Iterator[dict[str, str]]:
    command = accompany(
        "witness", "--folder", folder, "--name", f"{folder.name}.example.net",
        "--policy", policy, "--listen", "127.0.0.1:0", "--json",
    )  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@dataclass
class Followed:
    """A server with an authority up and one down, a witness that is asked, and one that comes."""

    server: RunningServer
    up: Authority
    down: Authority
    witnesses: Path
    visitor: Path
    policy: Path
    token: Path
    folder: Path

    def audit(self, folder: str, *options: str | Path) -> "subprocess.CompletedProcess[str]":
        where = ("--folder", self.folder / folder)
        return run("audit", self.server.url, "--policy", self.policy, *where, *options)

    def visit(self, *options: str | Path) -> "subprocess.CompletedProcess[str]":
        given = ("--policy", self.policy, "--token-file", self.token, "--folder", self.visitor)
        return run("witness", self.server.url, *given, *options)

    def get(self, path: str) -> bytes:
        headers = {"authorization": f"Bearer {self.token.read_text().strip()}"}
        answer = httpx.get(f"{self.server.url}/log/{path}", headers=headers, trust_env=False)
        answer.raise_for_status()
        return answer.content


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("followed")
    data = folder / "data"
    patch = pytest.MonkeyPatch()
    patch.setenv("ACCOMPANY_ROUND_SECONDS", "1")
    with running_server(data) as server:
        policy = folder / "policy"
        policy.write_text((data / "policy").read_text())
    made = run("witness", "--folder", folder / "visitor", "--name", "visitor.example.net")
    assert made.returncode == 0, made.stderr
    with (
        running_authority(folder / "up") as up,
        running_authority(folder / "down") as down,
        running_witness(folder / "asked", policy) as asked,
    ):
        down.down = True
        for authority in (up, down):
            place = data / "authorities" / authority.folder.name
            place.mkdir(parents=True)
            (place / "url").write_text(f"{authority.url}\n")
            (place / "roots.pem").write_bytes(authority.roots)
        (data / "witnesses").write_text(
            f"witness asked {asked['witness']} {asked['url']}\n"
            f"witness visitor {made.stdout.strip()}\n"
            "group one any asked visitor\nquorum one\n"
        )
        token = folder / "token"
        with running_server(data) as server:
            given = run("token", "--data", data, "--for", "the neighbours")
            assert given.returncode == 0, given.stderr
            token.write_text(given.stdout)
            yield Followed(
                server, up, down, data / "witnesses", folder / "visitor", policy, token, folder
            )
    patch.undo()


@pytest.fixture(scope="module")
def recording(followed: Followed) -> Path:
    film = clips.write_film(followed.folder / "stop.mp4", seconds=2)
    code = followed.server.links["guest_code"]
    done = run(
        "record", film, "--server", followed.server.url, "--guest", code, "--fast", "--json",
        "--folder", followed.folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return followed.folder / json.loads(done.stdout)["recording"]


def package(followed: Followed, recording: Path, out: str) -> Path:
    path = followed.folder / out
    locator = recording / "locator.txt"
    done = run(
        "package", recording.name, "--server", followed.server.url, "--locator", locator,
        "-o", path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


def test_a_package_ends_stamped_cosigned_and_bracketed(followed: Followed, recording: Path) -> None:
    """Within a round of the recording's end, nothing more needs to be asked of anybody."""
    anchors = followed.folder / "anchors.pem"
    anchors.write_bytes(followed.up.root.pem)
    witnessed = followed.folder / "policy-with-witnesses"
    witnessed.write_text((followed.server.data / "policy").read_text())
    assert Policy.parse(witnessed.read_bytes()).quorum == "one"
    found = None

    def whole() -> bool:
        nonlocal found
        out = package(followed, recording, "stamped.zip")
        found = verify(out, witnessed, "--anchors", str(anchors))
        return found.status == 0 and found.report["facts"]["not_after"] is not None

    until(whole, "a package with stamps and cosignatures", 40)
    assert found is not None
    held = {one["code"]: one for one in found.report["holds"]}
    assert {"quorum-holds", "stamps-hold"} <= held.keys()
    assert held["quorum-holds"]["values"]["names"] == "asked"
    assert held["stamps-hold"]["values"]["names"] == "up"
    facts = found.report["facts"]
    assert facts["not_after"]["stamp"].startswith("up-")
    assert facts["brackets"][0]["first"] == 0
    assert facts["brackets"][-1]["not_after"] == facts["not_after"]["time"]
    # Before anybody is believed, the same package leaves the authorities open.
    assert verify(followed.folder / "stamped.zip", witnessed).status == 2


def test_doctor_shows_who_is_down(followed: Followed, recording: Path) -> None:
    del recording
    until(lambda: followed.down.asked, "the authority that is down was asked")

    def remarks() -> dict[str, dict[str, str]]:
        done = run("doctor", "--data", followed.server.data, "--json")
        return {one["about"]: one for one in json.loads(done.stdout)}

    until(lambda: "503" in remarks()["authority down"]["words"], "doctor knows of it")
    found = remarks()
    assert found["authority down"]["how"] == "wrong"
    assert found["authority up"]["how"] == "good"
    assert found["witness asked"]["how"] == "good"
    assert found["live checkpoint"]["how"] == "good"
    assert found["keys"]["how"] == "good"


def test_auditors_follow_the_live_log_and_strangers_the_public_one(
    followed: Followed, recording: Path
) -> None:
    del recording
    done = followed.audit("live", "--token-file", followed.token, "--json")
    assert done.returncode == 0, done.stderr
    live = json.loads(done.stdout)
    assert live["size"] > 8
    stranger = json.loads(followed.audit("public", "--json").stdout)
    assert stranger["size"] == live["public"]
    assert stranger["size"] % 256 == 0
    assert stranger["size"] < live["size"]
    again = json.loads(followed.audit("live", "--token-file", followed.token, "--json").stdout)
    assert again["before"] == live["size"]
    assert again["result"] == "holds"
    wrong = followed.audit("wrong", "--token", "AAAA", "--json")
    assert json.loads(wrong.stdout)["size"] == stranger["size"]


def test_a_revoked_token_sees_what_strangers_see(followed: Followed, recording: Path) -> None:
    del recording
    given = run("token", "--data", followed.server.data, "--for", "short")
    token = followed.folder / "short-token"
    token.write_text(given.stdout)
    live = json.loads(followed.audit("a", "--token-file", token, "--json").stdout)["size"]
    again = run("token", "--data", followed.server.data, "--for", "short")
    assert again.returncode == 1
    assert "revoke it first" in again.stderr
    assert run("token", "--data", followed.server.data, "--revoke", "short").returncode == 0
    after = json.loads(followed.audit("b", "--token-file", token, "--json").stdout)["size"]
    assert after < live
    listed = run("token", "--data", followed.server.data, "--list").stdout
    assert "the neighbours: made" in listed
    assert ", revoked" in listed
    database = followed.server.data / "accompany.sqlite"
    assert token.read_text().strip().encode() not in database.read_bytes()


def test_without_a_policy_the_key_is_taken_on_first_use_and_said_loudly(
    followed: Followed,
) -> None:
    folder = followed.folder / "first-use"
    first = run("audit", followed.server.url, "--folder", folder)
    assert first.returncode == 0, first.stderr
    assert "NOBODY HAS TOLD" in first.stderr
    second = run("audit", followed.server.url, "--folder", folder)
    assert second.returncode == 0
    assert second.stderr == ""


def test_a_witness_behind_a_router_visits_and_brings_its_cosignature(
    followed: Followed, recording: Path
) -> None:
    del recording

    def both() -> bool:
        done = followed.visit("--json")
        assert done.returncode == 0, done.stderr
        note = Note.parse(followed.get("offered"))
        policy = Policy.parse((followed.server.data / "policy").read_bytes())
        return policy.cosigned(note) == {"asked", "visitor"}

    until(both, "both cosigned")


def test_only_named_witnesses_may_bring_cosignatures(followed: Followed, recording: Path) -> None:
    del recording
    until(lambda: b"visitor" in followed.get("offered") or followed.visit(), "something offered")
    stranger = followed.folder / "stranger"
    made = run("witness", "--folder", stranger, "--name", "stranger.example.net")
    assert made.returncode == 0
    done = run(
        "witness", followed.server.url, "--policy", followed.policy, "--token-file",
        followed.token, "--folder", stranger,
    )  # fmt: skip
    assert done.returncode == 2
    assert "witness known here" in done.stderr
    url = f"{followed.server.url}/log/cosignatures"
    answer = httpx.post(url, content=b"x", trust_env=False)
    assert answer.status_code == 400


@pytest.fixture(scope="module")
def forked(followed: Followed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The same keys over another journal: what an operator who lies, or is made to, would run."""
    data = tmp_path_factory.mktemp("forked") / "data"
    data.mkdir()
    with running_server(data):
        pass
    for name in ("log", "receipts", "organization", "custodian"):
        shutil.copy(followed.server.data / "keys" / f"{name}.key", data / "keys")
    shutil.rmtree(data / "checkpoints")
    (data / "checkpoints").mkdir()
    shutil.rmtree(data / "journal")
    for path in data.glob("*.sqlite*"):
        path.unlink()
    (data / "journal").mkdir()
    with running_server(data) as server:
        film = followed.folder / "stop.mp4"
        for _ in range(3):
            done = run(
                "record", film, "--server", server.url, "--guest", server.links["guest_code"],
                "--fast", "--folder", data.parent,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        yield server


def test_a_fork_raises_the_auditors_alarm(
    followed: Followed, recording: Path, forked: RunningServer
) -> None:
    del recording
    given = run("token", "--data", forked.data, "--for", "the neighbours")
    token = followed.folder / "forked-token"
    token.write_text(given.stdout)
    folder = followed.folder / "audited"
    assert followed.audit("audited", "--token-file", followed.token).returncode == 0
    done = run(
        "audit", forked.url, "--policy", followed.policy, "--folder", folder,
        "--token-file", token, "--json",
    )  # fmt: skip
    assert done.returncode == 1
    assert "ALARM" in done.stderr
    said = json.loads(done.stdout)
    assert said["result"] == "contradiction"
    evidence = Path(said["file"]).read_text()
    origin = parse_checkpoint(followed.get("checkpoint"))[0].origin
    assert evidence.count(f"\n{origin}\n") >= 2
    assert evidence.count(f"— {origin} ") == 2
    # The true log still holds for this auditor.
    assert followed.audit("audited", "--token-file", followed.token).returncode == 0


def test_no_witness_cosigns_a_fork(
    followed: Followed, recording: Path, forked: RunningServer
) -> None:
    del recording
    assert followed.visit().returncode == 0
    given = run("token", "--data", forked.data, "--for", "visitor")
    token = followed.folder / "visitors-forked-token"
    token.write_text(given.stdout)
    done = run(
        "witness", forked.url, "--policy", followed.policy, "--token-file", token,
        "--folder", followed.visitor, "--json",
    )  # fmt: skip
    # Either it shows less than was cosigned, which is not cosigned, or it is a contradiction.
    found = json.loads(done.stdout)
    assert found["result"] in ("contradiction", "older")
    headers = {"authorization": f"Bearer {token.read_text().strip()}"}
    note = httpx.get(f"{forked.url}/log/checkpoint", headers=headers, trust_env=False).content
    asked = next(
        line.split()[3]
        for line in followed.witnesses.read_text().splitlines()
        if line.startswith("witness asked")
    )
    answer = httpx.post(
        f"{asked}/add-checkpoint", content=bytes(AddCheckpoint(0, (), note)), trust_env=False
    )
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "text/x.tlog.size"
    assert int(answer.text) > 0
