"""The words of the engagement: told to both pages, and in the chain of custody once for each."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from accompany.errors import Malformed
from accompany.web.engagement import digest_of, read_engagement
from house import House, listening

pytestmark = pytest.mark.anyio
OFFER = {"note": "the signed offer", "description": {"type": "offer", "sdp": "v=0"}}
WORDS = (
    "Advice in this call alone.\nNo lawyer of yours before or after.\n[es]\nSolo esta llamada.\n"
)


def test_the_digest_is_that_of_the_lines_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "engagement.txt"
    path.write_text(WORDS)
    found = read_engagement(str(path))
    assert found["es"] == ["Solo esta llamada."]
    assert digest_of(found["es"]) == hashlib.sha256(b"Solo esta llamada.\n").hexdigest()
    path.write_text("x" * 301)
    with pytest.raises(Malformed, match="setting engagement"):
        read_engagement(str(path))


async def custody_of(held: House, recording: str, count: int) -> list[dict[str, Any]]:
    """Return the lines once there are *count* of them."""
    async with asyncio.timeout(10):
        while True:
            rows = held.server.office.keeper.custody(recording)
            if len(rows) >= count:
                return [json.loads(one.data) for one in rows]
            await asyncio.sleep(0.02)


async def test_what_both_sides_saw_is_in_the_chain_of_custody_of_each_recording(
    tmp_path: Path,
) -> None:
    path = tmp_path / "engagement.txt"
    path.write_text(WORDS)
    async with listening(tmp_path, engagement=str(path)) as held:
        ada = await held.attorney()
        words = (await held.get("/api/service")).json()["engagement"]
        english, spanish = digest_of(words["en"]), digest_of(words["es"])
        async with held.phone() as phone, held.console(ada) as console:
            await console.until("desk")
            await console.say(type="duty", on=True, languages=["en"])
            press = held.press()
            await phone.say(**press)
            await console.until("desk", lambda told: told["rings"])
            await console.say(type="answer", encounter=press["encounter"], **OFFER)
            await phone.until("signal")
            first = await held.opened(press["encounter"], 1)
            await phone.say(type="shown", digest="00" * 32)
            assert (await phone.until_problem())["status"] == 400
            for _ in range(2):
                await phone.say(type="shown", digest=spanish)
                await console.say(type="shown", encounter=press["encounter"], digest=english)
            lines = await custody_of(held, first.recording, 2)
            # A recording that opens later in the call has them as well, at the latest at its end.
            second = await held.opened(press["encounter"], 1)
            await phone.say(type="end")
            await console.until("ended")
            later = await custody_of(held, second.recording, 2)
        person = held.server.office.people.person(ada.serial)
        assert person is not None
        expected = {
            (f"engagement es {spanish} shown", "caller"),
            (f"engagement en {english} shown", f"attorney {person.id}"),
        }
        for found in (lines, later):
            assert {(one["what"], one["by"]) for one in found} == expected
        assert len(await custody_of(held, first.recording, 2)) == 2
