"""A witness's memory: kept before it signs, one history for good, and nothing without it."""

import asyncio
import shutil
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.client.auditing import Alarm
from accompany.client.witnessing import Witness, open_witness
from accompany.errors import AccompanyError, Damaged, DoesNotHold
from accompany.evidence.checkpoints import read_consistency
from accompany.evidence.cosigning import (
    AddCheckpoint,
    BadProof,
    Conflict,
    Contradiction,
    cosigned_at,
    read_lines,
)
from accompany.evidence.notes import Note, Signer
from accompany.web.witness import create_witness_app
from tlogs import SIGNER, MemoryLog, numbered

LOGS = {SIGNER.name: SIGNER.verifier}
LOG = MemoryLog(SIGNER, numbered(600))
FORK = MemoryLog(SIGNER, [*numbered(300), *numbered(300, 300, "other")])
NAME = "witness.example.net"


def witness(folder: Path) -> Witness:
    return open_witness(folder / "witness", NAME, LOGS)


def request(log: MemoryLog, old: int, new: int) -> bytes:
    proof = read_consistency(log.consistency(old, new))[2]
    return bytes(AddCheckpoint(old, tuple(proof), log.checkpoint(new)))


def test_it_signs_what_it_kept(tmp_path: Path) -> None:
    one = witness(tmp_path)
    line = one.answer(request(LOG, 0, 300), 1_700_000_000)
    text = Note.parse(LOG.checkpoint(300)).text
    (signature,) = read_lines(line.encode(), text)
    assert cosigned_at(text, signature, one.verifier) == 1_700_000_000
    assert one.heads.head(SIGNER.name).size == 300
    assert one.heads.note(SIGNER.name) == LOG.checkpoint(300)


def test_a_restart_remembers(tmp_path: Path) -> None:
    one = witness(tmp_path)
    key = one.verifier
    one.answer(request(LOG, 0, 400), 1)
    one.heads.close()
    again = witness(tmp_path)
    assert again.verifier == key
    with pytest.raises(BadProof):
        again.answer(request(FORK, 400, 500), 2)
    with pytest.raises(Conflict, match="400"):
        again.answer(request(LOG, 0, 300), 2)
    assert again.answer(request(LOG, 400, 400), 2)


def test_two_processes_on_one_folder_sign_one_history(tmp_path: Path) -> None:
    first, second = witness(tmp_path), witness(tmp_path)
    first.answer(request(LOG, 0, 400), 1)
    with pytest.raises(Conflict):
        second.answer(request(FORK, 0, 400), 1)


def test_two_trees_of_one_size_leave_one_file_with_both(tmp_path: Path) -> None:
    one = witness(tmp_path)
    one.answer(request(LOG, 0, 400), 1)
    for _ in range(3):
        with pytest.raises(Contradiction):
            one.answer(request(FORK, 400, 400), 2)
    (file,) = one.folder.glob("contradiction-*")
    assert LOG.checkpoint(400).decode() in file.read_text()
    assert FORK.checkpoint(400).decode() in file.read_text()


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 600), st.integers(0, 600), st.booleans()),
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None)
def test_whatever_comes_through_restarts_it_signs_one_growing_tree(
    tmp_path_factory, requests
) -> None:
    folder = tmp_path_factory.mktemp("w")
    one = witness(folder)
    signed: list[tuple[int, bytes]] = []
    for fork, old, new, restart in requests:
        log = FORK if fork else LOG
        try:
            one.answer(request(log, min(old, new), max(old, new)), 1)
            signed.append((max(old, new), log.checkpoint(max(old, new))))
        except AccompanyError:
            pass
        if restart:
            one.heads.close()
            one = witness(folder)
    assert [size for size, _ in signed] == sorted(size for size, _ in signed)
    assert any(all(log.checkpoint(size) == note for size, note in signed) for log in (LOG, FORK))


@pytest.mark.parametrize("lost", ["key", "witness.sqlite"])
def test_without_its_memory_a_key_is_never_used_again(tmp_path: Path, lost: str) -> None:
    witness(tmp_path).heads.close()
    (tmp_path / "witness" / lost).unlink()
    with pytest.raises(Damaged, match="nothing is signed"):
        witness(tmp_path)


