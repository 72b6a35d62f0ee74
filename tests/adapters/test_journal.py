"""The journal: what was acknowledged is read, and nothing else, whatever a crash left behind."""

import errno
import os
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from accompany.adapters import ahead, scanning
from accompany.adapters.disk import takes_direct, way_of_writing, write_durably
from accompany.adapters.frames import HEADER_SIZE, Header
from accompany.adapters.journal import Journal
from accompany.adapters.scanning import Position
from accompany.errors import Damaged, DiskFull
from kept import MEBIBYTE, arrival, items_of, noise, opened, opening, read, segment, written

FIRST = [opening(0), noise(1)]
SECOND = [segment(2, 1, b"sealed bytes of segment one")]
THIRD = [segment(3, 2, b"x", arrived=False), arrival(2, b"x")]


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.journal")
    return path


def end_of_batch(folder: Path, sequence: int) -> int:
    """Return where a batch's last byte lies in its file; only padding follows."""
    _, batches = opened(folder)
    batch = next(one for one in batches if one.end.sequence == sequence)
    return batch.base + max(placed.offset + placed.size for placed in batch.placed)


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    written(tmp_path, [FIRST, SECOND, THIRD])
    assert read(tmp_path) == [*FIRST, *SECOND, *THIRD]


def test_reading_since_a_position_yields_only_what_came_after(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path)
    position = journal.append(FIRST).end
    journal.append(SECOND)
    journal.close()
    written(tmp_path, [THIRD])
    again = Journal(tmp_path, 1024)
    assert items_of(again, list(again.scan(position))) == [*SECOND, *THIRD]


def test_several_starts_and_full_files_read_as_one_journal(tmp_path: Path) -> None:
    items = [segment(n, n + 1, bytes([n]) * 300) for n in range(12)]
    for start in range(3):
        written(tmp_path, [[one] for one in items[start * 4 : start * 4 + 4]], file_bytes=700)
    assert len(list(tmp_path.glob("*.journal"))) > 3
    assert read(tmp_path) == items


def test_a_batch_larger_than_a_file_has_a_file_of_its_own(tmp_path: Path) -> None:
    large = [segment(1, 1, b"b" * 5000)]
    written(tmp_path, [[noise(0)], large, [noise(2)]], file_bytes=1000)
    assert read(tmp_path) == [noise(0), *large, noise(2)]


def test_a_tail_torn_at_any_byte_loses_nothing_acknowledged_and_invents_nothing(
    tmp_path: Path,
) -> None:
    written(tmp_path / "whole", [FIRST, SECOND, THIRD])
    whole = only_file(tmp_path / "whole").read_bytes()
    third_at = _offset_of_batch(tmp_path / "whole", 3)
    for end in range(third_at, end_of_batch(tmp_path / "whole", 3)):
        torn = _copied(tmp_path / "whole", tmp_path / "torn", whole[:end])
        assert read(torn) == [*FIRST, *SECOND], end


def test_a_tail_of_zeros_or_old_blocks_is_a_torn_one(tmp_path: Path) -> None:
    written(tmp_path / "whole", [FIRST, SECOND, THIRD])
    whole = only_file(tmp_path / "whole").read_bytes()
    third_at = _offset_of_batch(tmp_path / "whole", 3)
    second_at = _offset_of_batch(tmp_path / "whole", 2)
    for tail in (
        bytes(len(whole) - third_at),
        whole[: len(whole) - third_at],
        # A whole batch, good in itself, but not in its place.
        whole[:second_at] + bytes(1000),
    ):
        torn = _copied(tmp_path / "whole", tmp_path / "torn", whole[:third_at] + tail)
        assert read(torn) == [*FIRST, *SECOND]


def test_a_flipped_bit_in_the_last_batch_is_never_read_as_something(tmp_path: Path) -> None:
    written(tmp_path / "whole", [FIRST, SECOND])
    whole = only_file(tmp_path / "whole").read_bytes()
    second_at = _offset_of_batch(tmp_path / "whole", 2)
    for at in range(second_at, end_of_batch(tmp_path / "whole", 2)):
        bent = bytearray(whole)
        bent[at] ^= 0x10
        assert read(_copied(tmp_path / "whole", tmp_path / "bent", bytes(bent))) == FIRST, at


