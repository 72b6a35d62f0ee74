"""Where backups lie: a folder or a bucket, with the same few calls.

Credentials and endpoint of a bucket come from the environment (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`), as obstore reads them.
Not here: what a backup is made of (backup).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from accompany.errors import AccompanyError


class Unreached(AccompanyError):
    """The place of a backup did not do what was asked: *where*, and *why* in its own words."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")


class Store:
    """Objects by name. A name that is put again is replaced as a whole."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.folder = None if "://" in where else Path(where)
        try:
            if self.folder is None:
                self._store = from_url(where)
            else:
                self._store = LocalStore(self.folder, mkdir=True)
        except (BaseError, OSError, ValueError) as error:
            raise Unreached(where, _words(error)) from error

    @property
    def remote(self) -> bool:
        """Whether it lies on somebody else's machine."""
        return self.folder is None

    def put(self, name: str, data: bytes) -> None:
        try:
            obstore.put(self._store, name, data)
        except (BaseError, OSError) as error:
            raise Unreached(self.where, _words(error)) from error

    def get(self, name: str) -> bytes | None:
        """Return an object, or None where there is none of this name."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise Unreached(self.where, _words(error)) from error

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of all objects that begin with *prefix* and a slash."""
        try:
            for page in obstore.list(self._store, prefix):
                yield from (one["path"] for one in page)
        except (BaseError, OSError) as error:
            raise Unreached(self.where, _words(error)) from error

    def delete(self, names: list[str]) -> None:
        try:
            if names:
                obstore.delete(self._store, names)
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise Unreached(self.where, _words(error)) from error

    def settle(self, names: Iterable[str]) -> None:
        """Return once *names* would survive a power cut, where that is ours to see to."""
        if self.folder is None:
            return
        paths = [self.folder / name for name in names]
        folders = {above for path in paths for above in self._above(path)}
        for path in [*paths, *sorted(folders)]:
            fd = os.open(path, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def _above(self, path: Path) -> Iterator[Path]:
        for parent in path.parents:
            yield parent
            if parent == self.folder:
                return


def _words(error: Exception) -> str:
    """Return the first line of what went wrong; obstore adds its whole state behind it."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
