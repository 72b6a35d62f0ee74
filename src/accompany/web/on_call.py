"""Who is on call by the roster: on duty without an open page, rung on channels of their own.

Looked at once a second. What brings somebody is the roster (mode `on call`), a card that is valid,
and a channel; "go off duty now" lasts to the end of that shift, over a restart as well. Whoever
opens a page is at the console, until it closes. Not here: how channels ring (`adapters.bells`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from accompany.accounts.people import Person
from accompany.accounts.rights import ON_CARDS
from accompany.dispatch.shifts import Member
from accompany.errors import AccompanyError
from accompany.ids import CardSerial
from accompany.web.admitting import on_duty
from accompany.web.office import Office


class OnCall:
    def __init__(self, has_console: Callable[[CardSerial], bool]) -> None:
        self._has_console = has_console
        self._brought: set[CardSerial] = set()

    def __contains__(self, serial: CardSerial) -> bool:
        """Whether somebody stays on duty when their last page closes."""
        return serial in self._brought

    def tick(self, office: Office, now: int) -> None:
        """Bring whoever is on call, and let go whose shift is over."""
        people, channels = office.desk.people, office.reach.channels
        called = people.called(now)
        owners = channels.owners() if called else {}
        brought: set[CardSerial] = set()
        for person, member in _known(office, called):
            serial = person.serial
            if serial not in owners or channels.resting(serial) > now:
                continue
            brought.add(serial)
            here = people.person(serial)
            if here is None or not (here.on_call or self._has_console(serial)):
                self._bring(office, person, member, now)
        for serial in self._brought - brought:
            if not self._has_console(serial) and people.record(serial).call is None:
                office.desk.go_off_duty(serial)
        office.desk.looks.note(*(self._brought ^ brought))
        self._brought = brought

    def rest(self, office: Office, serial: CardSerial, now: int) -> None:
        """Somebody goes off duty: to the end of the shift that they are on call for."""
        until = office.desk.people.on_call_until(serial, now)
        self._brought.discard(serial)
        if until is not None:
            office.reach.channels.rest(serial, until)

    def rested(self, office: Office, serial: CardSerial) -> None:
        office.reach.channels.rest(serial, 0)

    def _bring(self, office: Office, person: Person, member: Member, now: int) -> None:
        try:
            found = on_duty(office, person, list(member.languages), now)
        except AccompanyError:
            # Without a card that is valid nobody is rung; the desk sees that they are not there.
            return
        office.desk.go_on_duty(replace(found, on_call=True))


def _known(office: Office, called: Sequence[tuple[Member, int]]) -> Iterator[tuple[Person, Member]]:
    """Yield who of the roster belongs here: by their card, else by a name that only they have."""
    names: dict[str, list[Person]] = {}
    if any(not member.card for member, _ in called):
        for one in office.people.people():
            if one.role in ON_CARDS and not one.removed:
                names.setdefault(one.name, []).append(one)
    for member, _ in called:
        named = [office.people.person(member.card)] if member.card else names.get(member.name, [])
        found = named[0] if len(named) == 1 else None
        if found is not None and not found.removed and found.role in ON_CARDS:
            yield found, member
