"""What follows for a press from each thing that happens to it: events in, a new state out. Pure.

The same event twice, or one that comes too late, changes nothing: any night on duty can be
replayed. Not here: the state and what it asks for (`ringing`), what is due (`following`).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from accompany.dispatch.events import (
    Aftermath,
    Answered,
    Arrived,
    Beside,
    Briefed,
    Called,
    CalledBack,
    Concluded,
    Conflicted,
    Declined,
    Dropped,
    Ended,
    Entrusted,
    Event,
    Extended,
    Handed,
    Handing,
    Heard,
    Hushed,
    Invited,
    Joined,
    Missed,
    OverTo,
    Parted,
    Promised,
    Ready,
    Remained,
    Reopened,
    Resumed,
    Returned,
    Rung,
    Sealed,
    Sought,
    Supporting,
    Withdrawn,
)
from accompany.dispatch.ringing import Hand, Ringing
from accompany.ids import CardSerial

RETURNS = 100
"""A phone that comes and goes without end is not written down without end."""


def after(ringing: Ringing, event: Event) -> Ringing:
    """Return what follows from *event*; once it is over, only what comes after a call does."""
    match event:
        case CalledBack():
            return replace(ringing, called_back=event) if ringing.ticket else ringing
        case Reopened():
            done = ringing.promised is not None and ringing.called_back is not None
            return replace(ringing, called_back=None) if done else ringing
        case Promised():
            # A ticket changes hands, but is not made anew once it is over.
            allowed = ringing.open if ringing.ticket is None else True
            return replace(ringing, promised=event) if allowed else ringing
        case Extended() | Ready():
            called = ringing.was_called and event.time >= (
                ringing.ended.time if ringing.ended else 0
            )
            return _noted(ringing, event) if called or event.attorney in ringing.before else ringing
        case Handing() | Beside() | Arrived() | Remained() | Handed():
            return _handing(ringing, event)
        case Sealed(by):
            return replace(ringing, owing=ringing.owing - {by})
        case Entrusted(by, to, time):
            return _entrusted(ringing, by, to, time)
        case Concluded():
            known = ringing.concluded
            same = known is not None and replace(known, time=event.time) == event
            return replace(ringing, concluded=event) if ringing.was_called and not same else ringing
        case Resumed(attorney):
            return _noted(ringing, event) if attorney in ringing.missed else ringing
        case _:
            return ringing if ringing.over else _meanwhile(ringing, event)


def _meanwhile(ringing: Ringing, event: Event) -> Ringing:
    match event:
        case Rung(people, time):
            fresh = {one: time for one in people if one not in ringing.rung}
            if not ringing.open or not fresh:
                return ringing
            return replace(ringing, rung={**ringing.rung, **fresh})
        case Called(people, time):
            fresh = {one: time for one in people if one not in ringing.called}
            if ringing.joined or not fresh:
                return ringing
            return replace(ringing, called={**ringing.called, **fresh})
        case Sought(people, time):
            fresh = {one: time for one in people if one not in ringing.sought}
            if not ringing.open or ringing.third or not fresh:
                return ringing
            return replace(ringing, sought={**ringing.sought, **fresh})
        case Answered(attorney):
            # The first one appended wins; a late answer still counts: someone waits for a voice.
            if ringing.answered or attorney in ringing.conflicted:
                return ringing
            return replace(ringing, answered=event, last=event, promised=None)
        case Joined():
            # Who supports leaves the seat first (`runner`).
            if ringing.third:
                return ringing
            return replace(ringing, joined=event, invited=None)
        case Supporting():
            # Beside an attorney nobody is needed for that; whoever was there stays.
            if ringing.third or not ringing.open:
                return ringing
            return replace(ringing, supporting=event)
        case Invited():
            if ringing.answered is None or ringing.joined or ringing.invited:
                return ringing
            # Asked for again, whoever said no before is asked again too.
            return replace(
                ringing, invited=event, called={}, declined=ringing.declined - {*ringing.called}
            )
        case Parted(who) if ringing.supporting and ringing.supporting.responder == who:
            # Who left is not rung again for the same press; others are, if still nobody answered.
            return replace(ringing, supporting=None, declined=ringing.declined | {who})
        case Parted(interpreter):
            if ringing.joined is None or ringing.joined.interpreter != interpreter:
                return ringing
            return replace(ringing, joined=None, invited=None, parted=True, called={})
        case Briefed(attorney):
            if not ringing.open or ringing.briefed or attorney in ringing.conflicted:
                return ringing
            return replace(ringing, briefed=event)
        case Hushed(attorney):
            return replace(ringing, briefed=None) if ringing.speaker == attorney else ringing
        case Declined(attorney, time):
            if (not ringing.open and attorney not in ringing.called) or attorney in (
                ringing.declined
            ):
                return ringing
            # The one who alone was rung says no: nobody else has to wait for that.
            held = ringing.held_for(time) == attorney
            began = time if held else ringing.began
            return replace(ringing, declined=ringing.declined | {attorney}, began=began)
        case Missed(attorney):
            if not ringing.open or attorney not in ringing.rung:
                return ringing
            return replace(ringing, missed=ringing.missed | {attorney})
        case Dropped(until):
            if ringing.answered is None:
                return ringing
            return _again(ringing, until)
        case Conflicted(attorney, time):
            if attorney in ringing.conflicted:
                return ringing
            conflicted, declined = ringing.conflicted | {attorney}, ringing.declined | {attorney}
            ringing = replace(ringing, conflicted=conflicted, declined=declined)
            if ringing.speaker == attorney:
                ringing = replace(ringing, briefed=None)
            if ringing.hand is not None and ringing.hand.to == attorney:
                ringing = replace(ringing, hand=None)
            mine = ringing.last is not None and ringing.last.attorney == attorney
            # Nobody waits for whoever may not come back: everybody else is rung at once.
            return replace(_again(ringing, time), last=None) if mine else ringing
        case Heard():
            known = ringing.heard is not None or ringing.answered is None
            return ringing if known else replace(ringing, heard=event)
        case Returned():
            return replace(ringing, returns=min(ringing.returns + 1, RETURNS))
        case Withdrawn():
            return replace(ringing, ended=event) if ringing.answered is None else ringing
        case Ended():
            return replace(ringing, ended=event) if ringing.answered else ringing
        case (
            Promised() | CalledBack() | Reopened() | Extended() | Ready() | Resumed() | Concluded()
            | Handing() | Beside() | Arrived() | Remained() | Handed()
            | Sealed() | Entrusted()
        ):  # fmt: skip
            return after(ringing, event)
        case _:
            assert_never(event)


def _again(ringing: Ringing, began: int) -> Ringing:
    """Return a press that rings again as if it were new; whoever may not help stays left out."""
    return replace(
        ringing, began=began, answered=None, rung={}, declined=ringing.conflicted,
        missed=frozenset(), joined=None, called={}, invited=None, parted=False, hand=None,
        sought={}, supporting=None, briefed=None,
    )  # fmt: skip


def _handing(ringing: Ringing, event: OverTo) -> Ringing:
    """Return what follows for a hand-over; during a call and after it."""
    hand, last = ringing.hand, ringing.last
    if isinstance(event, Handing):
        # While a dropped call rings, nobody has it who could hand it over.
        holds = last is not None and last.attorney == event.by and not ringing.open
        refused = event.to in ringing.conflicted or event.to == event.by
        if hand is not None or refused or not holds:
            return ringing
        return replace(ringing, hand=Hand(event.by, event.to, event.time))
    if hand is None or hand.to != event.to:
        return ringing
    match event:
        case Beside(_, _, calling):
            calls = calling and not ringing.over
            return replace(ringing, hand=replace(hand, accepted=True, calling=calls))
        case Arrived():
            return replace(ringing, hand=replace(hand, arrived=True)) if hand.calling else ringing
        case Remained():
            return replace(ringing, hand=None)
        case Handed(by, to, time, sealed):
            complete = hand.accepted and (ringing.over or hand.arrived)
            if last is None or last.attorney != by or not complete:
                return ringing
            theirs = Answered(to, time, last.way)
            before = (ringing.before | {by}) - {to}
            owing = (ringing.owing if sealed else ringing.owing | {by}) - {to}
            return replace(
                ringing, answered=theirs, last=theirs, hand=None, before=before, owing=owing
            )
        case _:
            assert_never(event)


def _entrusted(ringing: Ringing, by: CardSerial, to: CardSerial, time: int) -> Ringing:
    """Only once it is over: before, a line that is gone has everybody rung again."""
    last = ringing.last
    if not ringing.over or last is None or last.attorney != by or to in ringing.conflicted:
        return ringing
    theirs = replace(last, attorney=to, time=time)
    before = (ringing.before | {by}) - {to}
    return replace(
        ringing, answered=theirs, last=theirs, hand=None, before=before, owing=frozenset()
    )


def _noted(ringing: Ringing, event: Aftermath) -> Ringing:
    if event in ringing.aftermath:
        return ringing
    return replace(ringing, aftermath=(*ringing.aftermath, event))


def replay(pressed: int, events: Iterable[Event]) -> Ringing:
    ringing = Ringing(pressed)
    for event in events:
        ringing = after(ringing, event)
    return ringing
