"""Releases over HTTP, and as they run: withheld, handed out where the caller is missed, ended.

What the phone hands in is a sealed file and a signed note; the server can open neither the file nor
make another. Not here: when it falls due (`telling.release`), messages to contacts (`telling`).
"""

import asyncio
import logging
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.custody.checks import check_grant_note, check_sealed
from accompany.custody.ports import RecordingRow
from accompany.errors import Deleted, DoesNotHold, Malformed, Unknown
from accompany.evidence.statements import open_opening
from accompany.evidence.text import read_base64, read_hex, write_time
from accompany.ids import EncounterId
from accompany.telling.release import EACH, LASTS, Release, Withheld, falls_due
from accompany.web.office import Office
from accompany.web.records import GRANT_BYTES, read_as
from accompany.web.telling import digest_of_check_in, state_of

BODY_BYTES = 2 * GRANT_BYTES
PASSES = 64
"""Asked for together."""

PASSES_BYTES = 8 * 1024
EVERY = 1.0
"""Seconds."""

TIDIED_EVERY = 3_600_000
"""Milliseconds."""

logger = logging.getLogger("accompany")


class _Withhold(msgspec.Struct, forbid_unknown_fields=True):
    pass_: str = msgspec.field(name="pass")
    recording: str
    grant: str
    note: str


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    passes: list[str]


class ReleaseRoutes:
    """POST /api/tellings/releases and /api/released."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def withhold(self, request: Request) -> Response:
        """POST /api/tellings/releases: one recording's grant, for whoever was named; the same again
        is harmless. Where the caller is missed already, it goes out within a second."""
        office, digest = self._office, digest_of_check_in(request)
        new = await read_as(request, "release", BODY_BYTES, _Withhold)
        standing = office.teller.standing(digest)
        if standing.telling.due is None:
            raise DoesNotHold("release", "a check-in with a time", "one without")
        if standing.course.safe is not None:
            raise DoesNotHold("release", "a caller who is waited for", "one who is safe")
        grant, note = read_base64(new.grant), read_base64(new.note)
        row = self._recording(new.recording, standing.telling.encounter)
        check_sealed("grant", grant)
        check_grant_note(open_opening(row.note), note, grant)
        encounter = standing.telling.encounter
        release = self._begun(Release(digest, encounter, read_hex(new.pass_, 32)))
        if release.ended is None:
            self._check_room(digest)
            office.releases.withhold(digest, Withheld(row.recording, grant, note))
        return JSONResponse(state_of(office, standing), 201)

    async def released(self, request: Request) -> Response:
        """POST /api/released: what each pass was given, in order; 404 where nothing was."""
        asked = await read_as(request, "passes", PASSES_BYTES, _Asked)
        if len(asked.passes) > PASSES:
            raise Malformed("passes", f"expected at most {PASSES}")
        found = [self._given(read_hex(one, 32)) for one in asked.passes]
        if not any(found):
            raise Unknown("recording for these passes")
        return JSONResponse(found)

    def _recording(self, recording: str, encounter: EncounterId) -> RecordingRow:
        row = self._office.recording(recording)
        if row.encounter != encounter:
            raise Unknown("recording")
        return row

    def _begun(self, release: Release) -> Release:
        releases = self._office.releases
        releases.begin(release)
        found = releases.of(release.check_in)
        if found is None or found.pass_ != release.pass_:
            raise DoesNotHold("pass", "this check-in's own, used for no other", "another")
        return found

    def _check_room(self, digest: bytes) -> None:
        if len(self._office.releases.withheld(digest)) >= EACH:
            raise DoesNotHold("release", f"at most {EACH} recordings", "one more")

    def _given(self, shown: bytes) -> dict[str, Any] | None:
        """Return what the pass lets its holder read; *shown* is the pass's own SHA-256."""
        office = self._office
        release = office.releases.by_pass(shown)
        if release is None or release.given is None or not release.good(office.clock.now()):
            return None
        rows = office.keeper.by_encounter(release.encounter)
        return {
            "given": write_time(release.given),
            "until": write_time(release.given + LASTS),
            "recordings": [
                {"recording": row.recording, "kind": row.kind, "opening": row.note.decode()}
                for row in rows
                if not office.leaving.going(row.recording)
            ],
        }


async def run_releases(office: Office) -> None:
    """Look once a second; what fell due while the server was away is done then."""
    tidied = None
    while True:
        try:
            await look(office)
            if tidied is None or office.clock.now() - tidied >= TIDIED_EVERY:
                tidied = office.clock.now()
                await tidy(office)
        except Exception:
            logger.exception("releases are not handed out; it is tried again")
        await asyncio.sleep(EVERY)


async def look(office: Office) -> None:
    """Hand out what has fallen due, and finish what a crash interrupted."""
    for release in office.releases.pending():
        await settle(office, release.check_in)


async def tidy(office: Office) -> None:
    """Forget what is over; until then `Release.good` shows nobody anything of it."""
    for release in office.releases.all():
        await settle(office, release.check_in)


async def settle(office: Office, check_in: bytes) -> None:
    """Do what one release asks for now; harmless to repeat."""
    release, now = office.releases.of(check_in), office.clock.now()
    if release is None:
        return
    standing = office.teller.of(release.encounter)
    # Its check-in is forgotten a day after its end: then nobody can be missed any more.
    if release.over(now) or (standing is None and not release.good(now)):
        office.releases.forget(check_in)
        return
    if release.given is None:
        if standing is None or not falls_due(standing.telling, standing.course, now):
            return
        # Decided here, without waiting for anything: "I am safe" comes before it, or after.
        if not office.releases.give(check_in, now):
            return
    for one in office.releases.withheld(check_in):
        await _hand_out(office, check_in, one)


async def _hand_out(office: Office, check_in: bytes, one: Withheld) -> None:
    """Make the grant an entry of the log; it says so in the chain of custody first."""
    try:
        await office.export.note(one.recording, "released: no check-in in time", "release")
        # The caller may have been heard while that was written.
        found = office.releases.of(check_in)
        if found is None or found.ended is not None:
            return
        await office.intake.grant(one.recording, one.grant, one.note, None)
    except (Unknown, Deleted):
        logger.info("a recording that was to be released is not here any more")
    office.releases.drop(check_in, one.recording)
