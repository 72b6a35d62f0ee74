"""The phone in bad moments, a row each: kill, receipt, bytes, poor, slow (see docs/phones.md)."""

import argparse
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from accompany.evidence.notes import Note
from accompany.evidence.receipts import Receipt
from accompany.evidence.statements import SegmentStatement, read_statement
from browsers import wait_for
from evidencefiles import open_media, verify
from floors import Floors
from losing import lose_a_browser
from packetline import possible
from people import Attorney, Caller, recordings_of, save_package, wait_for_text
from poorline import Shape
from stage import stage

POOR = Shape(rate=300_000, way=0.15, loss=0.02)
ROWS = ("kill", "receipt", "bytes", "poor", "slow")
GROWTH = 2.0
"""MB by which the page's memory may grow from the first look to the last and count as flat."""
BUSY = """() => {
  window.tasks = [];
  const keep = (list) => window.tasks.push(...list.getEntries().map((one) => one.duration));
  new PerformanceObserver(keep).observe({ type: "longtask" });
}"""


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))]


def receipts_in(package: Path) -> list[tuple[SegmentStatement, float]]:
    """Return each segment of film or sound with the server's time of its receipt (ms)."""
    with zipfile.ZipFile(package) as archive:
        read = {name.partition("/data/")[2]: name for name in archive.namelist()}
        found = []
        for short, name in sorted(read.items()):
            if not short.startswith("statements/"):
                continue
            statement = read_statement(Note.parse(archive.read(name)).text)
            if isinstance(statement, SegmentStatement) and statement.duration:
                receipt = archive.read(read[short.replace("statements/", "receipts/")])
                found.append((statement, float(Receipt.read(Note.parse(receipt).text).time)))
    return found


def talk(attorney: Attorney, caller: Caller, seconds: float, safe: float = 60) -> float:
    """Press, answer, record, end; return the seconds from the end until everything is safe."""
    caller.press()
    wait_for(lambda: attorney.page.get_by_role("button", name="Answer").count(), 60, "for a ring")
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you", 60)
    caller.wait_until_recorded(seconds, seconds * 3 + 60)
    caller.end()
    ended = time.monotonic()
    caller.wait_until_safe(safe)
    return time.monotonic() - ended


def packages(attorney: Attorney, folder: Path) -> list[tuple[str, Path]]:
    time.sleep(1.5)  # A live checkpoint covers the last entry within a second.
    return [
        (kind, save_package(attorney, folder / f"{kind}-{at}.zip", recording))
        for at, (kind, recording, _) in enumerate(recordings_of(attorney))
    ]


def during(what: str, runs: int) -> Iterator[int]:
    """Count to *runs* and say where it is, for whoever waits."""
    for run in range(runs):
        print(f"{what} {run + 1} of {runs} …", file=sys.stderr, flush=True)
        yield run


def lost(floors: Floors, runs: int) -> None:
    missing: list[float] = []
    for run in during("kill", runs):
        with stage() as one:
            # All over a fragment: the moment of a kill is nobody's choice.
            loss = lose_a_browser(
                one.server, one.attorney, one.caller, one.folder, one.frames, 0.5 * run / runs
            )
        missing.append(loss.missing)
        if loss.missing > 0.6:
            why = f"{loss.films} films, last pieces of {loss.pieces[-4:]} s, {loss.unstated}"
            print(f"  run {run + 1}: {loss.missing:.2f} s; {why}", flush=True)
        assert loss.fails == []
    floors.row("film missing after kill -9", missing, floor=0.35, worst=0.8)


def received(floors: Floors, runs: int) -> None:
    film: list[float] = []
    sound: list[float] = []
    for _ in during("receipt", runs):
        with stage() as one:
            talk(one.attorney, one.caller, 12)
            for kind, package in packages(one.attorney, one.folder):
                late = [(at - s.time - s.duration) / 1000 for s, at in receipts_in(package)]
                (film if kind == "film" else sound).append(percentile(late, 0.95))
    floors.row("end of capture -> receipt, film p95", film, floor=1.2)
    floors.row("end of capture -> receipt, sound p95", sound, floor=1.2)


def write_noise(path: Path, seconds: int = 20) -> Path:
    """Write a clip of blocks that change, of which an encoder makes its 1 Mbit/s and no more.

    With more contrast it cannot hold its rate, and a larger film hides what each piece costs.
    """
    chance = np.random.default_rng(7)
    with av.open(str(path), "w", format="mjpeg") as clip:
        stream = clip.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        stream.color_range = 2
        stream.options = {"huffman": "default", "qmin": "4", "qmax": "4"}
        for _ in range(seconds * 30):
            blocks = chance.integers(110, 130, (60, 80), np.uint8).repeat(8, 0).repeat(8, 1)
            planes = np.vstack([blocks, np.full((240, 640), 128, np.uint8)])
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuvj420p")))
        clip.mux(stream.encode(None))
    return path


