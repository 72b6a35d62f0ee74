"""A disk held to a rate: what a small server's is, on a machine whose disk is several times faster.

By Linux's block I/O controller, version 1 (kernel: admin-guide/cgroup-v1/blkio-controller), which
holds what is written with O_DIRECT; needs root. Who is held is this process and all it starts.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONTROLLER = Path("/sys/fs/cgroup/blkio")


@contextmanager
def held_to(rate: int, folder: Path) -> Iterator[None]:
    """Hold writes to the disk under *folder* to *rate* bytes a second until the block ends.

    Raises OSError where there is no such controller, or no disk of its own under *folder*.
    """
    device = os.stat(folder).st_dev
    group = CONTROLLER / f"accompany-bench-{os.getpid()}"
    group.mkdir()
    try:
        limit = f"{os.major(device)}:{os.minor(device)} {rate}"
        (group / "blkio.throttle.write_bps_device").write_text(limit)
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (CONTROLLER / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()
