"""Calls in two browsers, for `bench call` and `bench desk`: a call's first picture beside PeerJS, a
network that changes, a line that is gone for half a minute."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from browsers import wait_for
from call_peerjs import peerjs
from custody_peers import Missing
from desk_crowd import Console, consoles
from floors import Floors
from packetline import PacketLine, possible
from people import picture_number, wait_for_text
from poorline import Shape
from stage import Stage, stage
from watching import WATCH_FOR_PICTURE, moment

WAY = 0.1
"""Seconds that a message takes from one page to the other, more than it takes here anyway."""

SHARE = 0.9
"""Of what PeerJS takes from the accept to the first picture."""

AGAIN = 3.0
"""Seconds from a change of network to sound, median."""

OUTAGE = 30.0

IN_FLIGHT = 150.0
"""Milliseconds in which a packet may still arrive that left before."""

# Both clocks are this machine's: moments taken inside the pages can be subtracted.
WATCH_FOR_RING = """() => {
  window.rung = null;
  const look = () => {
    const button = [...document.querySelectorAll("button")].find(
      (one) => one.textContent.trim().startsWith("Answer"));
    if (button && window.rung === null) window.rung = performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}"""
PRESS = """(what) => {
  const at = performance.timeOrigin + performance.now();
  const named = (one) => one.textContent.includes(what);
  [...document.querySelectorAll("button")].find(named).click();
  return at;
}"""

# Sound is what was decoded of the other side's: its energy grows only by what came.
LISTEN = """
  window.sounds = [];
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      let before = 0;
      setInterval(async () => {
        if (this.connectionState === "closed") return;
        for (const stat of (await this.getStats()).values()) {
          if (stat.type !== "inbound-rtp" || stat.kind !== "audio") continue;
          const now = performance.timeOrigin + performance.now();
          if (stat.packetsReceived > before) window.sounds.push(now);
          before = stat.packetsReceived;
        }
      }, 50);
    }
  };
"""


@dataclass(frozen=True)
class Seen:
    """One press and its call, in milliseconds."""

    ring: float
    caller: float
    """From the accept to the caller's first picture."""
    attorney: float


def call_once(one: Stage, rest: float = 0.5) -> Seen:
    """Press, answer after *rest* seconds, see, end."""
    caller, attorney = one.caller, one.attorney
    caller.page.bring_to_front()
    attorney.page.bring_to_front()
    attorney.page.evaluate(WATCH_FOR_RING)
    pressed = caller.page.evaluate(PRESS, "Get a lawyer now")
    ring = moment(attorney.page, "rung", 10) - pressed
    time.sleep(rest)
    caller.page.evaluate(WATCH_FOR_PICTURE)
    answered = attorney.page.evaluate(PRESS, "Answer")
    attorney.page.evaluate(WATCH_FOR_PICTURE)
    seen = [moment(page, "seen", 20) - answered for page in (caller.page, attorney.page)]
    wait_for(lambda: picture_number(caller.page, "[data-testid=remote]") is not None, 10)
    caller.end()
    caller.wait_until_safe()
    caller.page.get_by_role("button", name="Back to the start").click()
    time.sleep(0.5)
    return Seen(ring, *seen)


def pictures(runs: int, floors: Floors) -> None:
    """Our accept and PeerJS's in turns: one machine, one camera, one browser for each person."""
    ours: list[Seen] = []
    theirs: list[tuple[float, float]] = []
    with (
        stage(shape=Shape(way=WAY / 2), both=True) as one,
        peerjs(one.folder / "peerjs", WAY / 2) as open_pages,
    ):
        contexts = one.attorney.phone.context, one.caller.phone.context
        for number in range(runs + 1):
            seen = call_once(one, 1.5)
            pages = open_pages(attorney=contexts[0], caller=contexts[1])
            other = pages.seen()
            pages.close()
            if number:  # The first of each warms up what both use.
                ours.append(seen)
                theirs.append(other)
    print(f"accept -> first picture, {WAY * 1000:.0f} ms of signalling one way:")
    for who, mine, its in (
        ("caller", [each.caller for each in ours], [each[0] for each in theirs]),
        ("attorney", [each.attorney for each in ours], [each[1] for each in theirs]),
    ):
        floors.row(f"  {who} sees, ours", mine, "ms", 0)
        floors.row(f"  {who} sees, PeerJS", its, "ms", 0)
        share = statistics.median(mine) / statistics.median(its)
        floors.row(f"  {who} sees, ours / PeerJS", [share], "", floor=SHARE)


