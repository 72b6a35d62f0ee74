"""The server, as far as a phone can tell, in the middle of a call: it hears every signal and may
put a certificate of its own in the place of the other side's."""

import json
import re
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

OWN = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)


class Middle:
    """Between a caller's page, loaded anew after this, and the server; *seat*: whose offers it
    meddles with, None for the attorney's."""

    def __init__(self, page: Page, seat: str | None = None) -> None:
        self.meddling = True
        self.candidates: list[str] = []
        self._seat = seat
        page.route_web_socket(re.compile("/api/live/caller"), self._route)

    def _route(self, phone: WebSocketRoute) -> None:
        server = phone.connect_to_server()

        def to_phone(data: str | bytes) -> None:
            message = json.loads(data)
            self._hear(message)
            theirs = message.get("description") and message.get("seat") == self._seat
            if self.meddling and theirs:
                sdp = message["description"]["sdp"]
                message["description"]["sdp"] = re.sub(r"a=fingerprint:.*", OWN, sdp)
            phone.send(json.dumps(message))

        def to_server(data: str | bytes) -> None:
            self._hear(json.loads(data))
            server.send(data)

        server.on_message(to_phone)
        phone.on_message(to_server)

    def _hear(self, message: dict[str, Any]) -> None:
        lines = (message.get("description") or {}).get("sdp", "").splitlines()
        lines += [(message.get("candidate") or {}).get("candidate", "")]
        self.candidates += [line for line in lines if "candidate:" in line]
