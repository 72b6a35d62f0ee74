"""kill -9 of a real server while it rings: the console that should ring rings again."""

import asyncio
import json
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note, Signer
from accompany.evidence.text import write_base64, write_lines, write_time
from deskpeople import Caller
from house import new_id
from serving import RunningServer, running_server
from sinks import http_sink

pytestmark = [pytest.mark.fault, pytest.mark.anyio]


async def enrol(server: RunningServer, name: str, invitation: str) -> dict[str, str]:
    """Return the headers of an attorney with a session."""
    signer, identity = Signer.generate("x"), HybridIdentity.generate()
    application = {
        "name": name,
        "recipient": str(identity.recipient),
        "key": write_base64(signer.verifier.key),
        "licenses": ["TX"],
        "languages": ["en"],
    }
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        answer = await client.post(f"/api/invitations/{invitation}", json=application)
        serial = Card.read(Note.parse(answer.json()["card"].encode()).text).serial
        challenge = (await client.get("/api/sessions/challenge")).json()["challenge"]
        text = write_lines(
            "accompany/session/v1",
            [("serial", serial), ("challenge", challenge),
             ("time", write_time(time.time_ns() // 1_000_000))],
        )  # fmt: skip
        note = Signer(f"attorney/{serial}", signer.private).sign(text).decode()
        answer = await client.post("/api/sessions", json={"note": note})
        assert answer.status_code == 204
        return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


async def until(socket: ClientConnection, kind: str, field: str) -> Any:
    """Return the next message of *kind* in which *field* says something."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), 20))
        if message["type"] == kind and message[field]:
            return message


async def come_back(server: RunningServer, headers: dict[str, str]) -> ClientConnection:
    """Connect as the page does after a failure, again and again, and say that it is on duty."""
    url = server.url.replace("http", "ws", 1) + "/api/live/duty"
    while True:
        try:
            socket = await connect(url, proxy=None, additional_headers=headers)
            break
        except OSError:
            await asyncio.sleep(0.05)
    await socket.send(json.dumps({"type": "duty", "on": True, "languages": ["en"]}))
    return socket


async def test_a_server_killed_while_it_rings_rings_again(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        invitation = server.links["duty"].partition("invitation=")[2]
        ada = await enrol(server, "Ada Counsel", invitation)
        console = await come_back(server, ada)
        press = {
            "type": "press", "encounter": new_id(), "secret": write_base64(secrets.token_bytes(32)),
            "state": "TX", "language": "en", "guest_code": server.links["guest_code"],
        }  # fmt: skip
        phone_url = server.url.replace("http", "ws", 1) + "/api/live/caller"
        async with connect(phone_url, proxy=None) as phone:
            await phone.send(json.dumps(press))
            await until(phone, "standing", "rung")
            await until(console, "desk", "rings")
            server.kill()
        server.start()
        console = await come_back(server, ada)
        desk = await until(console, "desk", "rings")
        assert [one["encounter"] for one in desk["rings"]] == [press["encounter"]]
        async with connect(phone_url, proxy=None) as phone:
            await phone.send(json.dumps({**press, "guest_code": ""}))
            assert (await until(phone, "standing", "rung"))["stage"] == "ringing"


def test_what_was_due_while_the_server_was_away_reaches_the_organization_once_it_is_back(
    tmp_path: Path,
) -> None:
    """The last wave was over before anybody came back: nobody is left without a next step."""
    with http_sink() as tool:
        path = tmp_path / "channels.toml"
        path.write_text(f"[attorneys]\nalarms = ['json://127.0.0.1:{tool.port}/alarm']\n")
        more = {"ACCOMPANY_CHANNELS": str(path), "ACCOMPANY_WAVE_SECONDS": "10"}
        with running_server(tmp_path / "data", more=more) as server:
            phone = Caller(server, "TX", "en")
            server.kill()
            assert tool.taken == []
            # The same three waves, as if half a minute had gone by.
            server.more["ACCOMPANY_WAVE_SECONDS"] = "0.1"
            server.start()
            (told,) = tool.wait(1)
            said = json.loads(told.body)["message"]
            assert (told.path, said) == ("/alarm", "Nobody has answered a call. Open the desk.")
            phone.come()
            phone.end()
