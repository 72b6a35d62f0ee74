"""A data folder restored from an older backup: refused; then a new log, the old one readable."""

import json
import shutil
from collections import Counter
from pathlib import Path

from accompany.evidence.checkpoints import Policy, file_name_of
from evidencefiles import run, verify
from faults.forking import Forking
from faults.phones import TOKEN, Surge
from faults.telling import ACKNOWLEDGED, Outcome, Tell
from serving import RunningServer


def restore_an_older_one(folder: Path, tell: Tell, thorough: bool = True) -> Outcome:
    """Restore a backup that lacks what was acknowledged since, in place; return what happened."""
    server = Forking(folder / "data")
    server.start()
    surge = Surge.of(server, folder, 2, 9)
    with surge.sending():
        surge.go_on(15)
    surge.check(everything=True)
    surge.check_package()
    before = Path(server.links["policy"]).read_bytes()
    log = surge.phones[0].service.organization.log
    done = run("backup", "--data", server.data, "--to", folder / "backup")
    assert done.returncode == 0, done.stderr
    shutil.copytree(folder / "audit", folder / "audit-then")
    entries = len(surge.entries)
    with surge.sending():
        surge.go_on(15)
    surge.check(everything=True)
    server.kill()
    shutil.rmtree(server.data)
    done = run("restore", "--from", folder / "backup", "--data", server.data)
    assert done.returncode == 0, done.stderr
    tell(1, 4, "restored")
    server.spawn()
    assert not server.ready()
    assert server.kill() == 1
    refused = server.said().splitlines()[-1]
    assert "older backup" in refused
    assert "--new-origin" in refused
    tell(2, 4, refused)
    server.options = ("--new-origin",)
    server.start()
    server.kill()
    # Once is enough: from here on it is an ordinary start.
    server.options = ()
    server.start()
    own = Path(server.links["policy"])
    logs = Policy.parse(own.read_bytes()).logs
    assert len(logs) == 2
    assert logs[1] == log
    left = server.data / "closed" / file_name_of(log)
    assert not (left / "keys" / "log.key").exists()
    assert not (left / "keys" / "receipts.key").exists()
    # A package made before still verifies, by the old policy and by the new one.
    (folder / "before").write_bytes(before)
    for policy in (folder / "before", own)[0 if thorough else 1 :]:
        assert verify(folder / "film.zip", policy, "--open-ended").status == 0
    # Whoever has seen no more than the backup holds finds the old log whole, and closed.
    if thorough:
        ended = _audit(server, folder / "audit-then", folder / "before")
        assert "was closed for good, and what is left of it holds" in ended
    alarmed = _audit(server, folder / "audit", folder / "before")
    assert "ALARM" in alarmed
    assert "it went back" in alarmed
    tell(3, 4, "alarm")
    (folder / "fresh").mkdir()
    fresh = Surge.of(server, folder / "fresh", 2, 10)
    with fresh.sending():
        fresh.go_on(10)
    fresh.check(everything=True)
    if thorough:
        fresh.check_package()
        told = json.loads(run("doctor", "--data", server.data, "--json").stdout)
        assert [one for one in told if one["how"] == "wrong"] == []
        server.kill()
        server.start()
        fresh.check(everything=True)
    server.stop()
    tell(4, 4, "a new log")
    words = (
        f"a backup that lacked what came after entry {entries} was restored: refused, with what to "
        f"do; --new-origin began a log with keys of its own, the old keys are gone; the old one is "
        "served as far as it is left, its package verifies, an auditor who had seen no more finds "
        "it whole and closed, and one who had seen more raised the alarm"
    )
    acknowledged = surge.acknowledged + fresh.acknowledged
    return Outcome(words, Counter({"restored backups": 1, ACKNOWLEDGED: acknowledged}))


def _audit(server: RunningServer, folder: Path, policy: Path) -> str:
    """Follow the old log as an auditor who knows only its key; return what the auditor reads."""
    done = run(
        "audit", server.url, "--folder", folder, "--policy", policy, "--token", TOKEN
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    return done.stderr
