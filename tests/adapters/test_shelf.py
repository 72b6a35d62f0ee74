"""Sealed contacts over a restart: in memory, or nowhere."""

from pathlib import Path

import pytest

from accompany.adapters.shelf import MemoryShelf, NoShelf, kind_of, shelf_at
from accompany.errors import Malformed

MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/root rw
25 22 0:23 / {folder}/run rw - tmpfs tmpfs rw
26 25 8:2 / {folder}/run/disk rw - ext4 /dev/sdb rw
27 25 8:2 / {folder}/run/with\\040space rw - ext4 /dev/sdb rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    for name in ("run/disk", "run/app", "run/with space", "run-elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS.format(folder=tmp_path.resolve()))
    return path


def test_the_deepest_mount_says_what_a_folder_is(tmp_path: Path, mounts: Path) -> None:
    names = ("run", "run/app", "run/disk", "run/with space", "run-elsewhere", "missing")
    kinds = [kind_of(tmp_path / name, mounts) for name in names]
    assert kinds == ["tmpfs", "tmpfs", "ext4", "ext4", "ext4", ""]


@pytest.mark.parametrize("name", ["run/disk", "run-elsewhere", "missing"])
def test_a_disk_is_refused(tmp_path: Path, mounts: Path, name: str) -> None:
    with pytest.raises(Malformed, match="expected a folder in memory"):
        MemoryShelf(tmp_path / name, mounts)


def test_what_is_put_is_there_for_the_next_process_until_it_is_dropped(
    tmp_path: Path, mounts: Path
) -> None:
    first = MemoryShelf(tmp_path / "run/app", mounts)
    first.put(b"a" * 32, [b"one", b"two"])
    first.put(b"b" * 32, [])
    (path,) = (tmp_path / "run/app").iterdir()
    assert path.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in path.iterdir()} == {0o600}
    second = MemoryShelf(tmp_path / "run/app", mounts)
    assert second.take_all() == {b"a" * 32: (b"one", b"two"), b"b" * 32: ()}
    second.drop(b"a" * 32)
    second.drop(b"a" * 32)
    assert list(second.take_all()) == [b"b" * 32]


def test_without_a_folder_nothing_is_held() -> None:
    shelf = shelf_at("")
    assert isinstance(shelf, NoShelf)
    shelf.put(b"a" * 32, [b"one"])
    shelf.drop(b"a" * 32)
    assert shelf.take_all() == {}
