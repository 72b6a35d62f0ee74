"""What a caller's own key does over HTTP: press tokens handed in, one's own recordings found.

A recording is found by the secret of its locator, which only that key can derive; nothing here
lists what nobody asked for by its secret, and nothing is written about having asked. Not here:
packages, grants and deletion, which the same secrets open (`records`, `deletion`).
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.accounts.passes import DAYS, EACH, Pass, last_day
from accompany.accounts.tokens import BATCH
from accompany.custody.ports import RecordingRow
from accompany.custody.privilege import Privileges
from accompany.errors import DoesNotHold, Malformed, Unknown
from accompany.evidence.cards import Card
from accompany.evidence.notes import Note
from accompany.evidence.text import read_base64, read_hex, write_time
from accompany.ids import EncounterId
from accompany.telling.release import LASTS, Release
from accompany.web.callbacks import callback_told
from accompany.web.case_letters import letters_told
from accompany.web.office import Office, address_of, bearer, locator_of
from accompany.web.records import read_as

BODY_BYTES = 16 * 1024


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    digests: list[str]
    guest_code: str | None = None
    token: str | None = None


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    secrets: list[str]


class _NewPass(msgspec.Struct, forbid_unknown_fields=True):
    digest: str
    days: int


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    privilege: str


class OwnRoutes:
    """POST /api/tokens and /api/filed; passes, given and taken back; privilege, kept or waived."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._privileges = Privileges(office.keeper, office.export)

    async def hand_in(self, request: Request) -> Response:
        """POST /api/tokens: the SHA-256 of 64 tokens, let in by a code or by one that is left."""
        new = await read_as(request, "tokens", BODY_BYTES, _Batch)
        office, now = self._office, self._office.clock.now()
        digests = [read_hex(one, 32) for one in new.digests]
        token = None if new.token is None else read_base64(new.token, 32)
        # As one encounter of its own, so that a code's limit counts it.
        name = f"tokens {min(new.digests, default='')}"
        office.admission.check(new.guest_code, token, name, address_of(request), now)
        office.admission.tokens.hand_in(digests, now)
        return Response(status_code=204)

    async def filed(self, request: Request) -> Response:
        """POST /api/filed: what is filed under each secret, in order; 404 for nothing."""
        asked = await read_as(request, "secrets", BODY_BYTES, _Asked)
        if len(asked.secrets) > BATCH:
            raise Malformed("secrets", f"expected at most {BATCH}")
        secrets = [read_base64(one, 32) for one in asked.secrets]
        found = [self._under(secret) for secret in secrets]
        if not any(found):
            raise Unknown("recording under these secrets")
        return JSONResponse(found)

    async def give_pass(self, request: Request) -> Response:
        """POST /api/recordings/{id}/passes: by the locator's secret; answers when it ends."""
        row = self._own(request)
        new = await read_as(request, "pass", BODY_BYTES, _NewPass)
        if not 1 <= new.days <= DAYS:
            raise Malformed("pass", f"expected 1 to {DAYS} days")
        passes, now = self._office.passes, self._office.clock.now()
        if len(passes.of(row.recording)) >= EACH:
            raise DoesNotHold("passes", f"at most {EACH} of a recording", "one more")
        given = Pass(read_hex(new.digest, 32), row.recording, last_day(now, new.days))
        passes.add(given)
        await self._office.export.note(row.recording, "pass given", "locator")
        return JSONResponse(_told(given), 201)

    async def end_pass(self, request: Request) -> Response:
        """DELETE /api/recordings/{id}/passes/{digest}: its link opens nothing from now on."""
        row = self._own(request)
        digest = read_hex(request.path_params["digest"], 32)
        if not self._office.passes.remove(row.recording, digest) and not self._end_release(
            row, digest
        ):
            raise Unknown("pass")
        await self._office.export.note(row.recording, "pass withdrawn", "locator")
        return Response(status_code=204)

    def _end_release(self, row: RecordingRow, digest: bytes) -> bool:
        """Take back what was released to *digest*, for the whole encounter."""
        now, release = self._office.clock.now(), self._released(row)
        if release is None or release.pass_ != digest:
            return False
        self._office.releases.end(release.check_in, now)
        return True

    def _released(self, row: RecordingRow) -> Release | None:
        release = self._office.releases.of_encounter(EncounterId(row.encounter))
        return release if release is not None and release.good(self._office.clock.now()) else None

    async def say_privilege(self, request: Request) -> Response:
        """POST /api/recordings/{id}/privilege: by the locator's secret; every package says it."""
        row = self._own(request)
        said = await read_as(request, "privilege", BODY_BYTES, _Said)
        await self._privileges.say(row.recording, said.privilege)
        return Response(status_code=204)

    def _own(self, request: Request) -> RecordingRow:
        """Return the recording whose locator's secret is shown; raise Unknown."""
        row, secret = self._office.recording(request.path_params["id"]), bearer(request)
        if secret is None or locator_of(secret) != row.locator:
            raise Unknown("recording")
        return row

    def _under(self, secret: bytes) -> dict[str, Any] | None:
        office = self._office
        rows = office.keeper.by_locator(locator_of(secret))
        rows = [row for row in rows if not office.leaving.going(row.recording)]
        if not rows:
            return None
        return {
            "encounter": rows[0].encounter,
            **self._pressed(rows[0].encounter),
            "recordings": [self._recording(row) for row in rows],
        }

    def _pressed(self, encounter: str) -> dict[str, Any]:
        office = self._office
        try:
            standing = office.desk.standing(EncounterId(encounter))
        except Unknown:
            # Recorded without a line, or sent by a program: nobody was ever rung.
            return dict.fromkeys(("pressed", "ended", "state", "attorney", "callback"))
        card = office.keeper.card(standing.last) if standing.last else None
        ended = standing.ringing.ended
        owed = standing.ringing.ticket is not None
        return {
            "pressed": write_time(standing.press.pressed),
            "ended": write_time(ended.time) if ended else None,
            "state": standing.press.state,
            "attorney": None if card is None else Card.read(Note.parse(card.data).text).name,
            "callback": callback_told(office, standing) if owed else None,
        }

    def _told_release(self, row: RecordingRow) -> list[dict[str, Any]]:
        release = self._released(row)
        if release is None or release.given is None:
            return []
        until, given = write_time(release.given + LASTS), write_time(release.given)
        return [{"digest": release.pass_.hex(), "until": until, "released": given}]

    def _recording(self, row: RecordingRow) -> dict[str, Any]:
        office = self._office
        state, wish = office.intake.state(row.recording), office.deletions.waiting(row.recording)
        return {
            "recording": row.recording,
            "kind": row.kind,
            "opening": row.note.decode(),
            "segments": state.segments,
            "missing": len(state.missing),
            "closing": state.closing,
            "deletion": None if wish is None else write_time(wish.due),
            "held": office.deletions.held(row.recording),
            "privilege": self._privileges.said(row.recording),
            "letters": letters_told(office, row.recording),
            "passes": [
                *(_told(one) for one in office.passes.of(row.recording)),
                *self._told_release(row),
            ],
        }


def _told(given: Pass) -> dict[str, Any]:
    return {"digest": given.digest.hex(), "until": write_time(given.until), "released": None}
