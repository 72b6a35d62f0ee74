"""Who speaks to many that wait: where their console sits, and what it and the phones are told.

Sound goes from browser to browser, one way: a phone sends none. Not here: who may speak to whom
(`dispatch.briefing`), what signals mean (docs/live.md, "A briefing").
"""

from accompany.accounts.people import Person
from accompany.dispatch.ports import Standing
from accompany.ids import CardSerial
from accompany.web.desk_messages import Listener
from accompany.web.line import Line
from accompany.web.messages import BriefMessage, Seated
from accompany.web.office import Office


class Speakers:
    """By which line each of them speaks."""

    def __init__(self) -> None:
        self._lines: dict[CardSerial, Line] = {}

    def come(self, serial: CardSerial, line: Line) -> None:
        """A console of somebody who speaks is there, or there again."""
        self._lines[serial] = line

    def leave(self, serial: CardSerial, line: Line) -> None:
        if self._lines.get(serial) is line:
            del self._lines[serial]

    def settle(self, office: Office, standing: Standing) -> None:
        """Seat whoever speaks to this caller now, or free the seat."""
        encounter, speaker = standing.encounter, standing.speaker
        if speaker is None:
            office.rooms.vacate(encounter, "speaker")
        elif not office.rooms.taken(encounter, "speaker") and speaker in self._lines:
            office.rooms.sit(encounter, "speaker", self._lines[speaker].send)

    def said(
        self, office: Office, person: Person, line: Line, message: BriefMessage, now: int
    ) -> None:
        if message.on:
            self.come(person.serial, line)
            office.desk.brief(person.serial, now)
        else:
            office.desk.hush(person.serial, now)


def speaker_of(office: Office, standing: Standing) -> Seated | None:
    """Return who speaks to the caller, as the phone sees them."""
    if standing.speaker is None:
        return None
    here = office.rooms.taken(standing.encounter, "speaker")
    return Seated(office.card(standing.speaker), here)


def listeners_of(office: Office, serial: CardSerial) -> list[Listener]:
    """Return to whom somebody speaks, as their console sees them."""
    return [
        Listener(one, office.rooms.taken(one, "caller"))
        for one in office.desk.people.listeners(serial)
    ]
