"""Killing a caller's browser in the middle, and measuring what of the film is missing."""

import time
from dataclasses import dataclass
from pathlib import Path

from browsers import wait_for
from evidencefiles import open_film, segments_in, unstated_holes, verify
from films import Film
from people import Attorney, Caller, save_package, wait_for_text
from serving import RunningServer


@dataclass(frozen=True)
class Loss:
    """*missing*: seconds of film between its last frame's end and the kill."""

    missing: float
    fails: list[str]
    status: int
    status_open_ended: int
    film: Film
    unstated: list[object]


def wait_until_settled(attorney: Attorney) -> None:
    """Wait until nothing more of the recording arrives: for two seconds the case stays the same.

    What waited in the phone's queue may have been nothing at all, and then the page says nothing.
    """
    seen: list[tuple[float, str]] = []

    def settled() -> bool:
        now = attorney.page.evaluate("async () => (await fetch('/api/cases')).text()")
        if not seen or seen[-1][1] != now:
            seen.append((time.monotonic(), now))
        return time.monotonic() - seen[-1][0] > 2

    wait_for(settled, 30, "for the rest to be sent")


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
    wait_until_settled(attorney)
    attorney.end()
    package = save_package(attorney, folder / "killed.zip")
    last = segments_in(package)[-1]
    verdict = verify(package, server.links["policy"])
    open_ended = verify(package, server.links["policy"], "--open-ended")
    film = open_film(server, package, loop)
    return Loss(
        killed - (last.time + last.duration) / 1000,
        [str(one) for one in verdict.report["fails"]],
        verdict.status,
        open_ended.status,
        film,
        unstated_holes(film, package),
    )
