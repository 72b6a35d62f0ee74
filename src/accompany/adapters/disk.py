"""Writing so that it would survive a power cut, past the cache where the file system allows it.

A journal file is made of zeros, synced with its folder, before anything is written into it: so a
batch is one write in place and one sync, without a change to the file system's own tables. Writing
is in whole blocks, from an aligned buffer, at aligned offsets (open(2), O_DIRECT). Where O_DIRECT
is refused (tmpfs, some overlays) the same writes go through the cache, and the sync does the rest.
Survives power loss if the disk honours flushes. Not here: what is written (`frames`, `journal`).
"""

import ctypes
import errno
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from accompany.adapters.frames import BLOCK, whole_blocks
from accompany.errors import Damaged, DiskFull

_PIECE = 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EINVAL, errno.EOPNOTSUPP)


def new_buffer(size: int) -> mmap.mmap:
    """Return zeroed memory that begins at a page, as O_DIRECT wants it."""
    return mmap.mmap(-1, whole_blocks(size))


def takes_direct(folder: Path) -> bool:
    """Whether files in *folder* can be written with O_DIRECT; tried on a file without a name."""
    if not hasattr(os, "O_DIRECT") or not hasattr(os, "O_TMPFILE"):
        return False
    try:
        fd = os.open(folder, os.O_WRONLY | os.O_TMPFILE | os.O_DIRECT, 0o600)
    except OSError:
        return False
    try:
        with new_buffer(BLOCK) as buffer:
            return os.pwrite(fd, buffer, 0) == BLOCK
    except OSError as error:
        # A full disk says nothing about how it is written.
        return error.errno in _FULL
    finally:
        os.close(fd)


def way_of_writing(direct: bool) -> str:
    """Say for people how batches reach the disk."""
    if direct:
        return "O_DIRECT into files of zeros, one fdatasync for every batch"
    return "through the cache, since O_DIRECT is refused here; one fdatasync for every batch"


def free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def open_blocks(path: Path, direct: bool) -> int:
    """Return a descriptor to write a file of zeros that is there already."""
    return os.open(path, os.O_WRONLY | (os.O_DIRECT if direct else 0))


def write_blocks(fd: int, blocks: memoryview, offset: int) -> None:
    """Write *blocks*, whole ones that begin at a page, at *offset*.

    Nothing is durable before `os.fdatasync`. An error leaves any part of it written.
    """
    done = 0
    while done < len(blocks):
        with blocks[done:] as rest:
            done += os.pwrite(fd, rest, offset + done)


def make_zeros(path: Path, size: int, direct: bool, pause: Callable[[], float]) -> None:
    """Make a file of *size* zeros, all of it on the disk, under its name, when this returns.

    It has another name until it is whole. *pause* says how many seconds to rest after each
    mebibyte, for others to write; what it raises ends it. Raise DiskFull, and leave nothing,
    where there is no room.
    """
    fresh = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | (os.O_DIRECT if direct else 0)
    with _or_nothing(fresh, size):
        fd = os.open(fresh, flags, 0o600)
        try:
            # Asked for at once, its blocks lie together; and a disk that is full says so here.
            try:
                os.posix_fallocate(fd, 0, size)
            except OSError as error:
                if error.errno not in _REFUSED:
                    raise
            with new_buffer(min(size, _PIECE)) as zeros, memoryview(zeros) as view:
                for at in range(0, size, len(zeros)):
                    with view[: size - at] as piece:
                        write_blocks(fd, piece, at)
                    if rest := pause():
                        time.sleep(rest)
            os.fsync(fd)
        finally:
            os.close(fd)
        fresh.rename(path)
        sync_folder(path.parent)


@contextmanager
def _or_nothing(fresh: Path, size: int) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink()
        if isinstance(error, OSError) and error.errno in _FULL:
            free = free_bytes(fresh.parent)
            raise DiskFull(f"{free} bytes are free, a file of {size} was wanted") from error
        raise


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the file at *path* as a whole; return once it would survive a power cut.

    Raise DiskFull, with the old one in place, where there is no room.
    """
    fresh = path.with_name(path.name + ".new")
    with no_room_for(path):
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        finally:
            os.close(fd)
        fresh.replace(path)
        sync_folder(path.parent)


def keep_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """As `write_durably`; where the file holds *data* already, nothing is written, and no room
    wanted."""
    if not path.exists() or path.read_bytes() != data:
        write_durably(path, data, mode)


def fallocate(fd: int, mode: int, start: int, size: int) -> None:
    """Do as fallocate(2) does; raise OSError. Never by writing, as the C library does where the
    file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(fd, mode, ctypes.c_int64(start), ctypes.c_int64(size)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def no_room_for(path: Path) -> Iterator[None]:
    """Raise DiskFull for what says that there is no room for *path*: that may pass."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"no room for {path.name}: {error.strerror}") from error
        raise


def read_text(path: Path) -> str:
    """Return the text at *path*; raise Damaged where it is none: a bit may flip in any file."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Damaged(f"{path} is bent: its byte {error.start} is in no text") from error


def sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def cut(path: Path, size: int) -> None:
    """Give back what lies behind *size* bytes; a file of nothing goes altogether."""
    if size == 0:
        path.unlink()
    else:
        os.truncate(path, size)
