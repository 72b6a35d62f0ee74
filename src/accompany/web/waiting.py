"""Callers who are waited for, as consoles see them: whose they are, and whether they are missed."""

from collections import defaultdict
from dataclasses import dataclass, field

from accompany.dispatch.attendance import Attendance
from accompany.dispatch.ports import Standing
from accompany.evidence.text import write_time
from accompany.ids import CardSerial
from accompany.telling.teller import Standing as Waited
from accompany.web.desk_messages import CheckIn
from accompany.web.office import Office


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everybody who is waited for, sorted once for all consoles."""

    people: Attendance
    own: dict[CardSerial, list[CheckIn]] = field(default_factory=lambda: defaultdict(list))
    nobodys: list[tuple[Standing, CheckIn]] = field(default_factory=list)

    def seen_by(self, serial: CardSerial) -> list[CheckIn]:
        """Return the callers of this attorney, and those who are missed and have no attorney,
        where this one is on duty and may take the state."""
        others = [
            found
            for standing, found in self.nobodys
            if self.people.qualified(serial, standing.press)
        ]
        return [*self.own.get(serial, ()), *others]


def waiting(office: Office) -> Waiting:
    found = Waiting(office.desk.people)
    for one in office.teller.waited_for():
        standing = office.desk.standing(one.telling.encounter)
        check_in = _check_in(one, standing.press.state)
        if standing.last is not None:
            found.own[standing.last].append(check_in)
        elif one.course.stage == "missed":
            found.nobodys.append((standing, check_in))
    return found


def tell_missed(office: Office) -> bool:
    """Tell whoever has the case, else everyone on duty who may, of callers who are missed since
    the last time, on their own channels too; return whether there are any."""
    encounters = office.teller.tick()
    for encounter in encounters:
        standing, people = office.desk.standing(encounter), office.desk.people
        everyone = [one.serial for one in people if people.qualified(one.serial, standing.press)]
        for serial in everyone if standing.last is None else [standing.last]:
            office.reach.bells.missed(serial)
    return bool(encounters)


def _check_in(one: Waited, state: str) -> CheckIn:
    telling = one.telling
    return CheckIn(
        encounter=telling.encounter,
        state=state,
        stage=one.course.stage,
        due=write_time(telling.due or 0),
        contacts=telling.contacts,
        told=sum(word == "overdue" for word, _ in one.course.told),
        armed=one.armed,
    )
