"""The sockets of people with a session: who may open one, and that it closes with its session.

Not here: what is said on them (`live`, `boards`), who may (`accounts.rights`).
"""

import msgspec
from starlette.websockets import WebSocket

from accompany.accounts.people import Person
from accompany.errors import Forbidden, Unauthorized
from accompany.web.line import Line
from accompany.web.messages import ProblemMessage
from accompany.web.office import COOKIE, Office
from accompany.web.problems import problem_of
from accompany.web.rights import allowed


class SignedIn:
    """All such sockets of a server, with the secret of the session that each came by."""

    def __init__(self) -> None:
        self._secrets: dict[Line, str] = {}

    async def admit(
        self, office: Office, socket: WebSocket, act: str
    ) -> tuple[Person, Line] | None:
        """Return who opens *socket* for *act*; None where they may not: it is said and closed."""
        try:
            person = allowed(office, socket, act)
        except (Unauthorized, Forbidden) as error:
            await socket.accept()
            await socket.send_text(msgspec.json.encode(ProblemMessage(problem_of(error))).decode())
            await socket.close(4401)
            return None
        line = Line(socket)
        self._secrets[line] = socket.cookies[COOKIE]
        return person, line

    def leave(self, line: Line) -> None:
        self._secrets.pop(line, None)

    def close_ended(self, office: Office, now: int) -> None:
        """Close those whose session has ended since: by its clock, by hand, with its person."""
        for line, secret in self._secrets.items():
            if office.sessions.who(secret, now) is None:
                line.close()
