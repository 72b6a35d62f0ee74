"""What a segment takes at least, part by part, without a line of our own: is a ratio in reach?

    scripts/bench least [--rounds N]

Each part by the library that does it here, or by the kernel, alone and in one process: receiving
over loopback, SHA-256, verifying, signing, one copy into the batch, its CRC, writing past the
cache with a sync a batch, two rows and two nodes in SQLite, sending the receipt. The smallest of
the rounds counts, so that others on the machine make the sum too small rather than too large.
Beside it nginx, with the same generator, its best. What both processors have, divided by the sum,
is more than any server can answer that does as much: HTTP, chain, tree and receipt come on top.
"""

import argparse
import mmap
import os
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from isal.isal_zlib import crc32
from nacl.bindings import crypto_sign, crypto_sign_open

from accompany.adapters.disk import make_zeros, open_blocks, takes_direct
from accompany.evidence.notes import Signer
from bench_custody import CONNECTIONS, SIZES, Generator
from custody_peers import nginx
from custody_requests import Job

BATCH = 24
"""Segments in a batch; about what gathers during a sync at this load."""
NOTE, RECEIPT = 600, 420
"""Bytes of a signed statement and of a receipt."""
TIMES = 600


def used(work: Callable[[], object]) -> float:
    """Return the processor time that *work* takes in this thread, kernel included, in seconds."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def receiving(size: int) -> float:
    """As much at once as there is, into memory that is warm: no reading could be cheaper."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        ours = socket.create_connection(door.getsockname())
        theirs, _ = door.accept()
    data, into = bytes(size), bytearray(size)

    def send() -> None:
        for _ in range(TIMES):
            ours.sendall(data)
        ours.close()

    def receive() -> None:
        while theirs.recv_into(into):
            pass

    sender = threading.Thread(target=send)
    sender.start()
    took = used(receive)
    sender.join()
    theirs.close()
    return took / TIMES


def answering() -> float:
    with socket.create_server(("127.0.0.1", 0)) as door:
        ours = socket.create_connection(door.getsockname())
        theirs, _ = door.accept()
    taking = threading.Thread(target=lambda: [None for _ in iter(lambda: theirs.recv(65536), b"")])
    taking.start()
    data = bytes(RECEIPT + 300)
    took = used(lambda: [ours.send(data) for _ in range(TIMES * 4)])
    ours.close()
    taking.join()
    theirs.close()
    return took / (TIMES * 4)


def writing(size: int, folder: Path) -> float:
    """One write and one sync a batch, into a file of zeros."""
    path, whole = folder / "least", BATCH * size
    direct = takes_direct(folder)
    make_zeros(path, 4 * whole, direct, lambda: 0.0)
    fd = open_blocks(path, direct)

    def write() -> None:
        for at in range(0, 4 * whole, whole):
            os.pwrite(fd, buffer, at)
            os.fdatasync(fd)

    with mmap.mmap(-1, whole) as buffer:
        buffer.write(os.urandom(whole))
        took = used(write)
    os.close(fd)
    path.unlink()
    return took / (4 * BATCH)


def indexing(folder: Path) -> float:
    path = folder / "least.sqlite"
    tables = sqlite3.connect(path)
    tables.execute("PRAGMA journal_mode = WAL")
    tables.execute("PRAGMA synchronous = NORMAL")
    tables.executescript(
        "CREATE TABLE leaves (number INTEGER PRIMARY KEY, entry BLOB);"
        "CREATE TABLE statements (recording TEXT, number INTEGER, note BLOB, receipt BLOB,"
        " PRIMARY KEY (recording, number)) WITHOUT ROWID;"
        "CREATE TABLE nodes (level INTEGER, number INTEGER, hash BLOB,"
        " PRIMARY KEY (level, number)) WITHOUT ROWID;"
    )
    names = [os.urandom(20).hex()[:32] for _ in range(CONNECTIONS)]

    def fill() -> None:
        for batch in range(TIMES // BATCH):
            at = range(batch * BATCH, (batch + 1) * BATCH)
            with tables:
                tables.executemany("INSERT INTO leaves VALUES (?, ?)", [(n, bytes(64)) for n in at])
                rows = [(names[n % 64], n, bytes(NOTE), bytes(RECEIPT)) for n in at]
                tables.executemany("INSERT INTO statements VALUES (?, ?, ?, ?)", rows)
                tables.executemany(
                    "INSERT INTO nodes VALUES (?, ?, ?)",
                    [(level, n, bytes(32)) for n in at for level in (0, 1)],
                )

    took = used(fill)
    tables.close()
    for one in folder.glob("least.sqlite*"):
        one.unlink()
    return took / TIMES


def parts(size: int, folder: Path) -> dict[str, float]:
    signer = Signer.generate("least")
    text, body = os.urandom(NOTE), os.urandom(size)
    secret = signer.private.private_bytes_raw() + signer.verifier.key
    signed, key = crypto_sign(text, secret), signer.verifier.key
    into = memoryview(bytearray(BATCH * size))
    places = [into[n * size : (n + 1) * size] for n in range(BATCH)]

    def copy() -> None:
        for n in range(TIMES):
            places[n % BATCH][:] = body

    def each(work: Callable[[], object]) -> float:
        return used(lambda: [work() for _ in range(TIMES)]) / TIMES

    return {
        "received, loopback": receiving(size),
        "SHA-256": each(lambda: sha256(body).digest()),
        "statement verified, libsodium": each(lambda: crypto_sign_open(signed, key)),
        "receipt signed, libsodium": each(lambda: crypto_sign(text, secret)),
        "one copy into the batch": used(copy) / TIMES,
        "its CRC, isal": each(lambda: crc32(body)),
        "written and synced": writing(size, folder),
        "rows of the index, SQLite": indexing(folder),
        "receipt sent": answering(),
    }


def beside(generator: Generator, size: int, folder: Path) -> tuple[float, float]:
    """Return nginx's segments a second, and what the generator takes for one."""
    place = folder / f"nginx-{time.monotonic_ns()}"
    with nginx(place) as peer:
        name = place.name
        job = Job(peer.kind, peer.port, size, CONNECTIONS, 250, 2.0, name=name)
        found = generator.run(job, peer.process)
    shutil.rmtree(place)
    return found.per_second, found.share * found.seconds / found.count


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench least", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    folder = Path(__file__).resolve().parent.parent / ".bench" / f"least-{os.getpid()}"
    folder.mkdir(parents=True)
    generator, count = Generator(), len(os.sched_getaffinity(0))
    try:
        for size in SIZES:
            rounds = [parts(size, folder) for _ in range(given.rounds)]
            peers = [beside(generator, size, folder) for _ in range(min(given.rounds, 3))]
            least = {name: min(one[name] for one in rounds) for name in rounds[0]}
            least["the generator's own"] = min(own for _, own in peers)
            total = sum(least.values())
            nginx_best = max(rate for rate, _ in peers)
            print(f"{size // 1024} KiB")
            for name, seconds in least.items():
                print(f"  {name:32}{seconds * 1e6:8.1f} µs")
            print(f"  {'together':32}{total * 1e6:8.1f} µs")
            print(f"  {count} processors, wholly busy: {count / total:,.0f} segments/s at most")
            print(f"  nginx, the best of {len(peers)}: {nginx_best:,.0f}/s; 0.8 of it: "
                  f"{0.8 * nginx_best:,.0f}/s, which leaves "
                  f"{(count / (0.8 * nginx_best) - total) * 1e6:.0f} µs for all else; "
                  f"the most in reach: {count / total / nginx_best:.2f}", flush=True)  # fmt: skip
    finally:
        generator.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
