"""How somebody stops belonging: everything of theirs ends, in one act that can be done again.

What they opened before cannot be unseen; a phone that already holds their card may believe it until
it expires. The page says both. Not here: who may ask for it (`members`).
"""

from accompany.accounts.people import Person
from accompany.accounts.rights import ON_CARDS
from accompany.dispatch.papers import NAMES
from accompany.dispatch.roster_csv import read_roster, write_roster
from accompany.dispatch.shifts import Roster
from accompany.web.office import Office


async def offboard(office: Office, person: Person) -> None:
    """End what somebody removed could come in by, be rung by, be planned by; revoke their card,
    as lost where *person* says so.

    The card comes last, so that whatever a crash interrupts is done again by `finish_offboarding`.
    """
    office.recoveries.kept.forget(person.id)
    office.holding.forget(person.id)
    office.applications.forget(person.id)
    for channel in office.reach.channels.of(person.serial):
        office.reach.channels.remove(person.serial, channel.id)
    office.papers.remove(NAMES, person.serial)
    office.desk.go_off_duty(person.serial)
    roster = roster_of(office)
    rest = roster.without(members_of(office, roster, person))
    if rest != roster:
        office.books.rosters.add(write_roster(rest), office.clock.now())
    await office.revocations.revoke(person.serial, person.lost or None)


async def finish_offboarding(office: Office) -> None:
    """Offboard whoever was removed past this server: on the command line, or before a crash."""
    for person in office.people.people():
        if person.removed and person.role in ON_CARDS and office.revocations.owed(person.serial):
            await offboard(office, person)


def roster_of(office: Office) -> Roster:
    text = office.books.rosters.newest()
    return Roster() if text is None else read_roster(text)


def members_of(office: Office, roster: Roster, person: Person) -> frozenset[str]:
    """Return who of the roster is *person*: by their card; by their name, unless somebody else of
    that name belongs or is invited, who has these shifts then."""
    name, now = person.name, office.clock.now()
    others = [one.name for one in office.people.people() if not one.removed and one != person]
    invited = [one.name for _, one in office.people.invitations(now)]
    alone = person.role in ON_CARDS and name not in others and name not in invited
    return frozenset(
        one.person
        for one in roster.members
        if (one.card == person.serial if one.card else alone and one.name == name)
    )