def test_a_flipped_bit_before_the_last_batch_is_damage_never_a_shorter_journal(
    tmp_path: Path,
) -> None:
    """The last batch says that the one before it was on disk."""
    written(tmp_path / "whole", [FIRST, SECOND, THIRD])
    whole = only_file(tmp_path / "whole").read_bytes()
    for sequence in (1, 2):
        first, last = (
            _offset_of_batch(tmp_path / "whole", sequence),
            end_of_batch(tmp_path / "whole", sequence),
        )
        for at in range(first, last):
            bent = bytearray(whole)
            bent[at] ^= 0x10
            with pytest.raises(Damaged, match="does not hold, but batch"):
                read(_copied(tmp_path / "whole", tmp_path / "bent", bytes(bent)))


def test_a_flipped_bit_between_two_batches_changes_nothing(tmp_path: Path) -> None:
    """Nothing is ever read from the zeros that fill a block up."""
    written(tmp_path / "whole", [FIRST, SECOND, THIRD])
    bent = bytearray(only_file(tmp_path / "whole").read_bytes())
    for sequence in (1, 2, 3):
        bent[end_of_batch(tmp_path / "whole", sequence)] ^= 0x10
    folder = _copied(tmp_path / "whole", tmp_path / "bent", bytes(bent))
    assert read(folder) == [*FIRST, *SECOND, *THIRD]


def test_a_hole_between_batches_is_damage(tmp_path: Path) -> None:
    """A batch that a disk lost, though it said that it was written, is never passed over."""
    written(tmp_path / "whole", [FIRST, SECOND, THIRD])
    data = bytearray(only_file(tmp_path / "whole").read_bytes())
    first, last = (_offset_of_batch(tmp_path / "whole", one) for one in (2, 3))
    data[first:last] = bytes(last - first)
    with pytest.raises(Damaged, match=r"batch 2 at .* does not hold, but batch 3 says that 2 was"):
        read(_copied(tmp_path / "whole", tmp_path / "bent", bytes(data)))


