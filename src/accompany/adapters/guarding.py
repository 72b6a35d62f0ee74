"""One server on a folder, and what its disk cannot do said in words. Nothing is kept here."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accompany.errors import Damaged, DiskFailed


@contextmanager
def disk_in_words() -> Iterator[None]:
    """Raise DiskFailed for what a disk or a database could not do: nobody reads a stack."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise DiskFailed(f"the disk did not do what was asked: {error}") from error


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two servers on one journal would each give out the same leaf."""

    with disk_in_words():
        lock = (folder / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Damaged(f"{folder} is in use by another server") from error
        yield
