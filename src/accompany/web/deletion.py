"""Deletion over HTTP: a note by the deletion key asks for it, another takes it back.

docs/format.md has the notes. Not here: when it is done (custody.deletion), the organization's own
wishes and holds, which come by the command line.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.custody.deletion import Wish
from accompany.evidence.text import write_time
from accompany.ids import RecordingId
from accompany.web.office import Office
from accompany.web.records import NOTE_BYTES, read_body


class DeletionRoutes:
    """DELETE of a recording, and of its deletion."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def ask(self, request: Request) -> Response:
        """DELETE /api/recordings/{id}: the note; 202 with the time at which it will be done."""
        recording = self._known(request)
        note = await read_body(request, "deletion", NOTE_BYTES)
        return self._told(self._office.deletions.ask(recording, note))

    async def take_back(self, request: Request) -> Response:
        """DELETE /api/recordings/{id}/deletion: the note that takes it back; 204."""
        recording = self._known(request)
        note = await read_body(request, "undeletion", NOTE_BYTES)
        self._office.deletions.take_back(recording, note)
        return Response(status_code=204)

    def _known(self, request: Request) -> RecordingId:
        """Return the recording, of this log or of one that ended; raise Unknown, or Deleted."""
        old = self._office.old.row(request.path_params["id"])
        return (old or self._office.recording(request.path_params["id"])).recording

    def _told(self, wish: Wish) -> Response:
        held = self._office.deletions.held(wish.recording)
        return JSONResponse({"due": write_time(wish.due), "held": held}, 202)
