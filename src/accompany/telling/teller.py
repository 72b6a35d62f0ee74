"""Telling as it runs: contacts are told, and when the time is over and nobody is safe, told that.

What is kept names nobody: an encounter, a time, numbers of contacts and what became of each. The
sealed contacts wait in memory (and on the shelf, where there is one) and are opened for the moment
of a message. After a restart without a shelf they are gone: the phone hands them in again when it
comes back; the time goes on, and the attorney is told in any case.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from accompany.errors import Forbidden, Malformed, Unknown
from accompany.evidence.age import HybridIdentity
from accompany.ids import EncounterId
from accompany.telling.allowance import Allowance
from accompany.telling.contacts import CONTACTS, Word, open_contact
from accompany.telling.course import Course, Event, Failed, Missed, Safe, Telling, Told, after
from accompany.telling.course import replay as replayed
from accompany.telling.ports import Kept, Now, Post, Shelf

MINUTES = (0, 15, 30, 60, 180)
"""After how long a caller is missed; 0: never."""

PAUSES = (2_000, 10_000, 60_000, 300_000)
"""Milliseconds before a message is tried again; after the last it is given up."""

FORGOTTEN = 24 * 3_600_000
"""Milliseconds after which nothing is left of a telling that came to its end."""

logger = logging.getLogger("accompany")


@dataclass(frozen=True, slots=True)
class Standing:
    """A telling as it stands. *armed*: whether its contacts could be told now."""

    telling: Telling
    course: Course
    armed: bool


@dataclass(slots=True)
class _Open:
    telling: Telling
    events: list[Event]
    course: Course


class Teller:
    """Everything that is being told, and everybody who is waited for."""

    def __init__(
        self,
        kept: Kept,
        post: Post,
        shelf: Shelf,
        identity: HybridIdentity,
        allowance: Allowance,
        now: Now,
    ) -> None:
        self._kept = kept
        self._post = post
        self._shelf = shelf
        self._identity = identity
        self._allowance = allowance
        self._now = now
        self._open: dict[bytes, _Open] = {}
        self._missed: list[EncounterId] = []
        self._sealed: dict[bytes, tuple[bytes, ...]] = {}
        self._tries: dict[tuple[bytes, Word, int], int] = {}
        self._rest: dict[tuple[bytes, Word, int], int] = {}
        self._sending: dict[tuple[bytes, Word, int], asyncio.Task[None]] = {}
        for telling in kept.all():
            events = list(kept.events(telling.digest))
            self._open[telling.digest] = _Open(telling, events, replayed(events))
        for digest, sealed in shelf.take_all().items():
            if digest in self._open:
                self._sealed[digest] = sealed
            else:
                shelf.drop(digest)

    @property
    def channels(self) -> tuple[str, ...]:
        return self._post.channels

    # What a phone asks for.

    def begin(
        self, digest: bytes, encounter: EncounterId, sealed: Sequence[bytes], minutes: int
    ) -> Standing:
        """Begin telling, or hand the contacts in again after a restart: harmless to repeat.

        Raise Malformed where one of them cannot be told, Forbidden where the encounter has
        another telling.
        """
        if minutes not in MINUTES:
            raise Malformed("telling", f"expected minutes of {', '.join(map(str, MINUTES))}")
        self._check(sealed)
        now = self._now()
        held = self._open.get(digest)
        if held is None:
            due = now + minutes * 60_000 if minutes else None
            telling = Telling(digest, encounter, now, due, len(sealed))
            if not self._kept.begin(telling):
                raise Forbidden("this encounter has a telling of its own")
            held = self._open[digest] = _Open(telling, [], Course())
        elif held.telling.encounter != encounter:
            raise Forbidden("this secret belongs to another encounter")
        self._arm(held, sealed)
        self._see_to_all()
        return self.standing(digest)

    def hand_in(self, digest: bytes, sealed: Sequence[bytes]) -> Standing:
        """Take the contacts once more, after a restart that forgot them."""
        held = self._held(digest)
        self._check(sealed)
        self._arm(held, sealed)
        self._see_to_all()
        return self.standing(digest)

    def safe(self, digest: bytes, sealed: Sequence[bytes]) -> Standing:
        """The caller is safe. *sealed* are the contacts, should they not wait here any more."""
        held = self._held(digest)
        if sealed:
            self._check(sealed)
        self._append(held, Safe(self._now()))
        self._arm(held, sealed)
        self._see_to_all()
        return self.standing(digest)

    def standing(self, digest: bytes) -> Standing:
        held = self._held(digest)
        armed = held.telling.contacts == 0 or digest in self._sealed
        return Standing(held.telling, held.course, armed)

    async def test(self, sealed: bytes) -> bool:
        """Send one contact its test, once; return whether the channel took it."""
        self._check([sealed])
        contact = open_contact(sealed, self._identity)
        if not self._allowance.send(contact.address, self._now()):
            return False
        return await self._post.send(contact.channel, contact.address, contact.test)

    def ask(self, neighbourhood: str) -> bool:
        """Whether somebody there may ask for one more telling."""
        return self._allowance.ask(neighbourhood, self._now())

    # What others look at.

    def waited_for(self) -> list[Standing]:
        """Return everybody with a time set: waiting, missed, or safe since a short while."""
        found = [self.standing(one.telling.digest) for one in self._open.values()]
        return [one for one in found if one.telling.due is not None]

    def waits_for(self, encounter: EncounterId) -> bool:
        """Whether the caller of *encounter* is one of them."""
        tellings = (one.telling for one in self._open.values())
        return any(one.encounter == encounter and one.due is not None for one in tellings)

    def of(self, encounter: EncounterId) -> Standing | None:
        telling = self._kept.of(encounter)
        return None if telling is None else self.standing(telling.digest)

    # What runs by itself.

    def tick(self) -> list[EncounterId]:
        """Do what the clock asks for; return whose callers are missed since the last time."""
        self._see_to_all()
        missed, self._missed = self._missed, []
        return missed

    def _see_to_all(self) -> None:
        now = self._now()
        for digest, held in list(self._open.items()):
            if held.course.misses(held.telling, now):
                self._append(held, Missed(now))
                self._missed.append(held.telling.encounter)
            self._send_wanted(held, now)
            self._settle(held, now)
            if now - _last(held) > FORGOTTEN:
                self._drop(digest)
                del self._open[digest]
                self._kept.forget(digest)

    async def close(self) -> None:
        """Stop sending; what was not sent is tried again after the next start, where it can be."""
        tasks = list(self._sending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _send_wanted(self, held: _Open, now: int) -> None:
        sealed = self._sealed.get(held.telling.digest)
        if sealed is None:
            return
        for word, contact in sorted(held.course.wanted(held.telling, now)):
            message = (held.telling.digest, word, contact)
            if message in self._sending or self._rest.get(message, 0) > now:
                continue
            task = asyncio.get_running_loop().create_task(
                self._send(held, word, contact, sealed[contact])
            )
            self._sending[message] = task

    async def _send(self, held: _Open, word: Word, number: int, sealed: bytes) -> None:
        message = (held.telling.digest, word, number)
        try:
            taken = await self._deliver(sealed, word)
            now = self._now()
            if taken:
                self._append(held, Told(word, number, now))
                return
            tried = self._tries.get(message, 0)
            if tried < len(PAUSES):
                self._tries[message] = tried + 1
                self._rest[message] = now + PAUSES[tried]
            else:
                self._append(held, Failed(word, number, now))
        finally:
            self._sending.pop(message, None)
            self._settle(held, self._now())

    async def _deliver(self, sealed: bytes, word: Word) -> bool:
        contact = open_contact(sealed, self._identity)
        if not self._allowance.send(contact.address, self._now()):
            return False
        return await self._post.send(contact.channel, contact.address, contact.words(word))

    # What is held.

    def _check(self, sealed: Sequence[bytes]) -> None:
        if len(sealed) > CONTACTS:
            raise Malformed("telling", f"expected at most {CONTACTS} contacts, found {len(sealed)}")
        for one in sealed:
            channel = open_contact(one, self._identity).channel
            if channel not in self._post.channels:
                offered = ", ".join(self._post.channels) or "none"
                raise Malformed("contact", f"expected a channel offered here: {offered}")

    def _held(self, digest: bytes) -> _Open:
        held = self._open.get(digest)
        if held is None:
            raise Unknown("telling")
        return held

    def _arm(self, held: _Open, sealed: Sequence[bytes]) -> None:
        digest, wanted = held.telling.digest, held.telling.contacts
        if not wanted or len(sealed) != wanted or digest in self._sealed:
            return
        if held.course.done(held.telling, self._now()):
            return
        self._sealed[digest] = tuple(sealed)
        self._shelf.put(digest, sealed)

    def _settle(self, held: _Open, now: int) -> None:
        """Forget the contacts as soon as nobody has to be told anything."""
        digest = held.telling.digest
        under_way = any(one[0] == digest for one in self._sending)
        if not under_way and held.course.done(held.telling, now):
            self._drop(digest)

    def _drop(self, digest: bytes) -> None:
        if self._sealed.pop(digest, None) is not None:
            self._shelf.drop(digest)
        for message in [one for one in self._tries if one[0] == digest]:
            del self._tries[message]
            self._rest.pop(message, None)

    def _append(self, held: _Open, event: Event) -> None:
        if after(held.course, event) == held.course:
            return
        if not self._kept.append(held.telling.digest, len(held.events), event):
            raise Forbidden("somebody else writes to this telling")
        held.events.append(event)
        held.course = after(held.course, event)


def _last(held: _Open) -> int:
    """Return when something last happened, or will."""
    times = [event.time for event in held.events]
    return max(held.telling.begun, held.telling.due or 0, *times)
