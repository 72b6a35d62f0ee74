"""Rounds: every ten minutes by the wall clock, others vouch for the log.

First every time-stamp authority stamps the live checkpoint, and each token becomes an entry; then
the checkpoint that covers those tokens is offered to the witnesses, who cosign it when asked, or
come for it themselves. Nobody is waited for: who does not answer is asked again, and everything
else goes on. A round is held only when something but tokens was added since the last one.
Not here: HTTP and RFC 3161 (adapters), what a cosignature is (evidence.cosigning).
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from accompany.custody.leaves import Leaves
from accompany.custody.ports import Clock, Item, Keeper, StampKept
from accompany.custody.sequencer import Checkpoints, Published, Sequencer
from accompany.errors import AccompanyError, DiskFull, DoesNotHold, Unknown
from accompany.evidence.checkpoints import Policy, parse_checkpoint
from accompany.evidence.cosigning import with_cosignatures
from accompany.evidence.notes import Note, Signature, Verifier
from accompany.evidence.timestamps import stamp_entry

logger = logging.getLogger("accompany")

RETRY = 30_000
"""Milliseconds after which somebody who did not answer is asked again."""


T = TypeVar("T")


class Unavailable(AccompanyError):
    """Somebody outside did not answer, or not with what was asked for."""


@dataclass(frozen=True, slots=True)
class Token:
    """An authority's answer, checked, and its chain as PEM: signer first, root last."""

    token: bytes
    chain: bytes


class TimeAuthority(Protocol):
    @property
    def name(self) -> str: ...
    async def stamp(self, text: str) -> Token:
        """Return a token over *text*, checked; raise AccompanyError soon where there is none."""


class AskedWitness(Protocol):
    @property
    def name(self) -> str: ...
    async def cosign(
        self, note: bytes, consistency: Callable[[int], Sequence[bytes]]
    ) -> Sequence[Signature]:
        """Return signature lines for the checkpoint *note*; *consistency* gives the proof from
        an older size. Raise AccompanyError soon where there are none."""


class Outside(Protocol):
    """Keeps, for `doctor`, when each of the others last answered, and why not."""

    def answered(self, kind: str, name: str, time: int) -> None: ...
    def failed(self, kind: str, name: str, time: int, why: str) -> None: ...


@dataclass(slots=True)
class _Pending:
    """What is still wanted for the checkpoint of a round."""

    over: Published
    authorities: list[TimeAuthority] = field(default_factory=list)
    witnesses: list[AskedWitness] = field(default_factory=list)


