"""People of a night at the desk without browsers: attorneys' consoles and callers' phones that
speak the live messages to a real server over the network, one blocking line each."""

import json
import secrets
import subprocess
from collections.abc import Callable
from typing import Any, Self

import httpx
from playwright.sync_api import BrowserContext
from websockets.sync.client import ClientConnection, connect

from accompany.evidence.age import HybridIdentity, HybridRecipient
from accompany.evidence.callback_numbers import CallbackNumber, seal_number
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note, Signer
from accompany.evidence.text import write_base32, write_base64, write_lines
from accompany.ids import EncounterId
from nightbook import Between, Seen, now
from serving import RunningServer, accompany, environment

DEADLINE = 20.0
OFFER = {"note": "offer note", "description": {"type": "offer", "sdp": "v=0"}}


class Line:
    """One live socket, whose messages are read when they are asked for."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def until(self, kind: str, holds: Callable[[Any], object] = lambda told: True) -> Any:
        """Return the next message of *kind* for which *holds*; others before it are passed over."""
        while True:
            message = json.loads(self.socket.recv(DEADLINE))
            if message["type"] == kind and holds(message):
                return message
            assert message["type"] != "problem", message

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()


class Console(Line):
    """The console of somebody on duty, with the key that their card names."""

    def __init__(
        self, socket: ClientConnection, name: str, cookie: str, identity: HybridIdentity
    ) -> None:
        super().__init__(socket)
        self.name, self.cookie, self.identity = name, cookie, identity


def _socket(server: RunningServer, path: str, cookie: str = "") -> ClientConnection:
    url = server.url.replace("http", "ws", 1) + path
    headers = {"cookie": cookie} if cookie else {}
    return connect(url, additional_headers=headers, proxy=None).__enter__()


def invitation(server: RunningServer, role: str) -> str:
    """Return the link that the command line prints for somebody of this role."""
    command = accompany("people", "--data", server.data, "invite", role)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return done.stdout.split("#invitation=")[1].split()[0]


def console(server: RunningServer, code: str, name: str, states: list[str], tongue: str) -> Console:
    """Join by an invitation for somebody who goes on duty; return their console, on duty."""
    signer, identity = Signer.generate("x"), HybridIdentity.generate()
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        application = {
            "name": name, "recipient": str(identity.recipient),
            "key": write_base64(signer.verifier.key), "licenses": states, "languages": [tongue],
        }  # fmt: skip
        answer = web.post(f"/api/invitations/{code}", json=application)
        assert answer.status_code == 201, answer.text
        card = Card.read(Note.parse(answer.json()["card"].encode()).text)
        told = web.get("/api/sessions/challenge").json()["challenge"]
        now = web.get("/api/service").json()["time"]
        lines = [("serial", card.serial), ("challenge", told), ("time", now)]
        named = Signer(f"attorney/{card.serial}", signer.private)
        note = named.sign(write_lines("accompany/session/v1", lines)).decode()
        begun = web.post("/api/sessions", json={"note": note})
        assert begun.status_code == 204, begun.text
        cookie = begun.headers["set-cookie"].partition(";")[0]
    return _on_duty(server, name, cookie, identity, tongue)


def back_on_duty(server: RunningServer, one: Console, tongue: str) -> Console:
    """Open a console with a session that began before; return it, on duty."""
    return _on_duty(server, one.name, one.cookie, one.identity, tongue)


def _on_duty(
    server: RunningServer, name: str, cookie: str, identity: HybridIdentity, tongue: str
) -> Console:
    console = Console(_socket(server, "/api/live/duty", cookie), name, cookie, identity)
    console.say(type="duty", on=True, languages=[tongue])
    console.until("desk", lambda told: told["on"])
    return console


def second_console(server: RunningServer, browser: BrowserContext) -> Line:
    """Open another tab's line for whoever is signed in in *browser*, by this server's number."""
    cookies = browser.cookies(server.url)
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in cookies)
    return Line(_socket(server, "/api/live/duty", cookie))


def hand_over(server: RunningServer, one: Console, encounter: str) -> None:
    """Offer the case of *one* to the only colleague there is for it."""
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        at = f"/api/cases/{encounter}/colleagues"
        (colleague,) = web.get(at, headers={"cookie": one.cookie}).json()
    one.say(type="hand", encounter=encounter, to=colleague["serial"])


class Caller:
    """A phone that presses, and comes back with the same secret; `seen` is what it saw."""

    def __init__(self, server: RunningServer, state: str, language: str) -> None:
        self._server = server
        self.encounter = write_base32(secrets.token_bytes(20))
        self._press = {
            "type": "press", "encounter": self.encounter, "state": state, "language": language,
            "secret": write_base64(secrets.token_bytes(32)),
            "guest_code": server.links["guest_code"],
        }  # fmt: skip
        began = now()
        self.come()
        self.seen = Seen(self.encounter, state, language, Between.since(began))

    def come(self) -> None:
        self.line = Line(_socket(self._server, "/api/live/caller"))
        self.line.say(**self._press)
        self.line.until("standing")

    def answered_by(self, console: Line) -> None:
        console.until("desk", lambda told: told["rings"])
        self.answered_by_now(console)

    def answered_by_now(self, console: Line) -> None:
        """Without looking whether it rings there: whoever may answer can."""
        began = now()
        console.say(type="answer", encounter=self.encounter, **OFFER)
        self.line.until("standing", lambda told: told["stage"] == "answered")
        name = console.name if isinstance(console, Console) else ""
        self.seen.answers.append((name, Between.since(began)))

    def hear(self) -> None:
        """The attorney's voice is played for the first time."""
        self.seen.spoke = now()
        self.line.say(type="heard")

    def leave_number(self, number: str) -> None:
        """Leave one to be called back on, sealed to who is to call, once somebody is."""
        told = self.line.until("standing", lambda one: one["callback"]["owner"])["callback"]
        card = Card.read(Note.parse(told["owner"].encode()).text)
        one = CallbackNumber(EncounterId(self.encounter), number, "no", "after six")
        sealed = write_base64(seal_number(one, HybridRecipient.parse(card.recipient)))
        headers = {"authorization": f"Bearer {self._press['secret']}"}
        with httpx.Client(base_url=self._server.url, trust_env=False, headers=headers) as web:
            copies = {"copies": [{"holder": card.serial, "sealed": sealed}]}
            answer = web.put(f"/api/callbacks/{self.encounter}", json=copies)
            assert answer.status_code == 200, answer.text

    def end(self) -> None:
        began = now()
        self.line.say(type="end")
        self.line.until("standing", lambda told: told["stage"] == "ended")
        self.seen.over = Between.since(began)
        self.line.close()