def media_bytes(media: Path) -> int:
    """Return the bytes of a film or sound without the padding between its fragments."""
    data, at, total = media.read_bytes(), 0, 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        total += 0 if data[at + 4 : at + 8] == b"free" else size
        at += size
    return total


def sent(floors: Floors, runs: int) -> None:
    ratios: list[float] = []
    rates: list[float] = []
    for _ in during("bytes", runs):
        with stage(noise=write_noise, shape=Shape()) as one:
            assert one.line is not None
            before = one.line.up
            talk(one.attorney, one.caller, 20)
            up = one.line.up - before
            # On a busy machine a smaller film follows the first: all of them were sent.
            made = [
                (kind, media_bytes(open_media(one.server, package)))
                for kind, package in packages(one.attorney, one.folder)
            ]
        films = [size for kind, size in made if kind == "film"]
        if len(films) > 1:
            print(f"  {len(films)} films, of {films} bytes", flush=True)
        ratios.append(up / sum(size for _, size in made))
        rates.append(sum(films) * 8 / 20_000)
    floors.row("bytes sent / bytes of film and sound", ratios, "", 3, floor=1.12)
    floors.row("  at a film of", rates, "kbit/s", 0)


# Each second, what the page's own connection says of the way there and back of its sound.
TRIPS = """
  window.trips = [];
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      setInterval(async () => {
        for (const stat of (await this.getStats()).values()) {
          const { type, kind, roundTripTime, roundTripTimeMeasurements: number } = stat;
          if (type !== "remote-inbound-rtp" || kind !== "audio" || !number) continue;
          if (window.trips.at(-1)?.number !== number) window.trips.push({ number, roundTripTime });
        }
      }, 250);
    }
  };
"""


def poor(floors: Floors, runs: int, seconds: float) -> None:
    behind: list[float] = []
    complete: list[float] = []
    over: list[float] = []
    packets = possible()
    for _ in during("poor", runs):
        with stage(shape=POOR, packets=packets, script=TRIPS) as one:
            complete.append(talk(one.attorney, one.caller, seconds, 600))
            trips = [trip["roundTripTime"] for trip in one.caller.page.evaluate("() => trips")]
            over.append(1000 * (percentile(trips, 0.95) - min(trips)))
            for kind, package in packages(one.attorney, one.folder):
                assert verify(package, one.server.links["policy"]).report["fails"] == []
                if kind == "sound":
                    late = [(at - segment.time) / 1000 for segment, at in receipts_in(package)]
                    behind.append(percentile(late, 0.95))
    print("300 kbit/s up, 300 ms there and back, 2 % of packets lost:")
    floors.row("  sound behind, p95", behind, floor=6)
    if packets:
        floors.row("  call's round trip over its floor, p95", over, "ms", 0, floor=200)
    else:
        print("  the call's round trip cannot be measured here: that needs root and /dev/net/tun")
    floors.row("  all film there after the end", complete, "s", 0, floor=600)


def slow(floors: Floors, minutes: float) -> None:
    with stage() as one:
        page = one.caller.page
        assert one.caller.phone.context is not None
        devtools = one.caller.phone.context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        one.caller.press()
        page.wait_for_timeout(5000)
        page.evaluate(BUSY)
        devtools.send("HeapProfiler.enable")

        def heap() -> float:
            devtools.send("HeapProfiler.collectGarbage")
            return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

        page.wait_for_timeout(5000)
        heaps = [heap()]
        for _ in range(4):
            page.wait_for_timeout(minutes * 15_000)
            heaps.append(heap())
        # Collecting garbage on demand is a task of its own: only what came without it is counted.
        tasks = page.evaluate("() => window.tasks")
        one.caller.end()
        one.caller.wait_until_safe(120)
    print(f"{minutes:g} minutes on a CPU four times slower:")
    floors.row("  tasks of the page of 50 ms and more", tasks or [0], "ms", 0, worst=100)
    floors.row(
        "  memory of the page, last look less the first", [heaps[-1] - heaps[0]], "MB", 1, GROWTH
    )
    print(f"        at each look, MB: {' '.join(f'{each:.1f}' for each in heaps)}")


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench phone", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10, help="of the slow CPU")
    parser.add_argument("--seconds", type=float, default=60, help="of the poor line")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, help="which rows")
    asked = parser.parse_args()
    floors = Floors()
    rows: dict[str, Callable[[], None]] = {
        "kill": lambda: lost(floors, asked.runs),
        "receipt": lambda: received(floors, asked.runs),
        "bytes": lambda: sent(floors, asked.runs),
        "poor": lambda: poor(floors, asked.runs, asked.seconds),
        "slow": lambda: slow(floors, asked.minutes),
    }
    for name in asked.only:
        rows[name]()
    print("battery cannot be measured here: docs/phones.md")
    raise SystemExit(0 if floors.good else 1)


if __name__ == "__main__":
    main()