class Rounds:
    """One per server; *policy* is the operator's: whose cosignatures count, and how many."""

    def __init__(
        self,
        keeper: Keeper,
        leaves: Leaves,
        sequencer: Sequencer,
        kept: Checkpoints,
        log: Verifier,
        policy: Policy,
        authorities: Sequence[TimeAuthority],
        witnesses: Sequence[AskedWitness],
        outside: Outside,
        clock: Clock,
        period: int,
    ) -> None:
        self._keeper = keeper
        self._leaves = leaves
        self._sequencer = sequencer
        self._kept = kept
        self._log = log
        self._policy = policy
        self._authorities = authorities
        self._witnesses = witnesses
        self._outside = outside
        self._clock = clock
        self._period = period
        self.offered = self._last("offered")
        self.cosigned = self._last("cosigned")
        self._public = self._last("public-cosigned")
        self._next = self._boundary(clock.now())
        self._retry = 0
        self._stamping: _Pending | None = None
        self._cosigning: _Pending | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to ask, or anybody who may come."""
        return bool(self._authorities or self._policy.witnesses)

    def _last(self, kind: str) -> Published | None:
        note = self._kept.newest(kind)
        return Published(parse_checkpoint(note)[0], note) if note else None

    def _boundary(self, now: int) -> int:
        return (now // self._period + 1) * self._period

    async def run(self, seconds: float, on_failure: Callable[[str], None]) -> None:
        """Step every *seconds*, for ever; a failure of the journal or the disk is reported."""
        while self.wanted:
            try:
                await self.step()
            except DiskFull as error:
                # It may pass: what a round lacks is asked for again.
                logger.warning("a round waits for room: %s", error)
            except Exception as error:
                on_failure(f"a round cannot be kept: {error}")
                return
            await asyncio.sleep(seconds)

    async def step(self) -> None:
        """Begin a round when its time has come; ask again who has not answered."""
        now = self._clock.now()
        if now >= self._next:
            self._next = self._boundary(now)
            if self._grown():
                await self._begin()
                return
        if now >= self._retry and (self._stamping or self._cosigning):
            await self._ask_again()

    def _grown(self) -> bool:
        """Whether something but tokens was added since the last round: else it would never end."""
        since = self.offered.checkpoint.size if self.offered else 0
        return self._keeper.size - since > self._keeper.stamps_since(since)

    async def _begin(self) -> None:
        over = await self._sequencer.covering(self._keeper.size - 1)
        self._stamping = _Pending(over, authorities=list(self._authorities))
        await self._ask_authorities(self._stamping)
        # The tokens come before the offer: what witnesses cosign then proves the stamps too.
        offered = await self._sequencer.covering(self._keeper.size - 1)
        self._kept.keep("offered", offered.checkpoint.size, offered.note)
        self.offered = offered
        self._cosigning = _Pending(offered, witnesses=list(self._witnesses))
        await self._ask_witnesses(self._cosigning)
        self._retry = self._clock.now() + RETRY

    async def _ask_again(self) -> None:
        if self._stamping:
            await self._ask_authorities(self._stamping)
        if self._cosigning:
            await self._ask_witnesses(self._cosigning)
        self._retry = self._clock.now() + RETRY

    async def _ask_authorities(self, pending: _Pending) -> None:
        asked = pending.authorities
        done = await asyncio.gather(*(self._stamp(one, pending.over) for one in asked))
        pending.authorities = [one for one, good in zip(asked, done, strict=True) if not good]
        if not pending.authorities:
            self._stamping = None

    async def _ask_witnesses(self, pending: _Pending) -> None:
        asked = pending.witnesses
        done = await asyncio.gather(*(self._cosign(one, pending.over) for one in asked))
        pending.witnesses = [one for one, good in zip(asked, done, strict=True) if not good]
        if not pending.witnesses:
            self._cosigning = None

    async def _stamp(self, authority: TimeAuthority, over: Published) -> bool:
        text = str(over.checkpoint)
        found = await self._answer("authority", authority.name, authority.stamp(text))
        if found is not None:
            await self._keep_token(authority.name, over, found)
        return found is not None

    async def _keep_token(self, authority: str, over: Published, found: Token) -> None:
        size = over.checkpoint.size
        self._keeper.check_room(len(over.note) + len(found.token) + len(found.chain))
        entry = stamp_entry(authority, size, found.token)
        index, receipt = self._leaves.give(entry, "kept")
        kept = StampKept(
            index,
            entry.slot,
            entry.digest,
            receipt,
            authority,
            size,
            over.note,
            found.token,
            found.chain,
        )
        await self._keeper.keep([Item(kept)])

    async def _cosign(self, witness: AskedWitness, over: Published) -> bool:
        def consistency(old: int) -> list[bytes]:
            return self._sequencer.consistency(old, over)

        asking = self._cosignatures(witness, over, consistency)
        return await self._answer("witness", witness.name, asking) is not None

    async def _cosignatures(
        self, witness: AskedWitness, over: Published, consistency: Callable[[int], list[bytes]]
    ) -> bool:
        lines = await witness.cosign(over.note, consistency)
        note = with_cosignatures(over.note, lines, self._policy.witnesses.values())
        if note == over.note:
            raise Unavailable("it answered without a cosignature of the key in the witnesses file")
        self._take(note)
        return True

    async def _answer(self, kind: str, name: str, asking: Coroutine[Any, Any, T]) -> T | None:
        """Return what *asking* returns, or None where it failed; keep which, for `doctor`."""
        try:
            found = await asking
        except AccompanyError as error:
            self._outside.failed(kind, name, self._clock.now(), str(error))
            return None
        self._outside.answered(kind, name, self._clock.now())
        return found

    def accept(self, note: bytes) -> bytes:
        """Take the cosignatures that a witness brings on *note*; return it with all there are.

        Raise DoesNotHold where the log did not sign it or no known witness cosigned it, Unknown
        where it is not the checkpoint offered now, nor the public one.
        """
        parsed = Note.parse(note)
        parsed.signed_by(self._log, "checkpoint")
        names = self._policy.cosigned(parsed)
        if not names:
            known = ", ".join(self._policy.witnesses) or "none"
            raise DoesNotHold("cosignature", f"one by a witness known here: {known}", "none")
        found = self._take(note)
        if found is None:
            raise Unknown("checkpoint waiting for cosignatures")
        for name in names:
            self._outside.answered("witness", name, self._clock.now())
        return found

    def vouched(self, published: Published) -> bytes:
        """Return the note of a checkpoint, with what cosignatures there are of the same text."""
        for one in (self.offered, self._public):
            if one is not None and one.checkpoint == published.checkpoint:
                return one.note
        return published.note

    def _take(self, note: bytes) -> bytes | None:
        """Add a note's cosignatures to the checkpoint of the same text; return it then.

        None where it is neither the one offered nor the public one.
        """
        checkpoint, parsed = parse_checkpoint(note)
        for kind, known in (("offered", self.offered), ("public", self._sequencer.public)):
            if known is None or known.checkpoint != checkpoint:
                continue
            keys = self._policy.witnesses.values()
            found = with_cosignatures(self.vouched(known), parsed.signatures, keys)
            self._settle(kind, Published(checkpoint, found))
            return found
        return None

    def _settle(self, kind: str, found: Published) -> None:
        """Keep it; packages lead to the offered one once enough witnesses cosigned it."""
        size = found.checkpoint.size
        if kind == "public":
            self._kept.keep("public-cosigned", size, found.note)
            self._public = found
            return
        self._kept.keep("offered", size, found.note)
        self.offered = found
        if self._policy.quorum_holds(Note.parse(found.note)):
            self._kept.keep("cosigned", size, found.note)
            self.cosigned = found