def test_damage_is_found_however_far_behind_the_next_batch_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search goes piece by piece: a header may lie across two of them."""
    written(tmp_path / "whole", [FIRST, [segment(2, 1, b"s" * 9000)], THIRD])
    whole = bytearray(only_file(tmp_path / "whole").read_bytes())
    whole[_offset_of_batch(tmp_path / "whole", 2) + HEADER_SIZE + 3] ^= 1
    folder = _copied(tmp_path / "whole", tmp_path / "bent", bytes(whole))
    for piece in range(HEADER_SIZE, 2 * HEADER_SIZE):
        monkeypatch.setattr(scanning, "_PIECE", piece)
        with pytest.raises(Damaged):
            read(folder)


def test_a_hole_whose_next_batch_claims_nothing_is_a_torn_tail(tmp_path: Path) -> None:
    """Two batches lost in one power cut: the second was on the disk before the first."""
    journal, _ = opened(tmp_path)
    journal.append(FIRST)
    second = journal.append(SECOND)
    journal._sequence -= 1  # What a writer with two batches in flight would have claimed.
    journal.append(THIRD)
    journal.close()
    path = only_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[second.base] ^= 1
    path.write_bytes(data)
    assert read(tmp_path) == FIRST


def test_what_a_torn_batch_holds_of_another_journal_is_no_claim(tmp_path: Path) -> None:
    """Bytes of a segment may look like anything."""
    written(tmp_path, [FIRST])
    journal, _ = opened(tmp_path)
    foreign = bytes(Header(uuid.UUID(int=1), 1, 9, 0, 0, 8)) + b"x" * 5000
    journal.append([segment(2, 1, foreign)])
    journal.close()
    path = tmp_path / "000002.journal"
    path.write_bytes(path.read_bytes()[:-4096])
    assert read(tmp_path) == FIRST


def test_full_files_and_a_closed_journal_leave_nothing_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    written(tmp_path, [[noise(n)] for n in range(9)], file_bytes=100)
    assert len(list(tmp_path.glob("*.journal"))) == 9
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_missing_file_in_the_middle_is_damage(tmp_path: Path) -> None:
    for batch in (FIRST, SECOND, THIRD):
        written(tmp_path, [batch])
    (tmp_path / "000002.journal").unlink()
    with pytest.raises(Damaged, match="expected batch 2, found 3"):
        read(tmp_path)


def test_acknowledged_batches_cut_off_before_a_later_start_are_damage(tmp_path: Path) -> None:
    written(tmp_path, [FIRST, SECOND])
    written(tmp_path, [THIRD])
    path = tmp_path / "000001.journal"
    path.write_bytes(path.read_bytes()[: _offset_of_batch(tmp_path, 2)])
    with pytest.raises(Damaged, match="a part of the journal is missing"):
        read(tmp_path)


def test_a_batch_of_another_journal_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / "one", [FIRST])
    written(tmp_path / "other", [FIRST])
    ours = only_file(tmp_path / "one")
    only_file(tmp_path / "other").replace(ours)
    with pytest.raises(Damaged, match="expected the journal's name"):
        read(tmp_path / "one")
    # Nor where its first batch is not whole, so that nothing says whose it is.
    data = bytearray(ours.read_bytes())
    data[HEADER_SIZE] ^= 1
    ours.write_bytes(data)
    assert read(tmp_path / "one") == []


def test_a_journal_without_its_name_is_damage(tmp_path: Path) -> None:
    written(tmp_path, [FIRST])
    (tmp_path / "uuid").unlink()
    with pytest.raises(Damaged, match="uuid is missing"):
        opened(tmp_path)


@pytest.mark.parametrize("bent", [b"", b"\xff" * 36, b"no name", str(uuid.UUID(int=7)).encode()])
def test_a_journal_whose_name_is_bent_is_damage_and_says_the_right_one(
    tmp_path: Path, bent: bytes
) -> None:
    """Read by another name, all of it would look as if it had never been there."""
    written(tmp_path, [FIRST])
    name = (tmp_path / "uuid").read_text().strip()
    (tmp_path / "uuid").write_bytes(bent)
    with pytest.raises(Damaged, match=r"uuid" if bent[:1] == b"\xff" else f"says {name}"):
        opened(tmp_path)


def test_every_start_writes_a_new_file_and_epoch_never_behind_a_torn_tail(tmp_path: Path) -> None:
    written(tmp_path, [FIRST, SECOND])
    path = only_file(tmp_path)
    torn = path.read_bytes()[: _offset_of_batch(tmp_path, 2) + 100]
    path.write_bytes(torn)
    written(tmp_path, [THIRD])
    # A start whose index has seen everything scans nothing, and still is another one.
    journal = Journal(tmp_path, 1024)
    list(journal.scan(Position(2, (tmp_path / "000002.journal").stat().st_size, 2)))
    journal.append([noise(4)])
    journal.close()
    assert path.read_bytes() == torn
    assert read(tmp_path) == [*FIRST, *THIRD, noise(4)]
    heads = [file.read_bytes()[:HEADER_SIZE] for file in sorted(tmp_path.glob("*.journal"))]
    epochs = [header.epoch for head in heads if (header := Header.parse(head))]
    assert epochs == sorted(set(epochs))
    assert len(epochs) == 3


def test_a_start_that_appends_nothing_leaves_no_file(tmp_path: Path) -> None:
    written(tmp_path, [])
    assert list(tmp_path.glob("*.journal")) == []


def test_what_a_killed_process_left_is_synced_before_it_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may lie in memory only: a power cut after its receipt was repeated would take it away."""
    written(tmp_path, [FIRST, SECOND])
    path = only_file(tmp_path)
    synced: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    next(Journal(tmp_path, 1024).scan(Position()))
    assert str(path) in synced


