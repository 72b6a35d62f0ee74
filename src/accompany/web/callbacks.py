"""Callbacks with a number that was left: what the caller is told, and when the number is destroyed.

What follows from the events is asked anew each time; so a number outlives no crash. Not here: the
routes (`numbers`), tickets and their owners (`dispatch`).
"""

import asyncio
import logging
from typing import Any

from accompany.dispatch.numbers import kept_until, may_be_left
from accompany.dispatch.ports import Standing
from accompany.errors import Unknown
from accompany.evidence.text import write_time
from accompany.ids import CardSerial, EncounterId
from accompany.web.office import Office

EVERY = 30.0
"""Seconds between two looks for what has to be destroyed."""

logger = logging.getLogger("accompany")


def callback_told(office: Office, standing: Standing) -> dict[str, Any] | None:
    """Return what a caller is told of a callback; None where no number may be left."""
    ringing, now = standing.ringing, office.clock.now()
    if not may_be_left(ringing, now):
        return None
    until = kept_until(ringing)
    return {
        "deadline": write_time(ringing.ticket.deadline) if ringing.ticket else None,
        "until": None if until is None else write_time(until),
        "owner": office.card(owner_of(standing)),
        "left": standing.encounter in office.numbers.left(),
    }


def destroy_if_done(office: Office, standing: Standing) -> None:
    """Destroy the number of an encounter for which nobody will be called back any more."""
    if standing.encounter not in office.numbers.left():
        return
    if not may_be_left(standing.ringing, office.clock.now()):
        office.numbers.forget(standing.encounter)


def owe_who_left_one(office: Office, encounter: EncounterId, now: int) -> None:
    """Somebody who left a number lets go before anybody answered: they are owed the callback that
    the last wave would have brought them."""
    if encounter in office.numbers.left():
        office.desk.owe(encounter, now)


async def tend_numbers(office: Office) -> None:
    """Look twice a minute; what was due while the server was away is destroyed then."""
    while True:
        try:
            tidy_numbers(office)
        except Exception:
            logger.exception("numbers that were left are not destroyed; it is tried again")
        await asyncio.sleep(EVERY)


def tidy_numbers(office: Office) -> None:
    for encounter in office.numbers.left():
        try:
            destroy_if_done(office, office.desk.standing(encounter))
        except Unknown:
            office.numbers.forget(encounter)


def owner_of(standing: Standing) -> CardSerial | None:
    ticket = standing.ringing.ticket
    return (ticket.owner or None) if ticket else None
