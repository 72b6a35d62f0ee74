"""Verifying an hour: Python's and the browser's time against what their primitives alone cost.

    scripts/bench verify [--minutes N] [--rounds N] [--no-browser]

The primitives: SHA-256 of all bytes, one Ed25519 for every statement and receipt, the hashes of the
proofs; measured before each round of verifying. The round of the median ratio is shown. In the
browser the proofs' hashes are left out of the sum: its limit is harder to keep then, not easier.
Memory grows with the number of files, by about 2 kB each in Python, and not with their bytes.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256, shake_256
from pathlib import Path

from accompany.evidence import layout
from accompany.evidence.checkpoints import Proof
from accompany.evidence.merkle import leaf_hash, node_hash
from accompany.evidence.notes import Note
from accompany.evidence.report import Report
from accompany.evidence.verify import Trust
from accompany.evidence.zipping import zip_stream
from accompany.verifier import verify
from corpus.seals import sealing

SEGMENT = 62_500
"""Bytes in half a second at a million bits a second."""


def make(path: Path, minutes: float) -> int:
    """Write a sealed package of *minutes* at two segments a second; return how many segments."""
    from accompany.evidence import age
    from evidence import making

    log, recording = making.with_after("hour")
    recipient = [making.identity("hour").recipient]
    count = round(minutes * 120)
    recording.segment(0, data=age.encrypt(b"initialization", recipient))
    for number in range(count):
        plain = shake_256(number.to_bytes(8, "big")).digest(SEGMENT)
        recording.segment(data=age.encrypt(plain, recipient))
    package = making.sealed(recording.close(), making.Server(log))
    with path.open("wb") as out:
        for piece in zip_stream(
            (f"{package.recording}/{name}", len(data), iter([data]))
            for name, data in package.files.items()
        ):
            out.write(piece)
    path.with_suffix(".policy").write_text(making.POLICY_TEXT)
    return count


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def primitives(path: Path) -> dict[str, float]:
    """Seconds of CPU of each primitive over the package at *path*."""
    import zipfile

    from evidence import making

    keys = {one.verifier.name: one.verifier for one in (making.LOG, making.RECEIPTS)}
    with zipfile.ZipFile(path) as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    notes = [
        Note.parse(data)
        for name, data in files.items()
        if (place := layout.place(name)) and place.kind in ("statement", "receipt")
    ]
    proofs = [
        Proof.parse(data)
        for name, data in files.items()
        if (place := layout.place(name)) and place.kind == "proof"
    ]
    opening = making.Recording("hour", after=None).signer.verifier
    signed = [
        (keys.get(note.signatures[0].name, opening), note.text.encode(), note.signatures[0].value)
        for note in notes
    ]
    return {
        "SHA-256 of all bytes": cpu(lambda: [sha256(data).digest() for data in files.values()]),
        "Ed25519": cpu(lambda: [key.holds(text, value) for key, text, value in signed]),
        "hashes of proofs": cpu(lambda: [_climb(proof) for proof in proofs]),
    }


def _climb(proof: Proof) -> bytes:
    value = leaf_hash(bytes(64))
    for sibling in proof.path:
        value = node_hash(value, sibling)
    return value


def measured(path: Path) -> dict[str, float]:
    """In a process of its own: CPU and the most memory that verifying took."""
    from accompany.evidence.checkpoints import Policy

    trust = Trust(policy=Policy.parse(path.with_suffix(".policy").read_bytes()))
    reports: list[Report] = []
    seconds = cpu(lambda: reports.append(verify(path, trust)))
    assert reports[0].exit == 0, [f.text for f in reports[0].findings if f.verdict != "holds"]
    return {"seconds": seconds, "MB": most_memory()}


def most_memory(status: Path = Path("/proc/self/status")) -> float:
    """The most memory a process had resident, in MB.

    Not ru_maxrss where it can be helped: that keeps what the process had that started this one.
    """
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


IN_BROWSER = """async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  const piece = new Uint8Array(1 << 20);
  for (let at = 0; at < piece.length; at += bytes.length) piece.set(bytes, at);
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const text = bytes.subarray(0, 400);
  const signature = await crypto.subtle.sign("Ed25519", pair.privateKey, text);
  const time = async (count, work) => {
    const began = performance.now();
    for (let at = 0; at < count; at += 128) {
      await Promise.all(Array.from({ length: Math.min(128, count - at) }, work));
    }
    return (performance.now() - began) / 1000;
  };
  return {
    "SHA-256 of all bytes": await time(%d, () => crypto.subtle.digest("SHA-256", piece)),
    "Ed25519": await time(%d, () =>
      crypto.subtle.verify("Ed25519", pair.publicKey, signature, text)),
  };
}"""


Round = tuple[dict[str, float], float]
"""Seconds of each primitive, and of verifying, measured one after the other."""


def in_browser(path: Path, segments: int, rounds: int) -> tuple[list[Round], float]:
    """Seconds by the clock that the page takes, and its primitives' alone; its most memory."""
    from playwright.sync_api import sync_playwright

    from browsers import FLAGS, chromium
    from serving import running_server

    script = IN_BROWSER % (path.stat().st_size // (1 << 20), 2 * segments)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "data") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS, headless=False)
        page = browser.new_page()
        measured = []
        for _ in range(rounds):
            page.goto(f"{server.url}/verify")
            page.locator("#package").wait_for(state="attached")
            alone = page.evaluate(script)
            page.locator("#package").set_input_files(path)
            page.locator("details.known summary").click()
            page.locator("#policy").set_input_files(path.with_suffix(".policy"))
            began = time.perf_counter()
            page.get_by_role("button", name="Check it").click()
            page.get_by_test_id("report").wait_for(timeout=600_000)
            measured.append((alone, time.perf_counter() - began))
            assert page.get_by_test_id("report").get_attribute("data-exit") == "0"
        ask = browser.new_browser_cdp_session()
        processes = ask.send("SystemInfo.getProcessInfo")["processInfo"]
        pages = [one["id"] for one in processes if one["type"] == "renderer"]
        most = max(most_memory(Path("/proc", str(number), "status")) for number in pages)
        browser.close()
    return measured, most


def in_python(path: Path, rounds: int) -> tuple[list[Round], float]:
    """Seconds of CPU in a process of its own, and of the primitives here; its most memory."""
    command = [sys.executable, __file__, "--measure", str(path)]
    measured, most = [], 0.0
    for _ in range(rounds):
        alone = primitives(path)
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        done = json.loads(run.stdout)
        measured.append((alone, done["seconds"]))
        most = max(most, done["MB"])
    return measured, most


def said(rounds: list[Round], most: float, limit: int) -> Iterator[str]:
    """The round of the median ratio, and what the ratio was in each."""
    ratios = sorted(
        (seconds / sum(alone.values()), at) for at, (alone, seconds) in enumerate(rounds)
    )
    ratio, middle = ratios[len(ratios) // 2]
    alone, seconds = rounds[middle]
    for part, each in alone.items():
        yield f"    {each:7.2f} s  {part}"
    yield f"    {sum(alone.values()):7.2f} s  all of them"
    every = ", ".join(f"{one:.2f}" for one, _ in ratios)
    yield f"    {seconds:7.2f} s  verify: {ratio:.2f} times (at most {limit}; rounds: {every})"
    yield f"    {most:7.0f} MB resident at most, the process and all"


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench verify", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.zip"
        with sealing():
            segments = make(path, given.minutes)
        print(f"{segments} segments, {path.stat().st_size / 1e6:.0f} MB")
        print("  Python, CPU")
        print("\n".join(said(*in_python(path, given.rounds), 2)), flush=True)
        if not given.no_browser:
            print("  Browser, by the clock")
            print("\n".join(said(*in_browser(path, segments, given.rounds), 5)))


if __name__ == "__main__":
    main()