@pytest.mark.parametrize("fails", ["fdatasync", "pwrite"])
def test_after_a_disk_error_nothing_is_acknowledged_and_the_journal_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    journal, _ = opened(tmp_path)
    journal.append(FIRST)

    def broken(*arguments: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, fails, broken)
        with pytest.raises(OSError, match="Input/output error"):
            journal.append(SECOND)
    # The disk works again, but a sync is never retried: what it lost it does not say.
    data = (tmp_path / "000001.journal").read_bytes()
    with pytest.raises(OSError, match="start again"):
        journal.append(THIRD)
    journal.close()
    # Nor is anything tidied up: whoever looks finds the file as the failure left it.
    assert (tmp_path / "000001.journal").read_bytes() == data
    assert read(tmp_path)[: len(FIRST)] == FIRST


def test_a_next_file_that_cannot_be_made_is_a_failed_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found out with the next batch at the latest, not when the present file is full."""
    journal, _ = opened(tmp_path)

    def broken(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    journal.begin()
    journal._ahead.drop()
    monkeypatch.setattr(ahead, "make_zeros", broken)
    journal.prepare()
    while not journal._ahead._making.done():  # type: ignore[union-attr]
        pass
    with pytest.raises(OSError, match="Input/output error"):
        journal.append(FIRST)
    with pytest.raises(OSError, match="start again"):
        journal.append(THIRD)
    journal.close()
    # The batch itself had been written, and may be found; it was not acknowledged.
    monkeypatch.undo()
    assert read(tmp_path) == FIRST


# Files of zeros.


def test_a_file_is_zeros_and_on_the_disk_before_anything_is_written_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_sync, real_rename = os.fsync, Path.rename

    def fsync(fd: int) -> None:
        steps.append(f"sync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}")
        real_sync(fd)

    def rename(path: Path, target: Path) -> Path:
        assert path.read_bytes() == bytes(MEBIBYTE // 4)
        steps.append(f"{path.name} is {target.name}")
        return real_rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(ahead.Ahead, "want", lambda *_: None)
    journal, _ = opened(tmp_path)
    steps.clear()
    journal.begin()
    assert steps == [
        "sync 000001.journal.new",
        "000001.journal.new is 000001.journal",
        f"sync {tmp_path.name}",
    ]
    size = (tmp_path / "000001.journal").stat().st_size
    journal.append(FIRST)
    assert (tmp_path / "000001.journal").stat().st_size == size
    journal.close()


def test_the_next_file_is_there_before_the_present_one_is_full(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path)
    journal.begin()
    for number in range(100):
        journal.append([segment(number, number, bytes(20_000))])
        assert journal.left >= MEBIBYTE // 2 or journal._ahead._making is not None
    journal.close()
    assert len(read(tmp_path)) == 100


def test_zeros_behind_the_last_batch_are_the_ordinary_end(tmp_path: Path) -> None:
    """As a killed process leaves them, in its own file and in the one that was to be next."""
    written(tmp_path, [FIRST, SECOND])
    path = only_file(tmp_path)
    used = path.stat().st_size
    os.truncate(path, 5 * MEBIBYTE)
    (tmp_path / "000002.journal").write_bytes(bytes(MEBIBYTE))
    (tmp_path / "000003.journal.new").write_bytes(bytes(MEBIBYTE))
    assert read(tmp_path) == [*FIRST, *SECOND]
    # The next start that writes gives them back, and only them.
    written(tmp_path, [THIRD])
    assert path.stat().st_size == used
    assert sorted(one.name for one in tmp_path.glob("*.journal*")) == [
        "000001.journal",
        "000003.journal",
    ]
    assert read(tmp_path) == [*FIRST, *SECOND, *THIRD]


def test_what_is_not_zeros_is_never_taken_away(tmp_path: Path) -> None:
    """A torn tail may be all that is left of something that somebody looks for later."""
    written(tmp_path, [FIRST, SECOND])
    path = only_file(tmp_path)
    torn = path.read_bytes()[: _offset_of_batch(tmp_path, 2) + 100] + bytes(9000)
    path.write_bytes(torn)
    (tmp_path / "000002.journal").write_bytes(bytes(9000) + b"x" + bytes(9000))
    written(tmp_path, [THIRD])
    assert path.read_bytes() == torn
    assert (tmp_path / "000002.journal").read_bytes() == bytes(9000) + b"x" + bytes(9000)
    assert read(tmp_path) == [*FIRST, *THIRD]


def test_a_full_disk_refuses_and_takes_again_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = opened(tmp_path, MEBIBYTE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", _no_room)
        patched.setattr(ahead, "RETRY", 0.0)
        journal.begin()
        assert journal.left == 0
        with pytest.raises(DiskFull, match="a file of 1048576 was wanted"):
            journal.append(FIRST)
    # Half a file is not left behind, and the disk is asked again.
    assert list(tmp_path.glob("*.journal*")) == []
    journal.append(SECOND)
    journal.close()
    assert read(tmp_path) == SECOND


def test_a_start_on_a_full_disk_tidies_up_once_and_takes_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process leaves some zeros; gone, they are not looked for again."""
    written(tmp_path, [FIRST])
    (tmp_path / "000002.journal").write_bytes(bytes(4096))
    journal, _ = opened(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", _no_room)
        patched.setattr(ahead, "RETRY", 0.0)
        journal.begin()
        with pytest.raises(DiskFull):
            journal.append(SECOND)
    journal.append(SECOND)
    journal.close()
    assert read(tmp_path) == [*FIRST, *SECOND]


def test_a_start_on_a_full_disk_goes_on_in_the_zeros_that_a_killed_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given back, their room would be somebody else's before a new file could be made of it."""
    journal, _ = opened(tmp_path, MEBIBYTE * 4)
    journal.append(FIRST)
    journal.close(full=True)
    monkeypatch.setattr(os, "posix_fallocate", _no_room)
    for number, batch in enumerate([SECOND, THIRD], 2):
        path = only_file(tmp_path)
        before = path.read_bytes()
        end = len(before.rstrip(b"\0"))
        again, _ = opened(tmp_path, MEBIBYTE * 4)
        again.begin()
        assert 0 < again.left < len(before)
        again.append(batch)
        again.close(full=True)
        # Nothing that was there has changed, nothing was given back, and each start is its own.
        assert only_file(tmp_path).read_bytes()[:end] == before[:end]
        assert path.stat().st_size == len(before)
        at = _offset_of_batch(tmp_path, number)
        header = Header.parse(path.read_bytes()[at : at + HEADER_SIZE])
        assert header is not None
        assert (header.epoch, header.sequence) == (number, number)
    assert read(tmp_path) == [*FIRST, *SECOND, *THIRD]
    # With room again it is a new file, and a new epoch, as ever.
    monkeypatch.undo()
    written(tmp_path, [[noise(4)]])
    header = Header.parse((tmp_path / "000002.journal").read_bytes()[:HEADER_SIZE])
    assert header is not None
    assert (header.epoch, header.sequence) == (4, 4)
    assert read(tmp_path) == [*FIRST, *SECOND, *THIRD, noise(4)]


def test_a_start_on_a_full_disk_writes_nothing_behind_a_torn_tail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = opened(tmp_path, MEBIBYTE * 4)
    journal.append(FIRST)
    journal.close(full=True)
    path = only_file(tmp_path)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] = 1
    path.write_bytes(whole)
    monkeypatch.setattr(os, "posix_fallocate", _no_room)
    again, _ = opened(tmp_path, MEBIBYTE * 4)
    again.begin()
    assert again.made == 0
    with pytest.raises(DiskFull):
        again.append(SECOND)
    assert path.read_bytes() == whole


