"""Every console's desk: made anew where it may say something else, sent where it does.

What happens within a few milliseconds is shown at once, and showing never takes more than a third
of the time: where there is much to show, it is shown less often. Not here: what a desk says
(`desks`), whose may say something else (`dispatch.looks`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

import msgspec

from accompany.ids import CardSerial, EncounterId
from accompany.web.aheads import Aheads
from accompany.web.desk_messages import DeskMessage
from accompany.web.desks import Desks
from accompany.web.line import Line
from accompany.web.messages import Outgoing
from accompany.web.office import Office
from accompany.web.waiting import Waiting, waiting

APART = 0.005
"""Seconds between two showings at least; and twice as long as the last one took."""

SOON = 10
"""Milliseconds: what is due is done after whatever else came in meanwhile."""


class Showing:
    """The consoles that are open, and what each was shown last."""

    def __init__(self) -> None:
        self._lines: dict[CardSerial, set[Line]] = defaultdict(set)
        self._told: dict[CardSerial, DeskMessage] = {}
        self.aheads = Aheads()
        self.announced: dict[EncounterId, list[str]] = defaultdict(list)
        self.watches: list[Callable[[], None]] = []
        self._these: set[CardSerial] = set()
        self._everybody = False
        self._due: asyncio.TimerHandle | None = None
        self._closed = False
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waits: Waiting | None = None
        self.office: Office

    def __contains__(self, serial: CardSerial) -> bool:
        return serial in self._lines

    def come(self, serial: CardSerial, line: Line) -> None:
        self._lines[serial].add(line)
        line.send(self._desks().of(serial))

    def leave(self, serial: CardSerial, line: Line) -> bool:
        """Return whether that was the last console of somebody."""
        self._lines[serial].discard(line)
        if self._lines[serial]:
            return False
        del self._lines[serial]
        self._told.pop(serial, None)
        return True

    def tell(self, serial: CardSerial, message: Outgoing) -> None:
        for line in self._lines.get(serial, ()):
            line.send(message)

    def again(self, serial: CardSerial) -> None:
        """Show somebody their desk soon, also where it says nothing new."""
        self._told.pop(serial, None)
        self.soon(serial)

    def soon(self, *serials: CardSerial) -> None:
        """Show these their desks, and whoever else may have something new to show."""
        self._these.update(serials)
        if self._due is None and not self._closed:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(loop.time(), self._next), self._now)

    def everybody(self) -> None:
        """Show everybody's desk: of callers who are waited for something may have changed."""
        self._everybody, self._waits = True, None
        self.soon()

    def second(self) -> None:
        """Once a second: what the clock alone changed."""
        self._waits = None
        if self._timer is None:
            self.wait()
        self.soon()

    def _now(self) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        self._due = None
        for watch in self.watches:
            watch()
        looks = self.office.desk.looks.take()
        whole = self._everybody or looks is None
        these = self._lines.keys() if whole or looks is None else self._these | looks
        self._everybody, self._these = False, set()
        desks = self._desks()
        for serial in these & self._lines.keys():
            self._show(serial, desks.of(serial))
        self.wait()
        self._next = clock() + max(APART, 2 * (clock() - began))

    def _desks(self) -> Desks:
        if self._waits is None:
            self._waits = waiting(self.office)
        return Desks(self.office, self.announced, self.aheads, self._waits)

    def _show(self, serial: CardSerial, message: DeskMessage) -> None:
        told = self._told.get(serial)
        if told is not None and msgspec.structs.replace(told, time=message.time) == message:
            return
        self._told[serial] = message
        self.tell(serial, message)

    # What is due by the clock.

    def wait(self) -> None:
        """Wake when the desk has something to do by the clock."""
        self._forget()
        due = self.office.desk.due()
        if due is not None and not self._closed:
            wait = max(SOON, due - self.office.clock.now()) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait, self.on_time)

    def on_time(self) -> None:
        self.office.desk.tick(self.office.clock.now())
        self.soon()

    def close(self) -> None:
        """Show nothing more: what a desk is made from is closed after this."""
        self._closed = True
        self._forget()
        if self._due is not None:
            self._due.cancel()

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
