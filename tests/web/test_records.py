"""Recordings over HTTP: what is answered, with which status, and who reads what."""

import asyncio
import io
import socket
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from accompany.client.device import Device
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.checkpoints import Proof, open_checkpoint
from accompany.evidence.receipts import statement_entry
from accompany.evidence.text import write_base64
from house import SECRET, House, bearing, house, listening, sound

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("records")) as held:
        yield held


def path(device: Device, rest: str = "") -> str:
    return f"/api/recordings/{device.recording}{rest}"


def is_problem(answer: httpx.Response, status: int, word: str) -> Any:
    """Return the problem document; raise AssertionError unless it is *word* with *status*."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["type"], document["status"]) == (f"/problems/{word}", status)
    assert document["title"]
    return document


# Opening.


async def test_an_opening_is_answered_with_its_receipt(held: House) -> None:
    device = held.device()
    answer = await held.client.post("/api/recordings", json=held.new_recording(device))
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert held.receipt(answer).entry == device.entry(device.opening)
    again = await held.client.post("/api/recordings", json=held.new_recording(device))
    assert (again.status_code, again.content) == (200, answer.content)
    # Once it is known, no admission is asked for: it was spent.
    without = held.new_recording(device, admission={})
    again = await held.client.post("/api/recordings", json=without)
    assert (again.status_code, again.content) == (200, answer.content)


@pytest.mark.parametrize("admission", [{"guest_code": "abcd-efgh"}, {"token": "A" * 43 + "="}, {}])
async def test_without_a_guest_code_nothing_is_opened(held: House, admission: Any) -> None:
    body = held.new_recording(held.device(), admission=admission)
    is_problem(await held.client.post("/api/recordings", json=body), 401, "unauthorized")


async def test_wrong_codes_are_limited(tmp_path: Path) -> None:
    async with house(tmp_path, wrong_codes_a_minute=3) as held:
        body = held.new_recording(held.device(), admission={"guest_code": "abcd-efgh"})
        for _ in range(3):
            is_problem(await held.client.post("/api/recordings", json=body), 401, "unauthorized")
        answer = await held.client.post("/api/recordings", json=body)
        assert is_problem(answer, 429, "too-many")["seconds"] == 60
        assert answer.headers["retry-after"] == "60"


@pytest.mark.parametrize(
    "bent",
    [
        {"locator": "AA" * 32},
        {"locator": "aa" * 31},
        {"grants": ["not base64"]},
        {"grants": "none"},
        {"deletion": "AAAA"},
        {"opening": "no note"},
        {"opening": "\x00"},
        {"more": 1},
        {"admission": {"guest_code": 5}},
        {"admission": None},
    ],
)
async def test_a_bent_request_is_malformed(held: House, bent: Any) -> None:
    body = held.new_recording(held.device(), **bent)
    is_problem(await held.client.post("/api/recordings", json=body), 400, "malformed")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"opening": "\\ud800"}'])
async def test_what_is_no_json_object_is_malformed(held: House, body: bytes) -> None:
    is_problem(await held.client.post("/api/recordings", content=body), 400, "malformed")


# Statements, segments, grants.


async def test_statements_and_segments_are_taken_and_given_again(held: House) -> None:
    device = await held.opened()
    first, second = sound(device), sound(device)
    kept = await held.put(device, first)
    assert (kept.status_code, held.receipt(kept).bytes_) == (201, "kept")
    assert kept.headers["content-type"] == "text/plain; charset=utf-8"
    awaited = await held.state(device, second)
    assert (awaited.status_code, held.receipt(awaited).bytes_) == (201, "awaited")
    later = await held.put(device, second, note=False)
    assert (later.status_code, held.receipt(later).bytes_) == (201, "kept")
    for answer, expected in (
        (await held.put(device, first), kept),
        (await held.state(device, first), kept),
        (await held.put(device, second), later),
        (await held.state(device, second), later),
    ):
        assert (answer.status_code, answer.content) == (200, expected.content)


async def test_where_it_stands_is_told_by_the_id_alone(held: House) -> None:
    device = await held.opened(segments=1)
    await held.state(device, sound(device))
    closing = device.closing(0, 0, "left")
    await held.state(device, closing)
    answer = await held.get(path(device))
    assert answer.json() == {
        "opening": device.opening.note.decode(),
        "last": 3,
        "digest": closing.digest.hex(),
        "missing": [2],
        "closing": "left",
        "deletion": None,
    }


async def test_out_of_order_says_what_to_send_again(held: House) -> None:
    device = await held.opened()
    first = sound(device)
    await held.put(device, first)
    sound(device)
    answer = await held.put(device, sound(device))
    document = is_problem(answer, 409, "out-of-order")
    assert (document["last"], document["digest"]) == (1, first.digest.hex())


async def test_what_does_not_hold_says_what_was_expected_and_found(held: House) -> None:
    device = await held.opened()
    signed = sound(device)
    headers = {"statement": write_base64(signed.note)}
    answer = await held.client.put(
        path(device, "/segments/1"), content=(signed.sealed or b"") + b"x", headers=headers
    )
    document = is_problem(answer, 422, "does-not-hold")
    assert document["what"] == "size"
    assert {"expected", "found"} <= set(document)


async def test_bytes_that_are_not_sealed_are_unprocessable(held: House) -> None:
    device = await held.opened()
    grant = await held.client.post(
        path(device, "/grants"), content=b"an identity", headers=bearing(SECRET)
    )
    is_problem(grant, 422, "not-sealed")


@pytest.mark.parametrize("number", ["01", "-1", "x", "1e3", "9007199254740992", "٣"])
async def test_a_number_that_is_none_is_malformed(held: House, number: str) -> None:
    device = await held.opened()
    for what in ("statements", "segments"):
        answer = await held.client.put(path(device, f"/{what}/{number}"), content=b"x")
        is_problem(answer, 400, "malformed")


@pytest.mark.parametrize("header", ["", "=", "not base64", "AAAA", "aGVsbG8", "é"])
async def test_a_bent_statement_header_is_malformed(held: House, header: str) -> None:
    device = await held.opened()
    answer = await held.client.put(
        path(device, "/segments/1"), content=b"x", headers={b"statement": header.encode("latin-1")}
    )
    is_problem(answer, 400, "malformed")


async def test_a_grant_is_taken_by_the_locators_secret(held: House) -> None:
    device = await held.opened()
    grant = encrypt(b"identity", [HybridIdentity.generate().recipient])
    answer = await held.client.post(path(device, "/grants"), content=grant, headers=bearing(SECRET))
    assert answer.status_code == 201
    assert held.receipt(answer).bytes_ == "kept"
    for headers in ({}, bearing(b"another"), {"authorization": "Bearer é"}, {"authorization": "x"}):
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = await held.client.post(path(device, "/grants"), content=grant, headers=encoded)
        is_problem(answer, 404, "unknown")


# Limits, and bodies that never end.


async def test_limits_are_told(held: House) -> None:
    limits = (await held.get("/api/limits")).json()
    assert limits["segment_bytes"] == 8 * 1024 * 1024
    assert set(limits) == {"segment_bytes", "statement_bytes", "grant_bytes"}


async def unread() -> AsyncIterator[bytes]:
    raise AssertionError("the body was asked for")
    yield b""


@pytest.mark.parametrize(
    ("method", "rest", "limit"),
    [
        ("PUT", "/segments/1", "segment_bytes"),
        ("PUT", "/statements/1", "statement_bytes"),
        ("POST", "/grants", "grant_bytes"),
    ],
)
async def test_too_large_a_body_is_refused_before_it_is_read(
    held: House, method: str, rest: str, limit: str
) -> None:
    device = await held.opened()
    most = (await held.get("/api/limits")).json()[limit]
    for size in (most + 1, 10**18):
        answer = await _asked(held, method, path(device, rest), str(size))
        assert is_problem(answer, 413, "too-large")["limit"] == most


async def test_a_recording_nobody_knows_is_refused_before_its_body_is_read(held: House) -> None:
    device = held.device()
    for method, rest in (("PUT", "/segments/1"), ("PUT", "/statements/1"), ("POST", "/grants")):
        is_problem(await _asked(held, method, path(device, rest), "100"), 404, "unknown")


async def test_a_body_without_a_length_is_read_no_further_than_the_limit(held: House) -> None:
    device = await held.opened()
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        while True:
            pieces += 1
            yield bytes(1024)

    answer = await held.client.put(path(device, "/statements/1"), content=endless())
    is_problem(answer, 413, "too-large")
    assert pieces < 20


async def _asked(held: House, method: str, url: str, length: str) -> httpx.Response:
    """Ask with a stated length; reading the body is an error."""
    headers = {"content-length": length}
    return await held.client.request(method, url, content=unread(), headers=headers)


async def test_a_phone_that_goes_away_in_the_middle_of_a_body_leaves_nothing_behind(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with listening(tmp_path) as held:
        device = await held.opened()
        signed = sound(device)
        size = held.server.office.keeper.size
        head = (
            f"PUT {path(device, '/segments/1')} HTTP/1.1\r\nhost: x\r\n"
            f"statement: {write_base64(signed.note)}\r\n"
            f"content-length: {len(signed.sealed or b'')}\r\n\r\n"
        )
        host, _, port = held.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode() + (signed.sealed or b"")[:-10])
        await writer.drain()
        # Not a polite end: the line is gone.
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0"
        )
        writer.transport.abort()
        del reader
        answer = await held.put(device, signed)
        assert answer.status_code == 201
        assert held.server.office.keeper.size == size + 1
    # Nor a page of traceback for every lost line.
    assert capfd.readouterr().err == ""


# Reading.


async def test_a_proof_is_for_everybody_who_knows_the_id(held: House) -> None:
    device = await held.opened()
    signed = sound(device)
    await held.put(device, signed)
    for number, one in ((0, device.opening), (1, signed)):
        answer = await held.get(path(device, f"/proofs/{number}"))
        assert answer.status_code == 200
        proof = Proof.parse(answer.content)
        checkpoint = open_checkpoint(proof.checkpoint, held.server.keys.log.verifier)
        proof.check(statement_entry(device.opening.note, number, one.note), checkpoint)
    is_problem(await held.get(path(device, "/proofs/2")), 404, "unknown")


async def test_sealed_bytes_and_package_are_for_whoever_shows_the_secret(held: House) -> None:
    device = await held.opened()
    signed = sound(device)
    await held.put(device, signed)
    answer = await held.get(path(device, "/segments/1"), headers=bearing(SECRET))
    assert answer.content == signed.sealed
    answer = await held.get(path(device, "/package"), headers=bearing(SECRET))
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="{device.recording}.zip"'
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        lines = archive.read(f"{device.recording}/data/custody.jsonl").decode().splitlines()
        assert len(lines) == 2
        assert '"segment 1","by":"locator"' in lines[0]
        assert '"export","by":"locator"' in lines[1]
    answer = await held.get(path(device, "/package?custody=no"), headers=bearing(SECRET))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert not [name for name in archive.namelist() if "custody" in name]


async def test_reading_without_the_right_is_as_if_it_were_not_there(held: House) -> None:
    device = await held.opened(segments=1)
    stranger = await held.attorney()
    # It has to look the same in every way as for an id nobody knows.
    unknown = held.device()
    size = held.server.office.keeper.size
    for headers in ({}, bearing(b"another secret"), bearing(b""), stranger.headers):
        for rest in ("/segments/1", "/package"):
            mine = await held.get(path(device, rest), headers=headers)
            theirs = await held.get(path(unknown, rest), headers=headers)
            is_problem(mine, 404, "unknown")
            assert (mine.content, mine.headers) == (theirs.content, theirs.headers)
    assert held.server.office.keeper.size == size


async def test_bytes_not_here_are_unknown(held: House) -> None:
    device = await held.opened(segments=1)
    await held.state(device, sound(device))
    for number in (0, 2, 3):
        answer = await held.get(path(device, f"/segments/{number}"), headers=bearing(SECRET))
        is_problem(answer, 404, "unknown")


async def test_bytes_that_changed_on_the_disk_are_not_handed_out(
    held: House, caplog: pytest.LogCaptureFixture
) -> None:
    device = await held.opened()
    signed = sound(device)
    await held.put(device, signed)
    journal = held.server.office.settings.data / "journal" / "000001.journal"
    sealed = signed.sealed or b""
    bent = sealed[:-1] + bytes([sealed[-1] ^ 1])
    journal.write_bytes(journal.read_bytes().replace(sealed, bent))
    answer = await held.get(path(device, "/segments/1"), headers=bearing(SECRET))
    is_problem(answer, 500, "internal")
    assert sealed[:20] not in answer.content
    # Whoever runs this hears of it.
    assert "expected SHA-256" in caplog.text
