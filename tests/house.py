"""A whole server in this process, its phones and its attorneys; the parts are the real ones.

async with house(tmp_path) as held:                  HTTP without sockets
    answer = await held.get("/api/service")
async with listening(tmp_path) as held:              a real uvicorn on loopback, for WebSockets
    async with held.phone() as phone, held.console(await held.attorney()) as console: ...
"""

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from accompany.accounts.rights import ON_CARDS, PersonRole
from accompany.client.device import Device, Purpose, Signed, locator_of
from accompany.config import Settings
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note, Signer
from accompany.evidence.receipts import Receipt, open_receipt
from accompany.evidence.text import write_base32, write_base64, write_lines, write_time
from accompany.ids import EncounterId
from accompany.wiring import Server, door_for, serving

SECRET = b"locator secret of thirty-2 bytes"
DEADLINE = 30.0
"""Seconds after which what is waited for will not come."""


def routed(app: Any) -> Starlette:
    """Return the application that holds the routes, from inside all that is around it."""
    while not isinstance(app, Starlette):
        app = app._app
    return app


def new_id() -> str:
    return write_base32(secrets.token_bytes(20))


@dataclass
class Attorney:
    """An attorney's browser: its keys, its card, and its session's cookie."""

    signer: Signer
    identity: HybridIdentity
    card: bytes
    cookie: str
    person: str = ""
    """Without a card: the person's id."""

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": self.cookie}

    @property
    def serial(self) -> str:
        return self.person or Card.read(Note.parse(self.card).text).serial


@dataclass
class House:
    server: Server
    client: httpx.AsyncClient
    url: str

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, **more)

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, path, **more)

    # Recordings.

    def device(self, encounter: str | None = None, kind: str = "sound") -> Device:
        after = self.server.office.sequencer.live.checkpoint
        purpose = Purpose(
            kind, "audio/mp4", EncounterId(encounter or new_id()), self.server.keys.origin,
            (after.size, after.root) if after.size else None, "test/1 none",
        )  # fmt: skip
        holders = (self.server.keys.custodian.recipient,)
        return Device.open(purpose, holders, self.server.office.clock.now())

    def new_recording(self, device: Device, **bent: Any) -> dict[str, Any]:
        given = {
            "opening": device.opening.note.decode(),
            "grants": [write_base64(grant) for grant in device.grants],
            "locator": locator_of(SECRET).hex(),
            "deletion": None,
            "admission": {"guest_code": self.server.guest_code},
        }
        return {**given, **bent}

    async def open(self, device: Device) -> Receipt:
        answer = await self.client.post("/api/recordings", json=self.new_recording(device))
        assert answer.status_code == 201, answer.text
        return self.receipt(answer)

    async def opened(self, encounter: str | None = None, segments: int = 0) -> Device:
        device = self.device(encounter)
        await self.open(device)
        for _ in range(segments):
            assert (await self.put(device, sound(device))).status_code == 201
        return device

    async def put(self, device: Device, signed: Signed, note: bool = True) -> httpx.Response:
        headers = {"statement": write_base64(signed.note)} if note else {}
        path = f"/api/recordings/{device.recording}/segments/{signed.number}"
        return await self.client.put(path, content=signed.sealed, headers=headers)

    async def state(self, device: Device, signed: Signed) -> httpx.Response:
        path = f"/api/recordings/{device.recording}/statements/{signed.number}"
        return await self.client.put(path, content=signed.note)

    def receipt(self, answer: httpx.Response) -> Receipt:
        return open_receipt(answer.content, self.server.keys.receipts.verifier)

    # Attorneys.

    def application(self, signer: Signer, recipient: str, **bent: Any) -> dict[str, Any]:
        given = {
            "name": "Ada Counsel",
            "recipient": recipient,
            "key": write_base64(signer.verifier.key),
            "licenses": ["TX"],
            "languages": ["en"],
        }
        return {**given, **bent}

    async def enrolled(self, role: PersonRole = "attorney", **bent: Any) -> Attorney:
        """An attorney (or whoever goes on duty) with a card, not yet in."""
        signer, identity = Signer.generate("x"), HybridIdentity.generate()
        code = self.server.office.enrolment.invite(role)
        application = self.application(signer, str(identity.recipient), **bent)
        answer = await self.client.post(f"/api/invitations/{code}", json=application)
        assert answer.status_code == 201, answer.text
        card = answer.json()["card"].encode()
        serial = Card.read(Note.parse(card).text).serial
        return Attorney(Signer(f"attorney/{serial}", signer.private), identity, card, "")

    async def person(self, role: PersonRole, name: str = "Cora Desk") -> Attorney:
        """Somebody of *role* with a session; those without a card sign by a key of their own."""
        if role in ON_CARDS:
            return await self.attorney(role=role, name=name)
        signer = Signer.generate("x")
        code = self.server.office.enrolment.invite(role)
        application = {"name": name, "key": write_base64(signer.verifier.key)}
        answer = await self.client.post(f"/api/invitations/{code}", json=application)
        assert answer.status_code == 201, answer.text
        id_ = answer.json()["person"]
        signer = Signer(f"person/{id_}", signer.private)
        keyed = Attorney(signer, HybridIdentity.generate(), b"", "", id_)
        return await self.signed_in(keyed)

    async def session_note(self, attorney: Attorney) -> bytes:
        challenge = (await self.get("/api/sessions/challenge")).json()["challenge"]
        lines = [
            ("serial", attorney.serial),
            ("challenge", challenge),
            ("time", write_time(self.server.office.clock.now())),
        ]
        return attorney.signer.sign(write_lines("accompany/session/v1", lines))

    async def attorney(self, **bent: Any) -> Attorney:
        """An attorney with a session."""
        return await self.signed_in(await self.enrolled(**bent))

    async def signed_in(self, attorney: Attorney) -> Attorney:
        note = (await self.session_note(attorney)).decode()
        answer = await self.client.post("/api/sessions", json={"note": note})
        assert answer.status_code == 204, answer.text
        self.client.cookies.clear()
        return replace(attorney, cookie=answer.headers["set-cookie"].partition(";")[0])

    # Live sockets.

    @asynccontextmanager
    async def socket(self, path: str, **options: Any) -> AsyncIterator["Live"]:
        url = f"{self.url.replace('http', 'ws', 1)}{path}"
        async with connect(url, proxy=None, **options) as socket:
            yield Live(socket)

    def phone(self, **options: Any) -> Any:
        return self.socket("/api/live/caller", **options)

    def console(self, attorney: Attorney, **options: Any) -> Any:
        return self.socket("/api/live/duty", additional_headers=attorney.headers, **options)

    def press(self, **bent: Any) -> dict[str, Any]:
        given = {
            "type": "press",
            "encounter": new_id(),
            "secret": write_base64(secrets.token_bytes(32)),
            "state": "TX",
            "language": "en",
            "guest_code": self.server.guest_code,
        }
        return {**given, **bent}


