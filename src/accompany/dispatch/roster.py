"""Who can take a press, and who should rather: hard filters first, then the best fit. Pure.

Not here: shifts (`shifts`), who is busy (`duty`), ringing itself.
"""

from dataclasses import dataclass
from typing import Literal

from accompany.dispatch.duty import Record
from accompany.dispatch.rules import Rules
from accompany.ids import CardSerial

SUPPORT = "support"
"""The pool of those who stay with a caller and give no legal advice."""

Role = Literal["attorney", "interpreter", "responder", "coordinator"]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody whose console is there: name and states as the card says."""

    serial: CardSerial
    name: str
    states: frozenset[str]
    languages: tuple[str, ...]
    since: int
    areas: frozenset[str] = frozenset()
    role: Role = "attorney"
    on_call: bool = False
    """On duty without a page: their own channels bring them."""
    partner: str = ""
    """The partner organization whose they are; none: this one's."""


@dataclass(frozen=True, slots=True)
class Press:
    """What is asked for: a state of two capitals, a language; pressed at milliseconds UTC."""

    state: str
    language: str
    pressed: int
    guest: bool = True
    """Whether it came by an organization's code; a phone that was enrolled shows a token."""


def pools(person: OnDuty, rules: Rules) -> list[str]:
    """Return the names of the pools that this person can be taken from."""
    if person.role == "interpreter":
        return [f"interpreter {language}" for language in person.languages]
    if person.role == "responder":
        return [SUPPORT]
    if person.role != "attorney" or (person.partner and rules.partners == "off"):
        return []
    anywhere = rules.anywhere and bool(person.states) and practises(person, rules.matter)
    found = [*sorted(person.states), *(["any state"] if anywhere else [])]
    return [f"partner {one}" for one in found] if person.partner else found


def practises(person: OnDuty, matter: str) -> bool:
    """Whether *matter* is theirs; whoever states no areas takes what the organization takes."""
    return not matter or not person.areas or matter in person.areas


def pools_for(press: Press, partners: bool = True) -> tuple[str, ...]:
    """Return the pools of those who may advise there; *partners*: those of others as well."""
    own = (press.state, "any state")
    return (*own, *(f"partner {one}" for one in own)) if partners else own


def qualified(person: OnDuty, press: Press, rules: Rules) -> bool:
    """Whether this person may advise there: a license for the state, or for any where that does."""
    return any(pool in pools_for(press) for pool in pools(person, rules))


Fit = tuple[bool, bool, bool, bool, bool, int, int, int, str]


def fit(person: OnDuty, press: Press, record: Record, rings: int, matter: str) -> Fit:
    """Return how well somebody fits; the smallest is rung first.

    This organization's own; a license for the state itself, the caller's language, the practice
    area; whoever has a page open; then whoever rings for the fewest others now, has missed less,
    and has waited longest.
    """
    return (
        bool(person.partner),
        person.role == "attorney" and press.state not in person.states,
        press.language not in person.languages,
        not practises(person, matter),
        person.on_call,
        rings,
        record.misses,
        max(record.idle, person.since),
        person.serial,
    )
