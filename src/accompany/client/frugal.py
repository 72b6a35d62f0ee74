"""Memory that was needed once: given back to the system, or not taken at all.

A package of an hour is opened by whoever has a small machine, too. Not here: flat memory itself,
which is each reader's own (`sealed_package`, `court_copy`).
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def give_back() -> None:
    """Return what was freed to the system, where the C library can (glibc, malloc_trim(3))."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Let imports in the block do without *modules*, as if they were not installed.

    For libraries that import what they can get and what is not needed here: numpy takes 9 MB.
    """
    missing = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
