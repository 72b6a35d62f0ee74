"""Recording against a server that has lost its way, as no real one of ours will.

Everything else is tested against the real server in test_record_end_to_end.py.
"""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import clips
from accompany.client import recorder
from accompany.client.recorder import Options, record
from accompany.errors import DoesNotHold, OutOfOrder
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import Organization, organization_name
from accompany.evidence.notes import Note, Signer
from accompany.evidence.receipts import Receipt, receipts_name, statement_entry
from accompany.evidence.statements import digest_of
from accompany.evidence.text import read_base64
from accompany.ids import Origin

ORIGIN = Origin("example.org/log")
LOG, RECEIPTS = Signer.generate(ORIGIN), Signer.generate(receipts_name(ORIGIN))
HEAD = Signer.generate(organization_name(ORIGIN))
CUSTODIAN = str(HybridIdentity.generate().recipient)
ORGANIZATION = Organization("Legal Aid", CUSTODIAN, LOG.verifier, RECEIPTS.verifier)


class Forgetful:
    """A server in memory that forgets: before request *at* it drops its last *lost* statements."""

    def __init__(self, at: int = -1, lost: int = 0) -> None:
        self.at, self.lost = at, lost
        self.notes: list[bytes] = []
        self.bytes_: list[str] = []
        self.bend: Callable[[bytes], bytes] = lambda digest: digest

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/service":
            key, note = str(HEAD.verifier), HEAD.sign(str(ORGANIZATION)).decode()
            said = {"origin": ORIGIN, "organization_key": key, "organization": note}
            return httpx.Response(200, json=said)
        if path == "/log/checkpoint":
            return httpx.Response(404, json={"title": "Not Found"})
        if path == "/api/recordings":
            return self.take(0, json.loads(request.content)["opening"].encode(), "none")
        number = int(path.rpartition("/")[2])
        if number == self.at:
            self.at = -1
            del self.notes[-self.lost :], self.bytes_[-self.lost :]
        if "/segments/" in path:
            return self.take(number, read_base64(request.headers["Statement"]), "kept")
        word = "awaited" if request.content.startswith(b"accompany/segment/") else "none"
        return self.take(number, request.content, word)

    def take(self, number: int, note: bytes, bytes_: str) -> httpx.Response:
        if number != len(self.notes):
            digest = self.bend(digest_of(self.notes[-1]))
            stands = {"last": len(self.notes) - 1, "digest": digest.hex()}
            return httpx.Response(409, json={"title": "Conflict", "detail": "behind", **stands})
        self.notes.append(note)
        self.bytes_.append(bytes_)
        entry = statement_entry(self.notes[0], number, note)
        receipt = Receipt(ORIGIN, number, entry, bytes_, 0)
        return httpx.Response(201, content=RECEIPTS.sign(str(receipt)))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.write_film(tmp_path_factory.mktemp("film") / "stop.mp4", seconds=3)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Forgetful], None]:
    def use(server: Forgetful) -> None:
        transport = httpx.MockTransport(server.answer)
        client = httpx.Client(base_url="http://server", transport=transport)
        monkeypatch.setattr(recorder, "open_client", lambda address, ca: client)

    return use


def texts(notes: list[bytes]) -> list[str]:
    return [Note.parse(note).text.split("\n")[0] for note in notes]


def test_what_a_server_has_lost_is_stated_again(
    film: Path, tmp_path: Path, at: Callable[[Forgetful], None]
) -> None:
    server = Forgetful(at=5, lost=2)
    at(server)
    done = record(film, "http://server", "x", Options(folder=tmp_path, fast=True))
    assert done.last == 9
    assert server.bytes_ == ["none", *["kept"] * 2, *["awaited"] * 2, *["kept"] * 4, "none"]
    assert texts(server.notes)[-1] == "accompany/closing/v1"
    # Nothing is signed twice: what was stated again is what was signed at first.
    kept = [path.read_bytes() for path in sorted((done.folder / "statements").iterdir())]
    assert kept == server.notes
    assert json.loads((done.folder / "head.json").read_bytes())["number"] == 9


def test_what_this_device_never_signed_ends_the_recording(
    film: Path, tmp_path: Path, at: Callable[[Forgetful], None]
) -> None:
    server = Forgetful(at=5, lost=2)
    server.bend = lambda digest: bytes(32)
    at(server)
    with pytest.raises(OutOfOrder, match="behind"):
        record(film, "http://server", "x", Options(folder=tmp_path, fast=True))
    assert len(server.notes) == 3


def test_a_lying_receipt_ends_the_recording_and_is_reported(
    film: Path, tmp_path: Path, at: Callable[[Forgetful], None]
) -> None:
    server = Forgetful()
    honest = server.answer

    def answer(request: httpx.Request) -> httpx.Response:
        reply = honest(request)
        if not request.url.path.endswith("/segments/3"):
            return reply
        entry = statement_entry(server.notes[0], 3, server.notes[2])
        false = Receipt(ORIGIN, 3, entry, "kept", 0)
        return httpx.Response(201, content=RECEIPTS.sign(str(false)))

    server.answer = answer  # type: ignore[method-assign]
    at(server)
    with pytest.raises(DoesNotHold, match="receipt: expected entry"):
        record(film, "http://server", "x", Options(folder=tmp_path, fast=True))
    (folder,) = tmp_path.iterdir()
    assert len(list((folder / "receipts").iterdir())) == 3
    assert json.loads((folder / "head.json").read_bytes())["number"] == 2
    assert "receipt: expected entry" in json.loads((folder / "report.json").read_bytes())["state"]


def test_progress_is_told_in_milliseconds(
    film: Path, tmp_path: Path, at: Callable[[Forgetful], None]
) -> None:
    at(Forgetful())
    told: list[tuple[int, int]] = []
    options = Options(folder=tmp_path, fast=True, on_progress=lambda *p: told.append(p))
    record(film, "http://server", "x", options)
    assert told[0] == (0, 3000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == pytest.approx(3000, abs=100)
