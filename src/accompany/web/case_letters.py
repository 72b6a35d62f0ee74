"""The closing letter of a case, with what was written in the chat: an age file for the caller.

It is sealed in the attorney's browser to the key of a recording of the case, which the caller
holds, and given to whoever shows the secret under which that recording is filed (`own`). Not here:
what is in one.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from accompany.dispatch.papers import CALLER, Paper, letter_of
from accompany.errors import Unknown
from accompany.evidence.text import read_base32, write_base64, write_time
from accompany.web.case_notes import BODY_BYTES, case_of, sealed_paper
from accompany.web.office import Office
from accompany.web.records import read_as


class _Letter(msgspec.Struct, forbid_unknown_fields=True):
    """Sealed to the key of *recording*; empty: take back what I sent."""

    recording: str
    sealed: str


class CaseLetters:
    """The route by which an attorney sends one."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def send(self, request: Request) -> Response:
        """PUT /api/cases/{encounter}/letter: my letter in the place of the one before."""
        office = self._office
        standing, serial = case_of(office, request, "PUT /api/cases/{encounter}/letter")
        new = await read_as(request, "letter", BODY_BYTES, _Letter)
        row = office.recording(read_base32(new.recording))
        if row.encounter != standing.encounter:
            raise Unknown("recording")
        sealed, about = sealed_paper("letter", new.sealed), letter_of(row.recording)
        if sealed:
            office.papers.put(Paper(about, CALLER, serial, office.clock.now(), sealed))
        else:
            office.papers.remove(about, serial)
        return Response(status_code=204)


def letters_sent(office: Office, recording: str) -> list[dict[str, str]]:
    """Return which letters wait for the caller of *recording*: by whom and when, no word."""
    return [
        {
            "recording": recording,
            "author": one.author,
            "name": person.name if (person := office.people.person(one.author)) else "",
            "time": write_time(one.time),
        }
        for one in office.papers.of(letter_of(recording), CALLER)
    ]


def letters_told(office: Office, recording: str) -> list[dict[str, Any]]:
    """Return what attorneys sent to the caller of *recording*, oldest first."""
    return [
        {
            "author": one.author,
            "card": office.card(one.author),
            "time": write_time(one.time),
            "sealed": write_base64(one.sealed),
        }
        for one in office.papers.of(letter_of(recording), CALLER)
    ]
