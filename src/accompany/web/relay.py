"""POST /api/relay: a name for the relay, for a press that was admitted or an attorney's session."""

import secrets
from hashlib import sha256

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.calls.relay import LASTS
from accompany.errors import Unknown
from accompany.evidence.text import read_base32, read_base64, write_base32, write_time
from accompany.ids import EncounterId
from accompany.web.office import Office
from accompany.web.records import read_as
from accompany.web.rights import allowed

BODY_BYTES = 1024


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A phone shows its encounter and the encounter's secret; a console shows its cookie."""

    encounter: str = ""
    secret: str = ""


class RelayRoutes:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def name(self, request: Request) -> Response:
        """Answer with ICE servers and how long their names are good; raise Unauthorized without a
        session, Unknown for an encounter that is over or not the asker's."""
        office = self._office
        asked = await read_as(request, "relay", BODY_BYTES, _Asked)
        if asked.encounter:
            encounter = EncounterId(read_base32(asked.encounter))
            secret = sha256(read_base64(asked.secret, 32)).digest()
            desk = office.desk
            if not desk.may_return(encounter, secret) or desk.standing(encounter).ringing.over:
                # As for an encounter nobody knows: an id alone tells nothing.
                raise Unknown("encounter")
        else:
            allowed(office, request, "POST /api/relay")
        now = office.clock.now()
        return JSONResponse(
            {
                "ice": office.relay.named(now, write_base32(secrets.token_bytes(10))),
                "expires": write_time(now + LASTS),
            }
        )
