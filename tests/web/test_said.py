"""What a real server says on stderr when it is maltreated: objects, and nobody in them."""

import json
import socket
from pathlib import Path

import httpx
import pytest

from serving import running_server

ADDRESS = "203.0.113.77"
CANARY = "c4nary0" * 6


def say(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(data)
        line.settimeout(5)
        line.recv(100)


def test_whatever_comes_it_says_nothing_of_who_sent_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOMPANY_LOG", "json")
    with running_server(tmp_path / "data") as server:
        say(server.port, f"{CANARY} no http at all\r\n\r\n".encode())
        say(
            server.port,
            f"GET /{CANARY} HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"
            f"X-Forwarded-For: {ADDRESS}\r\n\r\n".encode(),
        )
        say(
            server.port,
            b"GET /api/live/caller HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: " + CANARY.encode() + b"\r\n\r\n",
        )
        with httpx.Client(
            base_url=server.url, trust_env=False, headers={"x-forwarded-for": ADDRESS}
        ) as client:
            client.get(f"/api/invitations/{CANARY}")
            client.post("/api/sessions", content=CANARY)
            client.get("/log/checkpoint", headers={"authorization": f"Bearer {CANARY}"})
        said = server.log.read_text()
    for secret in (ADDRESS, CANARY, server.links["guest_code"]):
        assert secret.lower() not in said.lower()
    for line in said.splitlines():
        assert {"time", "level", "from", "message"} <= set(json.loads(line))
