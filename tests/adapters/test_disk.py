"""A disk that refuses to be written past the cache: the same batches, synced the same, and said."""

import errno
import os
from pathlib import Path

import pytest

from accompany.adapters.disk import takes_direct
from accompany.adapters.doctor import examine
from accompany.adapters.journal import RESERVE, Journal
from accompany.config import Settings
from house import SECRET, bearing, house, settings_for

pytestmark = pytest.mark.anyio
REFUSED = "through the cache, since O_DIRECT is refused here; one fdatasync for every batch"


@pytest.fixture
def through_the_cache(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """O_DIRECT is refused as open(2) says that it is; return what is synced."""
    opening, syncing, synced = os.open, os.fdatasync, list[int]()

    def open_(path: object, flags: int, *more: int, **given: int) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return opening(path, flags, *more, **given)  # type: ignore[arg-type]

    def fdatasync(fd: int) -> None:
        synced.append(fd)
        syncing(fd)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    return synced


async def test_all_is_kept_and_a_start_and_doctor_say_how(
    tmp_path: Path, through_the_cache: list[int]
) -> None:
    assert not takes_direct(tmp_path)
    async with house(tmp_path) as held:
        assert held.server.way == REFUSED
        device = await held.opened(segments=3)
        # The opening, and each segment by itself: nothing is answered before its sync.
        assert len(through_the_cache) >= 4
    settings: Settings = settings_for(tmp_path)
    (remark,) = [one for one in examine(settings, 0, thorough=True) if one.about == "writing"]
    assert remark.words == REFUSED
    async with house(tmp_path) as held:
        for number in (1, 2, 3):
            path = f"/api/recordings/{device.recording}/segments/{number}"
            assert (await held.get(path, headers=bearing(SECRET))).status_code == 200


def test_64_mebibytes_are_held_back_for_statements_as_a_server_comes(tmp_path: Path) -> None:
    journal = Journal(tmp_path, Settings().journal_file_bytes)
    assert journal.reserve == RESERVE == 64 * 1024 * 1024
