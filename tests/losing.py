"""Killing a caller's browser in the middle, and measuring what of the film is missing."""

import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from browsers import wait_for
from evidencefiles import open_film, segments_in, unstated_holes, verify
from films import Film
from people import Attorney, Caller, recordings_of, save_package, wait_for_text
from serving import RunningServer

# A thing of the queue is a frame (webapp/src/queue.ts): torn by the kill, it is not what its own
# lengths say, and nobody sends it.
NOTHING_WAITS = """async () => {
  try {
    const root = await navigator.storage.getDirectory();
    const queue = await root.getDirectoryHandle("accompany-queue");
    for await (const folder of queue.values()) {
      if (folder.kind !== "directory") continue;
      for await (const thing of folder.values()) {
        if (!thing.name.endsWith(".item")) continue;
        const file = await thing.getFile();
        const head = new DataView(await file.slice(0, 14).arrayBuffer());
        const whole = head.byteLength === 14 && 46 + head.getUint32(6) + head.getUint32(10);
        if (file.size === whole) return false;
      }
    }
    return true;
  } catch {
    return false;
  }
}"""


@dataclass(frozen=True)
class Loss:
    """*missing*: seconds of film between its last frame's end and the kill.

    *pieces*: how long each piece of the last film was, in seconds. *films*: how many there were,
    since a film may have been replaced by a smaller one before.
    """

    missing: float
    fails: list[str]
    status: int
    status_open_ended: int
    film: Film
    unstated: list[object]
    films: int
    pieces: list[float]


def wait_until_sent(page: Page) -> None:
    """Wait until the phone's queue holds nothing that could be sent."""
    wait_for(lambda: page.evaluate(NOTHING_WAITS), 60, "for the rest to be sent")


def lose_a_browser(
    server: RunningServer,
    attorney: Attorney,
    caller: Caller,
    folder: Path,
    loop: int,
    later: float = 0.0,
) -> Loss:
    """Press, talk, kill -9 the caller's browser, open it again, and judge the package.

    The kill comes *later* seconds after the sixth second was seen to be recorded.
    """
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    caller.wait_until_recorded(6)
    time.sleep(later)
    killed = caller.phone.kill()
    caller.page = caller.phone.start()
    caller.page.goto(server.links["caller"])
    wait_until_sent(caller.page)
    attorney.end()
    films = [
        save_package(attorney, folder / f"killed-{recording}.zip", recording)
        for kind, recording, _ in recordings_of(attorney)
        if kind == "film"
    ]
    package = max(films, key=lambda one: segments_in(one)[-1].time)
    pieces = segments_in(package)
    verdict = verify(package, server.links["policy"])
    open_ended = verify(package, server.links["policy"], "--open-ended")
    film = open_film(server, package, loop)
    return Loss(
        killed - (pieces[-1].time + pieces[-1].duration) / 1000,
        [str(one) for one in verdict.report["fails"]],
        verdict.status,
        open_ended.status,
        film,
        unstated_holes(film, package),
        len(films),
        [one.duration / 1000 for one in pieces[1:]],
    )
