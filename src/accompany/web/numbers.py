"""Numbers left to be called back on, over HTTP: age files in, the same out, destroyed in time.

A caller leaves, changes and takes back a sealed number while nobody has helped them and while a
callback is owed; its owner and coordinators get it, each time with a line in the chain of custody.
The form stands in docs/callbacks.md. Not here: what is in one (`evidence.callback_numbers`), whose
a callback is (`dispatch`), when a number is destroyed (`callbacks`).
"""

import logging
from hashlib import sha256

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.people import Person
from accompany.accounts.rights import may
from accompany.custody.checks import check_sealed
from accompany.dispatch.numbers import SealedNumber, kept_until, may_be_left
from accompany.dispatch.papers import CUSTODIAN
from accompany.dispatch.ports import Standing
from accompany.errors import DoesNotHold, Malformed, TooMany, Unknown
from accompany.evidence.callback_numbers import SEALED_BYTES
from accompany.evidence.text import read_base32, read_base64, write_base64, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.callbacks import callback_told, owner_of
from accompany.web.live import Live
from accompany.web.office import Office, bearer, locator_of
from accompany.web.records import read_as
from accompany.web.rights import person_of

COPIES = 2
"""One for the custodian, one for the owner of the callback."""

BODY_BYTES = COPIES * (SEALED_BYTES * 4 // 3 + 256)
CHANGES = 20
"""An hour, of one encounter's number."""

HOUR = 3_600_000
logger = logging.getLogger("accompany")


class _Copy(msgspec.Struct, forbid_unknown_fields=True):
    holder: str
    sealed: str


class _Left(msgspec.Struct, forbid_unknown_fields=True):
    copies: list[_Copy]


class NumberRoutes:
    """The routes under /api/callbacks."""

    def __init__(self, office: Office, live: Live) -> None:
        self._office = office
        self._live = live
        self._changes: dict[EncounterId, list[int]] = {}

    # The caller.

    async def state(self, request: Request) -> Response:
        """GET /api/callbacks/{encounter}: whether a number may be left or was, until when it would
        be kept, and whom to seal it to; 404 once nobody owes a callback."""
        return self._told(self._own(request))

    async def leave(self, request: Request) -> Response:
        """PUT /api/callbacks/{encounter}: a number, sealed to the custodian and to the callback's
        owner, in the place of the one before. A copy for whoever was the owner is left out."""
        office, standing = self._office, self._own(request)
        given = await read_as(request, "callback number", BODY_BYTES, _Left)
        if not 1 <= len(given.copies) <= COPIES:
            raise Malformed("callback number", f"expected 1 to {COPIES} copies")
        copies = [_sealed(standing.encounter, one) for one in given.copies]
        holders = _holders(office, standing)
        good = {one.holder: one for one in copies if one.holder in holders}
        if not good:
            raise DoesNotHold("callback number", "one sealed to who may open it", "none")
        self._count(standing.encounter)
        office.numbers.put(list(good.values()))
        self._show(standing)
        return self._told(standing)

    async def take_back(self, request: Request) -> Response:
        """DELETE /api/callbacks/{encounter}: destroy what was left; harmless to repeat."""
        standing = self._own(request)
        if self._office.numbers.forget(standing.encounter):
            self._show(standing)
        return self._told(standing)

    def _own(self, request: Request) -> Standing:
        """Return the encounter whose press's secret, or whose recording's locator's, is shown."""
        office = self._office
        encounter = EncounterId(read_base32(request.path_params["encounter"]))
        secret, standing = bearer(request), office.desk.standing(encounter)
        if secret is None or len(secret) != 32:
            raise Unknown("encounter")
        pressed = office.desk.may_return(encounter, sha256(secret).digest())
        locator = locator_of(secret)
        rows = () if pressed else office.keeper.by_encounter(encounter)
        if not pressed and not any(row.locator == locator for row in rows):
            raise Unknown("encounter")
        if not may_be_left(standing.ringing, office.clock.now()):
            raise Unknown("callback that is owed")
        return standing

    def _count(self, encounter: EncounterId) -> None:
        now = self._office.clock.now()
        self._changes = {
            one: recent
            for one, times in self._changes.items()
            if (recent := [time for time in times if time > now - HOUR])
        }
        recent = self._changes.setdefault(encounter, [])
        if len(recent) >= CHANGES:
            raise TooMany("changes of a number", 3600)
        recent.append(now)

    def _show(self, standing: Standing) -> None:
        """Tell phone, consoles and board that a number was left, or is gone."""
        if not standing.ringing.over:
            self._office.desk.show(standing.encounter)
        self._live.show_callbacks()

    def _told(self, standing: Standing) -> Response:
        return JSONResponse(callback_told(self._office, standing))

    # The owner, and coordinators.

    async def read(self, request: Request) -> Response:
        """GET /api/callbacks/{encounter}/number: the copy sealed to whoever asks, or null; to
        coordinators also the owner's card, where the owner has no copy yet."""
        act = "GET /api/callbacks/{encounter}/number"
        standing, person = self._owed(request, act)
        office, copies = self._office, self._office.numbers.of(standing.encounter)
        if not copies:
            raise Unknown("callback number")
        keeper = person.role == "coordinator"
        sealed = copies.get(CUSTODIAN if keeper else person.serial)
        if sealed is not None:
            await self._note(standing, "callback number shown", person)
        owner = owner_of(standing) if keeper else None
        lacks = owner is not None and owner not in copies
        return JSONResponse(
            {
                "sealed": None if sealed is None else write_base64(sealed),
                "until": write_time(kept_until(standing.ringing) or 0),
                "owner": office.card(owner) if lacks else None,
            }
        )

    async def give(self, request: Request) -> Response:
        """PUT /api/callbacks/{encounter}/number: by a coordinator who opened it, sealed to the
        owner, who had no copy."""
        act = "PUT /api/callbacks/{encounter}/number"
        standing, person = self._owed(request, act)
        copy = _sealed(standing.encounter, await read_as(request, "number", BODY_BYTES, _Copy))
        if standing.encounter not in self._office.numbers.left():
            raise Unknown("callback number")
        if copy.holder != owner_of(standing):
            raise DoesNotHold("callback number", "a copy for the callback's owner", "another")
        await self._note(standing, f"callback number to {copy.holder}", person)
        self._office.numbers.give(copy)
        return Response(status_code=204)

    def _owed(self, request: Request, act: str) -> tuple[Standing, Person]:
        """Return a callback that is owed, and who asks, if it is theirs."""
        person, office = person_of(request), self._office
        encounter = EncounterId(read_base32(request.path_params["encounter"]))
        standing = office.desk.standing(encounter)
        own = person.role == "coordinator" or owner_of(standing) == person.serial
        if person.serial in standing.ringing.conflicted or not may(act, (person.role,), own):
            raise Unknown("callback")
        if standing.ringing.ticket is None:
            raise Unknown("callback that is owed")
        return standing, person

    async def _note(self, standing: Standing, what: str, person: Person) -> None:
        """Keep a line in the chain of custody of every recording, before anything is shown."""
        office, by = self._office, f"{person.role} {person.id}"
        rows = [
            row
            for row in office.keeper.by_encounter(standing.encounter)
            if not office.leaving.going(row.recording)
        ]
        for row in rows:
            await office.export.note(row.recording, what, by)
        if not rows:
            # Nothing that was recorded has arrived: there is no chain to write it into.
            logger.info("%s, without a recording, by %s", what, by)


def _holders(office: Office, standing: Standing) -> set[CardSerial]:
    """Return to whom a number may be sealed: in a demonstration the custodian's key lies on the
    server, so that a copy for it would be a copy in clear."""
    owner = owner_of(standing)
    cards = {owner} if owner is not None and office.card(owner) else set()
    return cards if office.charter.demonstration else {*cards, CUSTODIAN}


def _sealed(encounter: EncounterId, copy: _Copy) -> SealedNumber:
    """Return one copy; raise where it is no age file of ours, or not of the one size."""
    sealed = read_base64(copy.sealed)
    if len(sealed) != SEALED_BYTES:
        expected = f"expected {SEALED_BYTES} bytes, found {len(sealed)}"
        raise Malformed("callback number", expected)
    check_sealed("callback number", sealed)
    holder = CUSTODIAN if copy.holder == CUSTODIAN else CardSerial(read_base32(copy.holder))
    return SealedNumber(encounter, holder, sealed)
