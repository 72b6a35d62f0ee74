"""Bells beyond the open console: each channel of a person at once, none waiting for another.

A `dispatch.ports.Bells`. Nothing sent says who called, from where or about what. A channel that
fails is marked, so that its owner sees it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from accompany.adapters.apprise import ApprisePost, hush, instance_of, load_channels
from accompany.adapters.own_channels import SqliteChannels
from accompany.adapters.push import Push
from accompany.adapters.sqlite import Database
from accompany.config import Settings
from accompany.custody.ports import Clock
from accompany.dispatch.channels import Allowed, Channel, Reach, Word
from accompany.ids import CardSerial, EncounterId

TITLE = "Accompany"
TEXTS: dict[Word, str] = {
    "ring": "Somebody waits for an answer. Open your console.",
    "missed": "A caller did not say to be safe in time. Open your console.",
    "alarm": "Nobody has answered a call. Open the desk.",
    "surge": "Many calls at once: whoever can, please go on duty.",
    "test": "This is a test. It works.",
}


class ChannelBells:
    """Rings people through their own channels.

    *alarms* are URLs of the organization's own; *coordinators* says whom to ring as well where
    nobody answers, and in a surge.
    """

    def __init__(
        self,
        kept: SqliteChannels,
        post: ApprisePost,
        push: Push,
        clock: Clock,
        alarms: Sequence[str] = (),
        coordinators: Callable[[], Sequence[CardSerial]] = tuple,
    ) -> None:
        self._kept = kept
        self._post = post
        self._push = push
        self._clock = clock
        self._alarms = alarms
        self._coordinators = coordinators
        self._under_way: set[asyncio.Task[Any]] = set()
        hush()

    def ring(self, person: CardSerial, encounter: EncounterId) -> None:
        del encounter
        self._tell(person, "ring")

    def missed(self, person: CardSerial) -> None:
        """A caller of this person did not say to be safe in time."""
        self._tell(person, "missed")

    def alarm(self, encounter: EncounterId) -> None:
        del encounter
        self._tell_organization("alarm")

    def surge(self, on: bool, volunteers: Sequence[CardSerial]) -> None:
        if on:
            self._tell_organization("surge")
            for one in volunteers:
                self._tell(one, "surge")

    async def test(self, person: CardSerial) -> dict[str, bool]:
        """Send a test through every channel of *person*; return which took it."""
        channels = self._kept.of(person)
        took = await asyncio.gather(*(self._send(one, "test") for one in channels))
        return {one.id: taken for one, taken in zip(channels, took, strict=True)}

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _tell_organization(self, word: Word) -> None:
        for url in self._alarms:
            self._start(self._post.notify(url, TITLE, TEXTS[word]))
        for one in self._coordinators():
            self._tell(one, word)

    def _tell(self, person: CardSerial, word: Word) -> None:
        for channel in self._kept.of(person):
            self._start(self._send(channel, word))

    def _start(self, sending: Coroutine[Any, Any, Any]) -> None:
        try:
            task = asyncio.get_running_loop().create_task(sending)
        except RuntimeError:
            # A start that rings again does so before the loop runs: consoles ring, as always.
            sending.close()
            return
        # Held, or it may be collected before it has run.
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, channel: Channel, word: Word) -> bool:
        if channel.kind == "push":
            taken = await self._post.in_thread(self._push.send, channel.value, word)
        else:
            taken = await self._post.notify(channel.value, TITLE, TEXTS[word])
        self._kept.mark(channel.id, taken, self._clock.now())
        return taken


def can_be_sent_to(url: str) -> bool:
    return instance_of(url) is not None


def warm() -> bool:
    """Load what sending needs."""
    import pywebpush  # noqa: F401

    return can_be_sent_to("json://localhost/")


def reach_for(
    settings: Settings,
    database: Database,
    clock: Clock,
    coordinators: Callable[[], Sequence[CardSerial]] = tuple,
) -> tuple[ApprisePost, ChannelBells, Reach]:
    """Set up what reaches people beyond a page: contacts' channels, and attorneys' own."""
    channels = load_channels(settings.channels)
    own, post = channels.attorneys, ApprisePost(channels)
    kept, push = SqliteChannels(database), Push(settings.data / "keys", own.contact)
    bells = ChannelBells(kept, post, push, clock, own.alarms, coordinators)
    if kept.any() or own.alarms:
        # The first ring must not wait for libraries to load.
        post.begin(warm)
    allowed = Allowed(own.schemes, own.hosts, own.push)
    return post, bells, Reach(kept, bells, allowed, push.public_key, can_be_sent_to)