def test_a_witness_keeps_its_name(tmp_path: Path) -> None:
    witness(tmp_path)
    with pytest.raises(Damaged, match=NAME):
        open_witness(tmp_path / "witness", "another.example.net", LOGS)
    assert open_witness(tmp_path / "witness", None, LOGS).signer.name == NAME
    with pytest.raises(Damaged, match="--name"):
        open_witness(tmp_path / "none", None, LOGS)


def test_nothing_is_signed_when_it_cannot_be_kept(tmp_path: Path) -> None:
    one = witness(tmp_path)
    one.heads.close()
    with pytest.raises(Exception, match="closed"):
        one.answer(request(LOG, 0, 5), 1)


def test_a_visit_cosigns_and_brings_the_log_signed_note_with_its_line(tmp_path: Path) -> None:
    one = witness(tmp_path)
    for size in (0, 300, 300, 600):
        LOG.shown = size
        LOG.posted.clear()
        assert one.visit(LOG.tiles("t"), 7).size == size
        ((path, body),) = LOG.posted
        assert path == "cosignatures"
        note = Note.parse(body)
        assert body.startswith(LOG.checkpoint(size))
        assert [line.name for line in note.signatures] == [SIGNER.name, NAME]
    LOG.shown = 400
    found = one.visit(LOG.tiles("t"), 8)
    assert (found.size, found.cosigned) == (600, False)


def test_a_visit_to_a_fork_raises_the_alarm(tmp_path: Path) -> None:
    one = witness(tmp_path)
    LOG.shown, FORK.shown = 400, 500
    one.visit(LOG.tiles(), 1)
    with pytest.raises(Alarm) as raised:
        one.visit(FORK.tiles(), 2)
    assert LOG.checkpoint(400).decode() in raised.value.evidence
    assert FORK.checkpoint(500).decode() in raised.value.evidence
    assert FORK.posted == []
    FORK.shown = 400
    with pytest.raises(Alarm):
        one.visit(FORK.tiles(), 2)


def test_a_visit_to_a_forger_signs_nothing(tmp_path: Path) -> None:
    forger = MemoryLog(Signer.generate(SIGNER.name), numbered(3))
    with pytest.raises(DoesNotHold):
        witness(tmp_path).visit(forger.tiles(), 1)
    assert forger.posted == []


def asked(one: Witness, body: bytes) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_witness_app(one, lambda: 1_700_000_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
            return await client.post("/add-checkpoint", content=body)

    return asyncio.run(ask())


def test_each_answer_has_the_status_of_the_specification(tmp_path: Path) -> None:
    one = witness(tmp_path)
    good = asked(one, request(LOG, 0, 300))
    assert good.status_code == 200
    text = Note.parse(LOG.checkpoint(300)).text
    (line,) = read_lines(good.content, text)
    assert cosigned_at(text, line, one.verifier) == 1_700_000_000
    conflict = asked(one, request(LOG, 0, 400))
    assert (conflict.status_code, conflict.text) == (409, "300\n")
    assert conflict.headers["content-type"] == "text/x.tlog.size"
    assert asked(one, request(FORK, 300, 400)).status_code == 200
    assert asked(one, request(LOG, 400, 400)).status_code == 409
    assert asked(one, request(LOG, 400, 500)).status_code == 422
    assert asked(one, b"old 401\n\n" + LOG.checkpoint(400)).status_code == 400
    assert asked(one, b"nonsense").status_code == 400
    stranger = MemoryLog(Signer.generate("other.example.org"), numbered(3))
    assert asked(one, request(stranger, 0, 3)).status_code == 404
    forger = MemoryLog(Signer.generate(SIGNER.name), numbered(3))
    assert asked(one, request(forger, 0, 3)).status_code == 403
    assert asked(one, b"x" * 200_000).status_code == 413
    assert one.heads.head(SIGNER.name).size == 400


def test_a_copied_folder_is_two_witnesses_with_one_key(tmp_path: Path) -> None:
    """Why the documentation says never to copy it: nothing here can see that."""
    witness(tmp_path).heads.close()
    shutil.copytree(tmp_path / "witness", tmp_path / "copy" / "witness")
    witness(tmp_path).answer(request(LOG, 0, 400), 1)
    assert witness(tmp_path / "copy").answer(request(FORK, 0, 400), 1)