def test_while_a_file_is_made_nobody_makes_it_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room has come back: one thread makes the next file, another asks how much room there is. Of
    two that make it at once each would take the other's away, as if the disk had failed."""
    journal, _ = opened(tmp_path)
    making, go, made = threading.Event(), threading.Event(), list[int]()
    real = ahead.make_zeros

    def make_zeros(path: Path, size: int, *more: Any) -> None:
        made.append(int(path.stem))
        making.set()
        assert go.wait(10)
        real(path, size, *more)

    monkeypatch.setattr(ahead, "make_zeros", make_zeros)
    journal._ahead._refused = (1, MEBIBYTE)
    taking = threading.Thread(target=journal.append, args=[FIRST])
    taking.start()
    assert making.wait(10)
    assert journal.room() == 0
    go.set()
    taking.join()
    assert made.count(1) == 1
    journal.append(SECOND)
    journal.close()
    assert read(tmp_path) == [*FIRST, *SECOND]


def test_where_a_whole_file_does_not_fit_one_of_what_fits_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is free was promised: others may have made a little room, and not that of a file."""
    journal, _ = opened(tmp_path, 4 * MEBIBYTE)
    real = os.posix_fallocate

    def little(fd: int, at: int, size: int) -> None:
        if size > MEBIBYTE // 2:
            _no_room()
        real(fd, at, size)

    monkeypatch.setattr(os, "posix_fallocate", little)
    _free(monkeypatch, MEBIBYTE)
    journal.begin()
    assert journal.left == MEBIBYTE // 2
    journal.append(FIRST)
    monkeypatch.undo()
    journal.close()
    assert read(tmp_path) == FIRST


def test_room_is_what_is_there_and_what_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = opened(tmp_path, 4 * MEBIBYTE)
    journal.begin()
    journal._ahead.drop()
    assert (journal.left, journal.reserve) == (MEBIBYTE, MEBIBYTE)
    # What the databases beside it need is not counted.
    _free(monkeypatch, 3 * MEBIBYTE + 5)
    assert journal.room() == 3 * MEBIBYTE
    _free(monkeypatch, 10)
    assert journal.room() == MEBIBYTE
    monkeypatch.undo()
    journal.prepare()
    assert journal._ahead._making is not None
    journal._ahead._making.result()
    _free(monkeypatch, 10)
    assert journal.room() == 5 * MEBIBYTE
    monkeypatch.undo()
    journal.close()


@pytest.mark.parametrize("direct", [True, False])
def test_batches_of_every_size_lie_in_whole_blocks(tmp_path: Path, direct: bool) -> None:
    """Past the cache or through it, the bytes are the same."""
    journal, _ = opened(tmp_path)
    journal.direct = direct
    journal._ahead = ahead.Ahead(tmp_path, journal._path, direct)
    sizes = [0, 1, 3000, 4096 - 300, 4096, 65536, 5 * MEBIBYTE, 9 * MEBIBYTE + 7]
    items = [segment(n, n, bytes([n]) * size) for n, size in enumerate(sizes)]
    for item in items:
        batch = journal.append([item])
        assert (batch.base - HEADER_SIZE) % 4096 == batch.end.offset % 4096 == 0
    journal.close()
    assert read(tmp_path) == items


def test_whether_past_the_cache_is_found_out_by_trying(tmp_path: Path) -> None:
    assert takes_direct(tmp_path) in (True, False)
    assert list(tmp_path.iterdir()) == []
    assert "O_DIRECT" in way_of_writing(True)
    assert "refused" in way_of_writing(False)


def test_a_blob_that_is_not_there_any_more_is_damage(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path)
    batch = journal.append(SECOND)
    (placed,) = batch.placed
    at = batch.base + placed.offset
    assert journal.read(batch.file, at, placed.size) == SECOND[0].blob
    journal.close()
    with pytest.raises(Damaged, match="expected 10000 bytes"):
        journal.read(batch.file, at, 10000)


def test_a_file_is_replaced_as_a_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    write_durably(tmp_path / "secret", b"one")
    write_durably(tmp_path / "secret", b"two")
    assert (tmp_path / "secret").read_bytes() == b"two"
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def _offset_of_batch(folder: Path, sequence: int) -> int:
    journal, batches = opened(folder)
    journal.close()
    return next(one.base for one in batches if one.end.sequence == sequence) - HEADER_SIZE


def _copied(source: Path, target: Path, data: bytes) -> Path:
    """Return a copy of a journal of one file, that file being *data*."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    only_file(target).write_bytes(data)
    return target


def _no_room(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    class Status:
        f_bavail = free
        f_frsize = 1

    monkeypatch.setattr(os, "statvfs", lambda path: Status)
