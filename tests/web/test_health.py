"""Health and metrics: true, content-free, and nobody's business but the operator's."""

import asyncio
import errno
import re
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from house import SECRET, House, bearing, house, listening, sound

pytestmark = pytest.mark.anyio
TOKEN = "a long secret"  # noqa: S105


async def metrics(held: House, **more: str) -> dict[str, float]:
    """Return every sample by its name and labels."""
    answer = await held.get("/metrics", headers=more)
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {
        " ".join([one.name, *sorted(one.labels.values())]): one.value
        for family in families
        for one in family.samples
    }


async def test_it_is_well_while_checkpoints_are_signed_and_writes_synced(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        answer = await held.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["checkpoint_seconds"] < 5
        assert 0 < answer.json()["write_seconds"] < 5
        # An idle server signs nothing new, and is well all the same.
        await asyncio.sleep(0.1)
        assert (await held.get("/health")).json()["status"] == "ok"


async def test_without_a_checkpoint_for_five_seconds_it_is_not(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        sequencer = held.server.office.sequencer

        async def stuck() -> None:
            await asyncio.Event().wait()

        sequencer.step = stuck  # type: ignore[method-assign]
        await asyncio.sleep(0.05)
        sequencer.stepped = time.monotonic() - 5.1
        answer = await held.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "failing")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_without_a_write_that_syncs_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    async with house(tmp_path) as held:
        assert (await held.get("/health")).status_code == 200

        def broken(fd: int) -> None:
            raise OSError(number, "what a disk says")

        monkeypatch.setattr("os.fsync", broken)
        answer = await held.get("/health")
        assert (answer.status_code, answer.json()["write_seconds"]) == (503, None)


@pytest.mark.parametrize("path", ["/health", "/metrics"])
async def test_strangers_see_an_address_that_does_not_exist(tmp_path: Path, path: str) -> None:
    async with listening(tmp_path) as held:
        unknown = (await held.get("/nothing-of-the-kind")).json()
        for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"):
            # Even one that claims to come from here: a proxy stands between.
            for value in ("203.0.113.9", "127.0.0.1"):
                answer = await held.get(path, headers={name: value})
                assert (answer.status_code, answer.json()) == (404, unknown)
        assert (await held.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/metrics"])
async def test_with_a_token_it_is_the_token_that_opens_them(tmp_path: Path, path: str) -> None:
    async with listening(tmp_path, metrics_token=TOKEN) as held:
        for given in ("Bearer wrong", "Bearer", "a long secret", "Bearer ünknown", ""):
            headers = {"authorization": given.encode()}
            assert (await held.get(path, headers=headers)).status_code == 404
        headers = {"authorization": "Bearer a long secret", "x-forwarded-for": "203.0.113.9"}
        assert (await held.get(path, headers=headers)).status_code == 200


async def test_requests_and_lags_are_counted_by_route_never_by_id(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        device = await held.opened(segments=2)
        await held.get(f"/api/recordings/{device.recording}/segments/1", headers=bearing(SECRET))
        await held.request("BREW", f"/api/recordings/{device.recording}")
        await held.get("/assets/nothing.js")
        found = await metrics(held)
        segment = "/api/recordings/{id}/segments/{n}"
        assert found[f"accompany_requests_total {segment} 2xx PUT"] == 2
        assert found[f"accompany_requests_total {segment} 2xx GET"] == 1
        assert found[f"accompany_request_seconds_count {segment} PUT"] == 2
        assert found["accompany_requests_total 4xx GET other"] == 1
        assert found["accompany_request_bytes_total"] > len(sound(device).note)
        assert found["accompany_log_entries"] == held.server.office.keeper.size
        assert found["accompany_log_entries_uncovered"] >= 0
        assert 0 <= found["accompany_checkpoint_age_seconds"] < 5
        assert found["accompany_disk_free_bytes"] > 0
        assert found["accompany_connections"] >= 1
        assert found["accompany_process_resident_memory_bytes"] > 0


async def test_nothing_in_them_says_who_was_there(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        attorney = await held.attorney(name="Ada Nameless")
        device = await held.opened(segments=1)
        async with held.console(attorney) as console:
            await console.say(type="duty", on=True, languages=["en"])
            await console.until("desk")
            await held.get("/api/limits", headers={"x-forwarded-for": "203.0.113.9"})
            text = (await held.get("/metrics")).text
        found = await metrics(held)
        assert found["accompany_attorneys_on_duty"] == 1
        for secret in (
            attorney.serial, device.recording, device.opening.note.decode().split("\n")[9][10:],
            "203.0.113.9", held.server.guest_code, "Nameless", held.server.keys.origin,
        ):  # fmt: skip
            assert secret not in text
        # Labels are known words: methods, routes and classes of status.
        labels = set(re.findall(r'="([^"]*)"', text))
        for label in labels:
            assert re.fullmatch(r"[A-Z]+|[0-9]xx|/[a-zA-Z0-9/.{}:_-]*|other|[0-9.e+]+|\+Inf", label)
