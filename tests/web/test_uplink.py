"""The uplink's own door: what it takes, what it passes on, and who goes away in the middle."""

import asyncio
from pathlib import Path

import pytest

from accompany.evidence.text import write_base64
from house import House, house, listening, sound

pytestmark = pytest.mark.anyio


async def half_sent(held: House, path: str, statement: str, body: bytes) -> None:
    """Begin a PUT of *body*, send all but its last byte, and go away."""
    host, port = held.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"PUT {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"{head}statement: {statement}\r\n\r\n".encode() + body[:-1])
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_whoever_goes_away_in_a_body_leaves_nothing_and_is_no_fault(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        device = await held.opened()
        signed = sound(device)
        path = f"/api/recordings/{device.recording}/segments/{signed.number}"
        await half_sent(held, path, write_base64(signed.note), signed.sealed or b"")
        route = 'method="PUT",route="/api/recordings/{id}/segments/{n}"'
        async with asyncio.timeout(10):
            while f'{{{route},status="4xx"}} 1.0' not in (await held.get("/metrics")).text:
                pass
        assert f'{{{route},status="5xx"}}' not in (await held.get("/metrics")).text
        assert (await held.get(f"/api/recordings/{device.recording}")).json()["last"] == 0
        assert (await held.put(device, signed)).status_code == 201


async def test_only_puts_of_just_these_addresses_are_the_uplinks(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        device = await held.opened(segments=1)
        path = f"/api/recordings/{device.recording}/segments/1"
        assert (await held.request("POST", path)).status_code == 405
        assert (await held.request("PUT", f"{path}/more")).status_code == 405
        assert (await held.request("PUT", path.replace("api", "ipa"))).status_code == 405


async def test_a_fault_of_ours_is_answered_as_one_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as held:
        device = await held.opened()
        signed = sound(device)

        async def faulty(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as bent:
            bent.setattr(held.server.office.intake, "segment", faulty)
            answer = await held.put(device, signed)
        assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
        assert "content-security-policy" in answer.headers
        assert (await held.put(device, signed)).status_code == 201
