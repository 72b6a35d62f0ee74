"""Posters and wallet cards for coordinators: drawn by a process of its own, low in the queue.

Not here: what stands on them (`client.posters`).
"""

import asyncio
import sys
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from accompany.accounts.enrolment import canonical_code
from accompany.client.posters import Order
from accompany.errors import Damaged, Malformed, TooMany, Unknown
from accompany.evidence.cards import Organization, fingerprint
from accompany.evidence.notes import Verifier, open_note
from accompany.web.office import Office
from accompany.web.passkeys import origin_of
from accompany.web.records import read_json

MOST = 2
"""Files drawn at once; each takes some 60 MB and a few seconds of a processor."""

LASTS = 120.0
"""Seconds until one that is not done is given up."""

AGAIN = 10


class PosterRoutes:
    """POST /api/desk/posters: one PDF."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._drawing = 0

    async def draw(self, request: Request) -> Response:
        """Answer with the file; with an empty `code`, for the organization's first one."""
        order = await self._order(request)
        if self._drawing >= MOST:
            raise TooMany("posters at once", AGAIN)
        self._drawing += 1
        try:
            data = await _drawn(order)
        finally:
            self._drawing -= 1
        headers = {"content-disposition": f'attachment; filename="{order.name}"'}
        return Response(data, media_type="application/pdf", headers=headers)

    async def _order(self, request: Request) -> Order:
        given, office = await read_json(request, "poster"), self._office
        typed = given.get("code")
        if not isinstance(typed, str):
            raise Malformed("code", "expected a guest code as text")
        code = canonical_code(typed or self._first_code())
        # A code that lets nobody in would be found out on the wall, by whoever needs it.
        if not office.codes.holds(code, office.clock.now()):
            raise Unknown("guest code")
        key = Verifier.parse(office.organization_key)
        said = Organization.read(open_note(office.organization, key, "organization"))
        return Order.parse(
            {
                **{name: given.get(name) for name in ("kind", "paper", "language")},
                "organization": said.name,
                "address": origin_of(office, request),
                "code": code,
                "key": fingerprint(key),
                "hotline": office.settings.hotline,
            }
        )

    def _first_code(self) -> str:
        path = self._office.settings.data / "guest-code"
        return path.read_text().strip() if path.is_file() else ""


async def _drawn(order: Order) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "accompany.client.poster_pages",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LASTS):
            data, said = await process.communicate(order.write())
    except TimeoutError as error:
        raise TooMany("posters at once", AGAIN) from error
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode:
        raise Damaged(f"posters were not drawn: {said.decode(errors='replace')[-500:]}")
    return data
