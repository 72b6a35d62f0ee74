"""What telling needs of others: somewhere to keep what names nobody, a way out, and a shelf."""

from collections.abc import Callable, Sequence
from typing import Protocol

from accompany.ids import EncounterId
from accompany.telling.course import Event, Telling

Now = Callable[[], int]


class Kept(Protocol):
    """Keeps tellings and their events; what it returned from is durable. It never sees a contact.

    One telling an encounter: `begin` is False where the encounter or the digest is taken.
    """

    def begin(self, telling: Telling) -> bool: ...
    def find(self, digest: bytes) -> Telling | None: ...
    def of(self, encounter: EncounterId) -> Telling | None: ...
    def events(self, digest: bytes) -> Sequence[Event]: ...
    def append(self, digest: bytes, number: int, event: Event) -> bool:
        """Keep event *number*; False where that number is taken."""

    def all(self) -> list[Telling]: ...
    def forget(self, digest: bytes) -> None: ...


class Post(Protocol):
    """Sends one message. It keeps, prints and logs nothing of it."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that the organization offers."""

    async def send(self, channel: str, address: str, text: str) -> bool:
        """Return whether the channel's service took the message; never raise for one refused."""


class Shelf(Protocol):
    """Holds sealed contacts over a restart, in memory alone: never on a disk, never in a backup."""

    def put(self, digest: bytes, sealed: Sequence[bytes]) -> None: ...
    def take_all(self) -> dict[bytes, tuple[bytes, ...]]: ...
    def drop(self, digest: bytes) -> None: ...
