"""Telling as it runs, against SQLite: retries, limits, restarts with and without a shelf."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from accompany.adapters.check_ins import SqliteTellings
from accompany.adapters.shelf import MemoryShelf, NoShelf
from accompany.adapters.sqlite import Database
from accompany.errors import Forbidden, Malformed, Unknown
from accompany.evidence.age import HybridIdentity
from accompany.ids import EncounterId
from accompany.telling.allowance import TO_ONE, Allowance
from accompany.telling.contacts import Contact, seal_contact
from accompany.telling.course import GRACE
from accompany.telling.teller import FORGOTTEN, PAUSES, Standing, Teller

pytestmark = pytest.mark.anyio
IDENTITY = HybridIdentity.generate()
DIGEST = b"d" * 32
ENCOUNTER = EncounterId("e" * 32)
MINUTE = 60_000


def sealed(*numbers: str, channel: str = "sms") -> list[bytes]:
    contacts = [
        Contact(channel, one, "test", f"stopped {one[-1]}", "safe", "late") for one in numbers
    ]
    return [seal_contact(one, IDENTITY.recipient) for one in contacts]


PAIR = sealed("+15550000001", "+15550000002")


@dataclass
class FakePost:
    """Takes what it is given; the first *refusals* messages it does not take."""

    refusals: int = 0
    taken: list[tuple[str, str]] = field(default_factory=list)
    channels: tuple[str, ...] = ("sms",)

    async def send(self, channel: str, address: str, text: str) -> bool:
        del channel
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            return False
        self.taken.append((address, text))
        return True


@dataclass
class Night:
    """A teller whose clock is turned by hand; `again` is what a restart leaves."""

    path: Path
    post: FakePost = field(default_factory=FakePost)
    shelf: NoShelf | MemoryShelf = field(default_factory=NoShelf)
    allowance: Allowance = field(default_factory=lambda: Allowance(1000))
    time: int = 1_000_000

    def __post_init__(self) -> None:
        self.database = Database(self.path)
        self.teller = Teller(
            SqliteTellings(self.database), self.post, self.shelf, IDENTITY, self.allowance,
            lambda: self.time,
        )  # fmt: skip

    def again(self) -> "Night":
        self.database.close()
        return Night(self.path, self.post, self.shelf, self.allowance, self.time)

    def begin(self, contacts: Sequence[bytes] = PAIR, minutes: int = 0) -> Standing:
        return self.teller.begin(DIGEST, ENCOUNTER, contacts, minutes)

    async def later(self, milliseconds: int) -> bool:
        """Turn the clock and let everything come to rest; return whether somebody was missed."""
        self.time += milliseconds
        missed = self.teller.tick()
        while self.teller._sending:
            await asyncio.gather(*self.teller._sending.values())
        return missed

    def fates(self, word: str) -> list[str]:
        one = self.teller.standing(DIGEST)
        return [one.course.fate(word, n, one.telling, self.time) for n in range(2)]  # type: ignore[arg-type]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path / "accompany.sqlite")


async def test_contacts_are_told_once_and_then_nothing_of_them_is_left(night: Night) -> None:
    night.begin()
    await night.later(GRACE - 1)
    assert night.post.taken == []
    await night.later(1)
    assert night.post.taken == [("+15550000001", "stopped 1"), ("+15550000002", "stopped 2")]
    for _ in range(3):
        await night.later(MINUTE)
    assert len(night.post.taken) == 2
    assert night.teller._sealed == {}
    assert night.fates("pressed") == ["told", "told"]


async def test_without_i_am_safe_contacts_hear_it_and_the_attorney(night: Night) -> None:
    night.begin(minutes=15)
    await night.later(GRACE)
    assert not await night.later(15 * MINUTE - GRACE - 1)
    assert night.teller._sealed
    assert await night.later(1)
    assert night.post.taken[2:] == [("+15550000001", "late"), ("+15550000002", "late")]
    assert not await night.later(MINUTE)
    assert [one.course.stage for one in night.teller.waited_for()] == ["missed"]
    assert night.teller._sealed == {}


async def test_i_am_safe_is_told_and_nobody_is_missed(night: Night) -> None:
    night.begin(minutes=15)
    await night.later(GRACE)
    night.teller.safe(DIGEST, [])
    await night.later(0)
    assert [text for _, text in night.post.taken[2:]] == ["safe", "safe"]
    assert not await night.later(60 * MINUTE)
    assert len(night.post.taken) == 4


async def test_safe_without_a_time_needs_the_contacts_again(night: Night) -> None:
    night.begin()
    await night.later(GRACE)
    assert not night.teller.standing(DIGEST).armed
    await night.later(MINUTE)
    night.teller.safe(DIGEST, PAIR)
    await night.later(0)
    assert night.fates("safe") == ["told", "told"]
    assert night.teller._sealed == {}


async def test_what_was_not_taken_is_tried_again_and_then_given_up(night: Night) -> None:
    night.post.refusals = 2 * len(PAUSES)
    night.begin()
    await night.later(GRACE)
    for pause in PAUSES[:-1]:
        before = night.post.refusals
        await night.later(pause - 1)
        assert night.post.refusals == before
        await night.later(1)
        assert night.post.refusals == before - 2
    await night.later(PAUSES[-1])
    assert night.fates("pressed") == ["told", "told"]


async def test_what_is_never_taken_is_said_to_have_failed(night: Night) -> None:
    night.post.refusals = 1000
    night.begin()
    await night.later(GRACE)
    for pause in PAUSES:
        await night.later(pause)
    assert night.fates("pressed") == ["failed", "failed"]
    await night.later(MINUTE)
    assert night.teller._sealed == {}
    assert night.post.refusals == 1000 - 2 * (len(PAUSES) + 1)


async def test_a_restart_forgets_contacts_but_not_that_somebody_is_waited_for(night: Night) -> None:
    night.begin(minutes=15)
    await night.later(GRACE)
    after = night.again()
    assert [one.armed for one in after.teller.waited_for()] == [False]
    assert await after.later(15 * MINUTE)
    assert len(after.post.taken) == 2
    assert after.fates("overdue") == ["waiting", "waiting"]


async def test_the_phone_that_comes_back_hands_them_in_again_and_nobody_is_told_twice(
    night: Night,
) -> None:
    night.begin(minutes=15)
    await night.later(GRACE)
    after = night.again()
    assert after.begin(minutes=15).armed
    assert after.begin(minutes=15).telling.due == 1_000_000 + 15 * MINUTE
    assert await after.later(15 * MINUTE)
    assert [text for _, text in after.post.taken] == ["stopped 1", "stopped 2", "late", "late"]


async def test_a_shelf_in_memory_outlives_the_process(tmp_path: Path) -> None:
    shelf = MemoryShelf.__new__(MemoryShelf)
    shelf._folder = tmp_path / "shelf"
    shelf._folder.mkdir()
    night = Night(tmp_path / "accompany.sqlite", shelf=shelf)
    night.begin(minutes=15)
    await night.later(GRACE)
    (shelf._folder / "half written").write_bytes(b"[")
    after = night.again()
    assert [one.armed for one in after.teller.waited_for()] == [True]
    assert await after.later(15 * MINUTE)
    assert [text for _, text in after.post.taken[2:]] == ["late", "late"]
    await after.later(MINUTE)
    assert list(shelf._folder.iterdir()) == []


async def test_one_encounter_has_one_telling_and_one_secret_one_encounter(night: Night) -> None:
    night.begin()
    with pytest.raises(Forbidden):
        night.teller.begin(b"x" * 32, ENCOUNTER, PAIR, 0)
    with pytest.raises(Forbidden):
        night.teller.begin(DIGEST, EncounterId("f" * 32), PAIR, 0)
    with pytest.raises(Unknown):
        night.teller.safe(b"x" * 32, PAIR)


@pytest.mark.parametrize(
    ("contacts", "minutes"),
    [
        (sealed(*["+15550000001"] * 6), 0),
        (PAIR, 7),
        (sealed("mum@example.org", channel="email"), 0),
        ([b"nothing sealed"], 0),
    ],
)
async def test_what_cannot_be_told_is_refused_at_once(
    night: Night, contacts: list[bytes], minutes: int
) -> None:
    with pytest.raises(Malformed):
        night.begin(contacts, minutes)
    assert night.teller.waited_for() == []
    with pytest.raises(Unknown):
        night.teller.standing(DIGEST)


async def test_another_number_of_contacts_arms_nothing(night: Night) -> None:
    night.begin(minutes=15)
    after = night.again()
    assert not after.begin(PAIR[:1], 15).armed


async def test_without_contacts_only_the_attorney_hears(night: Night) -> None:
    assert night.begin([], 15).armed
    assert await night.later(15 * MINUTE)
    assert night.post.taken == []


async def test_one_recipient_is_not_flooded_by_many_presses(night: Night) -> None:
    for one in range(4):
        night.teller.begin(bytes([one]) * 32, EncounterId(f"{one}" * 32), PAIR[:1] * 3, 0)
    await night.later(GRACE)
    assert len(night.post.taken) == TO_ONE


async def test_a_test_is_sent_once_and_counted(night: Night) -> None:
    assert [await night.teller.test(PAIR[0]) for _ in range(TO_ONE + 1)] == [True] * TO_ONE + [
        False
    ]
    assert night.post.taken == [("+15550000001", "test")] * TO_ONE


async def test_a_day_later_nothing_is_left_at_all(night: Night) -> None:
    night.begin(minutes=15)
    await night.later(15 * MINUTE)
    await night.later(FORGOTTEN + MINUTE)
    assert night.database.rows("SELECT * FROM tellings") == []
    assert night.database.rows("SELECT * FROM telling_events") == []
    assert night.teller.waited_for() == []
