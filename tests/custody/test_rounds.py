"""Rounds on a made-up clock: who is asked when, what is kept, and that nobody holds it up."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from accompany.adapters.checkpoints import SqliteCheckpoints
from accompany.custody.ports import Item, PaddingKept
from accompany.custody.rounds import RETRY, Rounds, Token, Unavailable
from accompany.errors import DoesNotHold, Malformed, Unknown
from accompany.evidence.checkpoints import Policy, open_checkpoint, parse_checkpoint
from accompany.evidence.cosigning import (
    AddCheckpoint,
    Head,
    cosign,
    judge,
    read_lines,
    witness_key,
)
from accompany.evidence.notes import Note, Signature, Signer
from accompany.evidence.receipts import Entry
from accompany.evidence.timestamps import stamp_entry
from custodial import LOG, NOW, Custody, MadeUpClock, film, sequenced, whole

pytestmark = pytest.mark.anyio
PERIOD = 600_000
BOUNDARY = NOW // PERIOD * PERIOD + PERIOD


@dataclass
class MadeUpAuthority:
    """Answers with what it was asked, or not at all."""

    name: str
    down: bool = False
    asked: list[str] = field(default_factory=list)

    async def stamp(self, text: str) -> Token:
        self.asked.append(text)
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable("no answer")
        return Token(f"{self.name} {text}".encode(), b"chain of " + self.name.encode())


@dataclass
class MadeUpWitness:
    """A witness that judges as real ones do."""

    name: str
    down: bool = False
    head: Head = field(default_factory=Head)
    stranger: bool = False

    @property
    def signer(self) -> Signer:
        return Signer.from_seed(self.name, bytes(31) + bytes([len(self.name)]))

    async def cosign(
        self, note: bytes, consistency: Callable[[int], Sequence[bytes]]
    ) -> Sequence[Signature]:
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable("no answer")
        request = AddCheckpoint(self.head.size, tuple(consistency(self.head.size)), note)
        checkpoint = judge(request, {LOG.name: LOG.verifier}, self.head)
        self.head = Head(checkpoint.size, checkpoint.root)
        signer = Signer.generate(self.name) if self.stranger else self.signer
        text = Note.parse(note).text
        return read_lines(cosign(signer, text, 1_700_000_000).encode(), text)


@dataclass
class Said:
    """An `Outside` that remembers."""

    answers: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def answered(self, kind: str, name: str, time: int) -> None:
        del time
        self.answers.append((kind, name))

    def failed(self, kind: str, name: str, time: int, why: str) -> None:
        del time
        self.failures.append((kind, name, why))


@dataclass
class Held:
    custody: Custody
    rounds: Rounds
    said: Said
    checkpoints: SqliteCheckpoints

    async def grow(self, count: int = 1) -> None:
        items = []
        for _ in range(count):
            entry = Entry(self.custody.leaves.given.to_bytes(32), bytes(32))
            index, note = self.custody.leaves.give(entry, "none")
            items.append(Item(PaddingKept(index, entry.slot, entry.digest, note)))
        await self.custody.keeper.keep(items)

    async def at(self, time: int) -> None:
        self.custody.clock.time = time
        await self.rounds.step()

    @property
    def size(self) -> int:
        return self.custody.keeper.size


@asynccontextmanager
async def rounds(
    folder: Path,
    authorities: Sequence[MadeUpAuthority] = (),
    witnesses: Sequence[MadeUpWitness] = (),
    quorum: str | None = None,
    clock: MadeUpClock | None = None,
) -> AsyncIterator[Held]:
    lines = [f"witness {one.name} {key_of(one)}" for one in witnesses]
    policy = Policy.parse("\n".join([*lines, f"quorum {quorum or 'none'}"]).encode())
    async with sequenced(folder, clock) as custody:
        checkpoints = SqliteCheckpoints(folder / "checkpoints", custody.clock.now)
        said = Said()
        made = Rounds(
            custody.keeper, custody.leaves, custody.sequencer, checkpoints, LOG.verifier, policy,
            authorities, witnesses, said, custody.clock, PERIOD,
        )  # fmt: skip
        try:
            yield Held(custody, made, said, checkpoints)
        finally:
            checkpoints.close()


def key_of(witness: MadeUpWitness):
    return witness_key(witness.name, witness.signer.verifier.key)


async def test_a_round_begins_at_the_boundary_and_not_before(tmp_path: Path) -> None:
    authority = MadeUpAuthority("one")
    async with rounds(tmp_path, [authority]) as held:
        await held.grow(5)
        await held.at(BOUNDARY - 1)
        assert authority.asked == []
        await held.at(BOUNDARY)
        assert [text.split("\n")[1] for text in authority.asked] == ["5"]
        await held.at(BOUNDARY + 1)
        assert len(authority.asked) == 1


async def test_each_token_becomes_an_entry_with_its_name(tmp_path: Path) -> None:
    authorities = [MadeUpAuthority("one"), MadeUpAuthority("two")]
    async with rounds(tmp_path, authorities) as held:
        await held.grow(5)
        await held.at(BOUNDARY)
        found = held.custody.keeper.stamps(0, 0, 4)
        assert [(row.authority, row.size) for row in found] == [("one", 5), ("two", 5)]
        for row in found:
            checkpoint = open_checkpoint(row.checkpoint, LOG.verifier)
            assert row.token == f"{row.authority} {checkpoint}".encode()
            entry = stamp_entry(row.authority, 5, row.token)
            assert held.custody.entries()[row.index] == bytes(entry)
        assert held.custody.failures == []


async def test_tokens_alone_begin_no_round(tmp_path: Path) -> None:
    """Or each would be the reason for the next, for ever."""
    authority = MadeUpAuthority("one")
    async with rounds(tmp_path, [authority]) as held:
        await held.at(BOUNDARY)
        assert authority.asked == []
        await held.grow()
        for number in range(1, 6):
            await held.at(BOUNDARY + number * PERIOD)
        assert len(authority.asked) == 1
        await held.grow()
        await held.at(BOUNDARY + 6 * PERIOD)
        assert len(authority.asked) == 2


async def test_one_that_is_down_holds_nothing_up_and_is_asked_again(tmp_path: Path) -> None:
    down, up = MadeUpAuthority("down", down=True), MadeUpAuthority("up")
    async with rounds(tmp_path, [down, up]) as held:
        await held.grow(3)
        await held.at(BOUNDARY)
        assert [row.authority for row in held.custody.keeper.stamps(0, 0, 2)] == ["up"]
        assert held.said.failures == [("authority", "down", "no answer")]
        assert held.rounds.offered is not None
        down.down = False
        await held.at(BOUNDARY + RETRY - 1)
        assert len(down.asked) == 1
        await held.at(BOUNDARY + RETRY)
        # The same checkpoint as at the boundary: what came since is not told in between.
        assert down.asked[0] == down.asked[1]
        assert [row.authority for row in held.custody.keeper.stamps(0, 0, 2)] == ["down", "up"]
        assert len(up.asked) == 1
        await held.at(BOUNDARY + 3 * RETRY)
        assert len(down.asked) == 2


async def test_witnesses_cosign_a_checkpoint_that_covers_the_tokens(tmp_path: Path) -> None:
    witness = MadeUpWitness("w1")
    async with rounds(tmp_path, [MadeUpAuthority("one")], [witness], "w1") as held:
        await held.grow(3)
        await held.at(BOUNDARY)
        cosigned = held.rounds.cosigned
        assert cosigned is not None
        assert cosigned.checkpoint.size == 4
        assert witness.head.size == 4
        policy = Policy.parse(f"witness w1 {key_of(witness)}\nquorum w1\n".encode())
        assert policy.quorum_holds(parse_checkpoint(cosigned.note)[1])
        assert held.said.answers == [("authority", "one"), ("witness", "w1")]


async def test_too_few_cosignatures_change_no_package(tmp_path: Path) -> None:
    witnesses = [MadeUpWitness("w1"), MadeUpWitness("w-2", down=True)]
    lines = "".join(f"witness {one.name} {key_of(one)}\n" for one in witnesses)
    both = Policy.parse(f"{lines}group both all w1 w-2\nquorum both\n".encode())
    async with rounds(tmp_path, (), witnesses) as held:
        held.rounds._policy = both
        await held.grow(3)
        await held.at(BOUNDARY)
        assert held.rounds.cosigned is None
        assert held.rounds.offered is not None
        assert both.cosigned(Note.parse(held.rounds.offered.note)) == {"w1"}
        witnesses[1].down = False
        await held.at(BOUNDARY + RETRY)
        assert held.rounds.cosigned is not None
        assert both.cosigned(Note.parse(held.rounds.cosigned.note)) == {"w1", "w-2"}


async def test_a_cosignature_by_a_key_nobody_named_is_no_answer(tmp_path: Path) -> None:
    witness = MadeUpWitness("w1", stranger=True)
    async with rounds(tmp_path, (), [witness], "w1") as held:
        await held.grow()
        await held.at(BOUNDARY)
        assert held.rounds.cosigned is None
        assert [failure[:2] for failure in held.said.failures] == [("witness", "w1")]


async def test_a_witness_may_bring_its_cosignature(tmp_path: Path) -> None:
    witness = MadeUpWitness("w1")
    async with rounds(tmp_path, (), [witness], "w1") as held:
        witness.down = True
        await held.grow()
        await held.at(BOUNDARY)
        assert held.rounds.offered is not None
        note = held.rounds.offered.note
        text = Note.parse(note).text
        brought = note + cosign(witness.signer, text, 1_700_000_001).encode()
        assert held.rounds.accept(brought) == brought
        assert held.rounds.cosigned is not None
        assert held.rounds.cosigned.note == brought
        assert held.rounds.accept(brought) == brought
        with pytest.raises(DoesNotHold):
            held.rounds.accept(note)
        stranger = cosign(Signer.generate("w1"), text, 1_700_000_001)
        with pytest.raises(DoesNotHold):
            held.rounds.accept(note + stranger.encode())
        with pytest.raises(Malformed):
            held.rounds.accept(b"nothing")


async def test_only_the_offered_and_the_public_checkpoint_take_cosignatures(
    tmp_path: Path,
) -> None:
    witness = MadeUpWitness("w1", down=True)
    async with rounds(tmp_path, (), [witness], "w1") as held:
        await held.grow()
        public = held.custody.sequencer.public
        line = cosign(witness.signer, Note.parse(public.note).text, 5).encode()
        assert held.rounds.vouched(public) == public.note
        held.rounds.accept(public.note + line)
        assert held.rounds.vouched(public) == public.note + line
        await held.grow()
        live = await held.custody.sequencer.covering(held.size - 1)
        line = cosign(witness.signer, Note.parse(live.note).text, 5).encode()
        with pytest.raises(Unknown):
            held.rounds.accept(live.note + line)


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    witness, clock = MadeUpWitness("w1"), MadeUpClock()
    async with rounds(tmp_path, [MadeUpAuthority("one")], [witness], "w1", clock) as held:
        await held.grow(3)
        await held.at(BOUNDARY)
        offered, cosigned = held.rounds.offered, held.rounds.cosigned
    authority = MadeUpAuthority("one")
    async with rounds(tmp_path, [authority], [witness], "w1", clock) as held:
        assert (held.rounds.offered, held.rounds.cosigned) == (offered, cosigned)
        await held.at(BOUNDARY + PERIOD)
        assert authority.asked == []


async def test_a_package_is_bracketed_by_stamps_and_led_to_a_cosigned_checkpoint(
    tmp_path: Path,
) -> None:
    witness = MadeUpWitness("w1")
    authorities = [MadeUpAuthority("one"), MadeUpAuthority("two")]
    async with rounds(tmp_path, authorities, [witness], "w1") as held:
        custody = held.custody
        custody.export._cosigned = lambda: held.rounds.cosigned
        await held.grow(2)
        await held.at(BOUNDARY)  # over 2; tokens 2 and 3
        await held.grow()
        await held.at(BOUNDARY + PERIOD)  # over 5; tokens 5 and 6
        live = await custody.sequencer.covering(6)
        after = (live.checkpoint.size, live.checkpoint.root)
        phone = custody.phone(after=after)
        await custody.open(phone)  # entries 7 and 8
        await held.at(BOUNDARY + 2 * PERIOD)  # over 9
        await custody.segment(phone, film(phone))  # entry 11
        before = await names(custody, phone.recording)
        assert before == {f"{who}-{size}" for who in ("one", "two") for size in (5, 9)}
        await held.at(BOUNDARY + 3 * PERIOD)  # over 14, the export's own entries among them
        await held.grow()
        await held.at(BOUNDARY + 4 * PERIOD)
        found = await names(custody, phone.recording)
        # 2 came before the last one before; nothing after the first over the last statement.
        assert found == {f"{who}-{size}" for who in ("one", "two") for size in (5, 9, 14)}


async def names(custody: Custody, recording: str) -> set[str]:
    package = await custody.export.package(recording, "test")
    data = await whole(package)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        paths = [name for name in archive.namelist() if "/timestamps/" in name]
        stamps = {name.rpartition("/")[2].rpartition(".")[0] for name in paths}
        assert len(paths) == 5 * len(stamps)
        checkpoint = archive.read(f"{recording}/data/log/checkpoint")
        assert open_checkpoint(checkpoint, LOG.verifier)
        return stamps


@pytest.mark.parametrize("kind", ["offered", "cosigned"])
async def test_a_crash_before_a_checkpoint_is_kept_costs_a_round_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    witness, clock = MadeUpWitness("w1"), MadeUpClock()
    keep = SqliteCheckpoints.keep

    def crash(self: SqliteCheckpoints, which: str, size: int, note: bytes) -> None:
        if which == kind:
            raise OSError("power cut")
        keep(self, which, size, note)

    async with rounds(tmp_path, [MadeUpAuthority("one")], [witness], "w1", clock) as held:
        monkeypatch.setattr(SqliteCheckpoints, "keep", crash)
        await held.grow(3)
        with pytest.raises(OSError, match="power cut"):
            await held.at(BOUNDARY)
        assert held.rounds.cosigned is None
    monkeypatch.undo()
    async with rounds(tmp_path, [MadeUpAuthority("one")], [witness], "w1", clock) as held:
        await held.grow()
        await held.at(BOUNDARY + PERIOD)
        stamps = held.custody.keeper.stamps(0, 0, held.size - 2)
        # Over 3, then over those, their token and one entry more.
        assert [row.size for row in stamps] == [3, 5]
        assert held.rounds.cosigned is not None
        assert held.rounds.cosigned.checkpoint.size == 6
        assert held.said.failures == []
