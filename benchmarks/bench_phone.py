"""The phone in bad moments: film lost at kill -9, time to the receipt, a poor line, a slow CPU."""

import argparse
import time
import zipfile
from pathlib import Path

import av
import numpy as np

from accompany.evidence.notes import Note
from accompany.evidence.receipts import Receipt
from accompany.evidence.statements import SegmentStatement, read_statement
from browsers import wait_for
from evidencefiles import open_media, verify
from losing import lose_a_browser
from people import Attorney, Caller, recordings_of, save_package, wait_for_text
from poorline import Shape
from stage import row, stage

POOR = Shape(rate=300_000, way=0.15, loss=0.02)
ROWS = ("loss", "receipt", "bytes", "poor", "slow")
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


def lost(runs: int) -> None:
    missing = []
    for run in range(runs):
        with stage() as one:
            # All over a fragment: the moment of a kill is nobody's choice.
            loss = lose_a_browser(
                one.server, one.attorney, one.caller, one.folder, one.frames, 0.5 * run / runs
            )
        missing.append(loss.missing)
        assert loss.fails == []
    print(row("film missing after kill -9", missing), "  limit 0.35 median, 0.80 worst", flush=True)


def received(runs: int) -> None:
    film: list[float] = []
    sound: list[float] = []
    for _ in range(runs):
        with stage() as one:
            talk(one.attorney, one.caller, 12)
            for kind, package in packages(one.attorney, one.folder):
                late = [(at - s.time - s.duration) / 1000 for s, at in receipts_in(package)]
                (film if kind == "film" else sound).append(percentile(late, 0.95))
    print(row("end of capture -> receipt, film p95", film), "  limit 1.20", flush=True)
    print(row("end of capture -> receipt, sound p95", sound), flush=True)


def write_noise(path: Path, seconds: int = 20) -> Path:
    """Write a clip of which an encoder can make as little as it may: blocks that change."""
    chance = np.random.default_rng(7)
    with av.open(str(path), "w", format="mjpeg") as clip:
        stream = clip.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        stream.color_range = 2
        stream.options = {"huffman": "default", "qmin": "4", "qmax": "4"}
        for _ in range(seconds * 30):
            blocks = chance.integers(40, 200, (60, 80), np.uint8).repeat(8, 0).repeat(8, 1)
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


def sent(runs: int) -> None:
    ratios, rates = [], []
    for _ in range(runs):
        with stage(noise=write_noise, shape=Shape()) as one:
            assert one.line is not None
            before = one.line.up
            talk(one.attorney, one.caller, 20)
            up = one.line.up - before
            made = {
                kind: media_bytes(open_media(one.server, package))
                for kind, package in packages(one.attorney, one.folder)
            }
        ratios.append(up / sum(made.values()))
        rates.append(made["film"] * 8 / 20_000)
    print(row("bytes sent / bytes of film and sound", ratios, "", 3), "  limit 1.12", flush=True)
    print(row("  at a film of", rates, "kbit/s", 0), flush=True)


def poor(runs: int, seconds: float) -> None:
    behind, complete = [], []
    for _ in range(runs):
        with stage(shape=POOR) as one:
            complete.append(talk(one.attorney, one.caller, seconds, 600))
            for kind, package in packages(one.attorney, one.folder):
                assert verify(package, one.server.links["policy"]).report["fails"] == []
                if kind == "sound":
                    late = [(at - segment.time) / 1000 for segment, at in receipts_in(package)]
                    behind.append(percentile(late, 0.95))
    print("300 kbit/s up, 300 ms there and back, 2 % of packets a round trip late:")
    print(row("  sound behind, p95", behind), "  limit 6.00", flush=True)
    print(row("  all film there after the end", complete, "s", 0), "  limit 600", flush=True)


def slow(minutes: float) -> None:
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
    over = [task for task in tasks if task > 100]
    print(f"{minutes:g} minutes on a CPU four times slower:")
    longest = max(tasks, default=0)
    print(f"  longest task of the page {longest:.0f} ms, {len(over)} over 100 ms   limit 100")
    print(f"  memory of the page, MB: {' '.join(f'{each:.1f}' for each in heaps)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench phone", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=1, help="of the slow CPU")
    parser.add_argument("--seconds", type=float, default=40, help="of the poor line")
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="which rows; all of them")
    asked = parser.parse_args()
    rows = asked.rows or ROWS
    if "loss" in rows:
        lost(asked.runs)
    if "receipt" in rows:
        received(asked.runs)
    if "bytes" in rows:
        sent(asked.runs)
    if "poor" in rows:
        poor(asked.runs, asked.seconds)
    if "slow" in rows:
        slow(asked.minutes)
    print("not measured here: battery (docs/phones.md); the call's round trip on a poor line")


if __name__ == "__main__":
    main()