def changes(runs: int, floors: Floors) -> None:
    """The phone's address changes in a call, again and again: when is there sound again?"""
    back: dict[str, list[float]] = {"caller": [], "attorney": []}
    with _call_on_a_line() as (one, line):
        for _ in range(runs):
            began = time.time() * 1000
            line.move()
            for who, page in (("caller", one.caller.page), ("attorney", one.attorney.page)):
                back[who].append((_sound_after(page, began) - began) / 1000)
            time.sleep(3)
    for who, values in back.items():
        floors.row(f"new address -> {who} hears, of {runs}", values, floor=AGAIN)


def outage(floors: Floors) -> None:
    """Nothing passes for half a minute; nobody touches anything; a colleague is on duty as well."""
    with _call_on_a_line() as (one, line), _colleague(one) as rung:
        line.cut = True
        time.sleep(OUTAGE)
        line.cut = False
        began = time.time() * 1000
        back = [
            (_sound_after(page, began, 60) - began) / 1000
            for page in (one.caller.page, one.attorney.page)
        ]
        wait_for_text(one.caller.page, f"{one.attorney.name} is with you", 30)
        wait_for(lambda: picture_number(one.attorney.page, "[data-testid=remote]") is not None, 30)
    # A colleague who is rung is a call that was given up.
    floors.row(f"no line for {OUTAGE:.0f} s: colleagues rung", [len(rung)], "", 0, worst=0)
    floors.row("  both hear again", back)


@contextmanager
def _call_on_a_line() -> Iterator[tuple[Stage, PacketLine]]:
    """A call that stands, the caller behind a line of packets, both pages listening."""
    with stage(shape=Shape(way=0.02), packets=True, script=LISTEN) as one:
        assert isinstance(one.line, PacketLine)
        page = one.attorney.page
        page.add_init_script(LISTEN)
        page.reload()
        page.get_by_role("button", name="Go off duty").wait_for()
        one.caller.press()
        page.get_by_role("button", name="Answer").wait_for(timeout=20_000)
        one.attorney.answer()
        wait_for_text(one.caller.page, f"{one.attorney.name} is with you", 20)
        for each in (one.caller.page, page):
            wait_for(lambda each=each: len(each.evaluate("() => sounds")) > 20, 20, "for sound")
        yield one, one.line


def _sound_after(page: Page, began: float, within: float = 30) -> float:
    """Return when sound came that was not on its way at *began* (ms since 1970)."""
    late = began + IN_FLIGHT
    find = "(late) => window.sounds.find((at) => at > late) ?? null"
    found = wait_for(lambda: page.evaluate(find, late), within, "for sound")
    assert isinstance(found, float | int)
    return float(found)


@contextmanager
def _colleague(one: Stage) -> Iterator[list[str]]:
    """Somebody else on duty from now on; yields the encounters for which they are rung."""
    rung: list[str] = []
    on, over = threading.Event(), threading.Event()

    def hears(_console: Console, message: dict[str, Any]) -> None:
        rung.extend(ring["encounter"] for ring in message.get("rings", ()))

    async def stay() -> None:
        (console,) = await consoles(one.server, 1, hears)
        on.set()
        await asyncio.to_thread(over.wait)
        await console.close()

    thread = threading.Thread(target=asyncio.run, args=(stay(),))
    thread.start()
    try:
        assert on.wait(30)
        yield rung
    finally:
        over.set()
        thread.join(10)


def calls(what: Sequence[str], runs: int, floors: Floors) -> None:
    """Measure the rows that are asked for, or say what they would need."""
    if "picture" in what:
        try:
            pictures(runs, floors)
        except Missing as missing:
            print(f"  beside PeerJS: {missing}")
    lines = {"network", "outage"} & {*what}
    if lines and not possible():
        print("  a changed network and an outage cannot be measured here: root and /dev/net/tun")
        return
    if "network" in lines:
        changes(runs, floors)
    if "outage" in lines:
        outage(floors)
