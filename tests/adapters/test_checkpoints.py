"""Signed checkpoints in two places, of which one may be lost, bent or older."""

import logging
import shutil
from pathlib import Path

import pytest

from accompany.adapters.checkpoints import (
    SqliteCheckpoints,
    copies_kept,
    folder_of,
    newest_kept,
    second_place,
)
from accompany.errors import Damaged
from accompany.evidence.checkpoints import Checkpoint
from accompany.evidence.notes import Signer
from accompany.ids import Origin

LOG = Signer.generate("a.log/of ours".replace(" ", "-"))


def note(size: int, signer: Signer = LOG) -> bytes:
    return Checkpoint(Origin(signer.name), size, bytes([size]) * 32).sign(signer)


def kept(folder: Path) -> SqliteCheckpoints:
    return SqliteCheckpoints(folder / "data", lambda: 1, folder / "second")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "second").mkdir()
    checkpoints = kept(tmp_path)
    checkpoints.keep("live", 3, note(3))
    checkpoints.keep("live", 7, note(7))
    checkpoints.close()
    return tmp_path


def newest(folder: Path) -> bytes | None:
    checkpoints = kept(folder)
    try:
        found = checkpoints.newest("live")
        assert found == newest_kept(folder / "data", folder / "second", "live")
        return found
    finally:
        checkpoints.close()


def test_each_of_the_two_places_is_enough(folder: Path) -> None:
    assert newest(folder) == note(7)
    (folder / "second" / "live").unlink()
    assert newest(folder) == note(7)
    (folder / "second" / "live").write_bytes(note(7))
    shutil.rmtree(folder / "data")
    assert newest(folder) == note(7)


def test_the_larger_one_counts_wherever_it_lies(folder: Path) -> None:
    (folder / "second" / "live").write_bytes(note(3))
    assert newest(folder) == note(7)
    (folder / "second" / "live").write_bytes(note(9))
    assert newest(folder) == note(9)
    # As a restored backup brings it along.
    (folder / "data" / "live").write_bytes(note(11))
    assert newest(folder) == note(11)
    with pytest.raises(Damaged, match="another live checkpoint over 11"):
        kept(folder).keep("live", 8, note(8))


def test_a_bent_copy_is_passed_over_with_a_word_and_none_is_damage(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "second" / "live").write_bytes(b"bent")
    with caplog.at_level(logging.WARNING):
        assert newest(folder) == note(7)
    assert "another one is used" in caplog.text
    shutil.rmtree(folder / "data")
    with pytest.raises(Damaged, match="no copy of the live checkpoint can be read"):
        newest(folder)


def test_of_all_copies_those_that_the_log_signed_are_told_largest_first(folder: Path) -> None:
    (folder / "second" / "live").write_bytes(note(9))
    (folder / "data" / "live").write_bytes(note(11, Signer.generate(LOG.name)))
    found = copies_kept(folder / "data", folder / "second", "live", LOG.verifier)
    assert found == [note(9), note(7)]


def test_each_log_has_a_folder_of_its_own_in_the_second_place(tmp_path: Path) -> None:
    others = Signer.generate(LOG.name).verifier
    place = second_place("", tmp_path / "there", LOG.verifier)
    assert place == folder_of(tmp_path / "there", LOG.verifier)
    assert place != folder_of(tmp_path / "there", others)
    assert place is not None
    assert place.parent == tmp_path / "there"


def test_a_place_that_cannot_be_written_is_refused_if_somebody_named_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Damaged, match="second place for checkpoints"):
        second_place(str(tmp_path / "file"), tmp_path, LOG.verifier)
    with caplog.at_level(logging.WARNING):
        assert second_place("", tmp_path / "file", LOG.verifier) is None
    assert "ACCOMPANY_CHECKPOINTS" in caplog.text