@dataclass
class Live:
    """One end of a live socket. What has come and was not asked for waits its turn."""

    socket: ClientConnection

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self.socket.recv(), DEADLINE)
        message = json.loads(text)
        assert isinstance(message, dict)
        return message

    async def until(self, kind: str, holds: Callable[[dict[str, Any]], bool] | None = None) -> Any:
        """Return the next message of *kind* for which *holds*; states before it are passed over."""
        while True:
            message = await self.next()
            if message["type"] == kind and (holds is None or holds(message)):
                return message
            assert message["type"] != "problem", message

    async def until_problem(self) -> Any:
        """Return the next problem; everything else before it is passed over."""
        while (message := await self.next())["type"] != "problem":
            pass
        return message["problem"]

    async def closed(self) -> int:
        """Wait until the server closes; return the code."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            return self.socket.close_code or 0


def sound(device: Device, began: int = 0) -> Signed:
    """Two seconds more of a sound; the first segment is its initialization."""
    n = device.chain.last
    at = 2000 * max(n - 1, 0)
    return device.segment(b"sound %d " % n * 30, began + at, at, 2000 if n else 0)


def bearing(secret: bytes | str) -> dict[str, str]:
    data = secret.encode() if isinstance(secret, str) else secret
    return {"authorization": f"Bearer {b64encode(data).decode()}"}


def settings_for(folder: Path, **more: Any) -> Settings:
    small = Settings(data=folder / "data", port=0, journal_file_bytes=8 * 1024 * 1024)
    return replace(small, checkpoint_seconds=0.02, **more)


@asynccontextmanager
async def house(folder: Path, **more: Any) -> AsyncIterator[House]:
    """A server without sockets; faults are answered, as they are over the network."""
    async with serving(settings_for(folder, **more)) as server:
        transport = httpx.ASGITransport(server.app, raise_app_exceptions=False)
        url = "http://accompany.test"
        async with httpx.AsyncClient(transport=transport, base_url=url, timeout=60) as client:
            yield House(server, client, url)


@asynccontextmanager
async def listening(
    folder: Path, authority: Path | None = None, **more: Any
) -> AsyncIterator[House]:
    """A server on a free port of loopback, set up as `accompany serve` does it."""
    async with serving(settings_for(folder, **more), authority) as server:
        settings = settings_for(folder, **more)
        config, door = door_for(
            settings, server, host="127.0.0.1", port=0, timeout_graceful_shutdown=1
        )
        sweeping = asyncio.create_task(door.sweep())
        running = uvicorn.Server(config)
        task = asyncio.create_task(running.serve())
        while not running.started:
            await asyncio.sleep(0.01)
            assert not task.done()
        port = running.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
                yield House(server, client, url)
        finally:
            running.should_exit = True
            await task
            sweeping.cancel()
