"""Taking in: what is refused and how, and that the same thing again is the same thing."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from accompany.client.device import Device, Signed, locator_of
from accompany.custody import ends
from accompany.errors import (
    AccompanyError,
    DiskFull,
    DoesNotHold,
    Malformed,
    OutOfOrder,
    Unauthorized,
    Unknown,
)
from accompany.evidence.age import AgeError, HybridIdentity, X25519Identity, encrypt
from accompany.evidence.notes import Note, Signer
from accompany.evidence.receipts import grant_entry, statement_entry
from accompany.evidence.statements import (
    Closing,
    Gap,
    Opening,
    SegmentStatement,
    open_opening,
    recording_id,
    recording_signer,
)
from accompany.evidence.text import write_lines, write_time
from accompany.ids import Origin
from custodial import (
    CUSTODIAN,
    LOG,
    NOW,
    SECRET,
    SEGMENT_BYTES,
    Custody,
    admit,
    custody,
    film,
    receipt,
)

pytestmark = pytest.mark.anyio


# Opening a recording.


async def test_an_opening_and_its_grants_become_entries_and_a_receipt(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        note, new = await held.open(phone)
        assert new
        found = receipt(note)
        assert (found.index, found.bytes_, found.time) == (0, "none", NOW)
        assert found.entry == statement_entry(phone.opening.note, 0, phone.opening.note)
        grant = grant_entry(phone.recording, 0, phone.grants[0])
        assert held.entries() == [bytes(found.entry), bytes(grant)]
        (kept,) = held.keeper.grants(phone.recording)
        assert kept.data == phone.grants[0]


async def test_the_same_opening_again_gets_the_same_receipt_and_spends_nothing(
    tmp_path: Path,
) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        first, _ = await held.open(phone)
        assert await _open(held, phone.opening.note, phone.grants, admission=_refuse) == (
            first,
            False,
        )
        assert held.keeper.size == 2


async def test_one_opening_sent_many_times_at_once_is_one(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        answers = await asyncio.gather(*(held.open(phone) for _ in range(5)))
        assert len({note for note, _ in answers}) == 1
        assert sorted(new for _, new in answers) == [False, False, False, False, True]
        assert held.keeper.size == 2


async def test_two_openings_by_one_key_one_wins_the_other_is_out_of_order(tmp_path: Path) -> None:
    """At once, and later: nobody gets the receipt of an opening that is not theirs."""
    async with custody(tmp_path) as held:
        phone = held.phone()
        other = _bent_opening(phone, time=NOW + 1)
        first, second = await asyncio.gather(
            held.open(phone), _open(held, other, phone.grants), return_exceptions=True
        )
        assert isinstance(first, tuple)
        assert isinstance(second, OutOfOrder)
        assert (second.last, second.digest) == (0, sha256(phone.opening.note).digest())
        with pytest.raises(OutOfOrder, match="another opening"):
            await _open(held, other, phone.grants)


async def test_an_admission_that_is_refused_opens_nothing_and_may_be_tried_again(
    tmp_path: Path,
) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        refused, waiting = await asyncio.gather(
            _open(held, phone.opening.note, phone.grants, admission=_refuse_later),
            held.open(phone),
            return_exceptions=True,
        )
        assert isinstance(refused, Unauthorized)
        # Who waited for the first one asks for admission themselves.
        assert isinstance(waiting, tuple)
        assert held.keeper.size == 2


async def test_an_opening_whose_caller_goes_away_is_opened_once(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        going = asyncio.create_task(held.open(phone))
        await asyncio.sleep(0)
        going.cancel()
        note, new = await held.open(phone)
        assert (receipt(note).index, new) == (0, False)
        assert held.keeper.size == 2
        assert held.failures == []


@pytest.mark.parametrize(
    ("bend", "expected", "words"),
    [
        ({"log": Origin("another.log")}, DoesNotHold, "log: expected test.accompany.invalid"),
        ({"grants": bytes(32)}, DoesNotHold, "grants: expected 00000000"),
        ({"recording": "a" * 32}, DoesNotHold, "recording id"),
        ({"continues": "itself"}, DoesNotHold, "continues"),
        ({"kind": "scream"}, Malformed, "expected one of film"),
        ({"media": "video mp4"}, Malformed, "media"),
        ({"recipient": "age1qqqq"}, Malformed, "recipient"),
        ({"client": "test"}, Malformed, "client"),
    ],
)
async def test_an_opening_that_does_not_hold_is_refused(
    tmp_path: Path, bend: dict[str, Any], expected: type[AccompanyError], words: str
) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        if bend.get("continues") == "itself":
            bend = {"continues": (phone.recording, bytes(32))}
        with pytest.raises(expected, match=words):
            await _open(held, _bent_opening(phone, **bend), phone.grants)
        assert held.keeper.size == 0


async def test_an_opening_signed_by_another_key_is_refused(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        other = Signer(phone.signer.name, Signer.generate("x").private)
        note = other.sign(Note.parse(phone.opening.note).text)
        with pytest.raises(DoesNotHold, match="a signature by"):
            await _open(held, note, phone.grants)


async def test_an_opening_by_a_key_of_low_order_is_refused(tmp_path: Path) -> None:
    """One signature by it would fit many texts."""
    async with custody(tmp_path) as held:
        phone = held.phone()
        key = (1).to_bytes(32, "little")
        bent = _opening(phone, key=key, recording=recording_id(key))
        signature = phone.opening.note.rpartition(b"\n\n")[2]
        with pytest.raises(DoesNotHold, match="of full order"):
            await _open(held, str(bent).encode() + b"\n" + signature, phone.grants)


async def test_a_segment_statement_opens_nothing(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        with pytest.raises(Malformed, match="opening"):
            await _open(held, film(phone).note, phone.grants)


async def test_grants_in_another_order_or_number_do_not_hold(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        more = encrypt(b"another", [CUSTODIAN.recipient])
        for grants in ([], [more], [*phone.grants, more]):
            with pytest.raises(DoesNotHold, match="grants"):
                await _open(held, phone.opening.note, grants)


@pytest.mark.parametrize("what", ["x25519", "two", "text"])
async def test_a_grant_that_is_not_sealed_to_one_hybrid_recipient_is_refused(
    tmp_path: Path, what: str
) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        grant = _not_sealed(what)
        note = _bent_opening(phone, grants=sha256(grant).digest())
        with pytest.raises((DoesNotHold, AgeError)):
            await _open(held, note, [grant])
        assert held.keeper.size == 0


async def test_a_deletion_key_of_low_order_is_refused(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        with pytest.raises(DoesNotHold, match="Ed25519 key"):
            await held.intake.open(
                phone.opening.note, phone.grants, locator_of(SECRET), bytes(32), admit
            )


# Statements and segments.


async def test_a_segment_with_its_statement_is_kept(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        note, new = await held.segment(phone, signed)
        assert new
        assert receipt(note).bytes_ == "kept"
        assert receipt(note).index == 2
        assert receipt(note).entry == phone.entry(signed)
        assert held.keeper.segment(phone.recording, 1) == signed.sealed


async def test_a_statement_first_then_its_bytes(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        first, _ = await held.statement(phone, signed)
        assert receipt(first).bytes_ == "awaited"
        assert held.intake.state(phone.recording).missing == [1]
        assert held.keeper.segment(phone.recording, 1) is None
        later, new = await held.segment(phone, signed, note=False)
        assert new
        assert receipt(later).bytes_ == "kept"
        # The same leaf: one index, one entry.
        assert receipt(later).index == receipt(first).index
        assert receipt(later).entry == receipt(first).entry
        assert held.keeper.size == 3
        # From now on, whatever is sent again gets the later one.
        assert await held.statement(phone, signed) == (later, False)
        assert await held.segment(phone, signed) == (later, False)
        assert held.intake.state(phone.recording).missing == []


async def test_gap_and_closing_are_statements_without_bytes(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        await held.segment(phone, film(phone))
        gap = phone.gap(NOW, 0, 1000, "hidden")
        note, new = await held.statement(phone, gap)
        assert (receipt(note).bytes_, new) == ("none", True)
        closing = phone.closing(NOW, 1000, "stopped")
        note, new = await held.statement(phone, closing)
        assert (receipt(note).bytes_, new) == ("none", True)
        state = held.intake.state(phone.recording)
        assert (state.last, state.digest) == (3, closing.digest)
        assert (state.closing, state.segments, state.missing) == ("stopped", 1, [])


async def test_a_recording_of_nothing_yet_stands_at_its_opening(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        state = held.intake.state(phone.recording)
        assert (state.opening, state.last) == (phone.opening.note, 0)
        assert state.digest == phone.opening.digest
        assert (state.closing, state.segments, state.missing) == (None, 0, [])


async def test_the_same_statement_again_gets_the_same_receipt(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        sent = [film(phone), film(phone)]
        kept = [await held.segment(phone, one) for one in sent]
        gap = phone.gap(NOW, 0, 1000, "hidden")
        stated = await held.statement(phone, gap)
        held.clock.time += 60_000
        for one, (note, _) in zip(sent, kept, strict=True):
            assert await held.segment(phone, one) == (note, False)
            assert await held.segment(phone, one, note=False) == (note, False)
            assert await held.statement(phone, one) == (note, False)
        assert await held.statement(phone, gap) == (stated[0], False)
        assert held.keeper.size == 5


async def test_the_same_after_a_restart(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        first = film(phone)
        kept = await held.segment(phone, first)
    async with custody(tmp_path) as held:
        assert await held.segment(phone, first) == (kept[0], False)
        assert (await held.open(phone))[1] is False
        # And the chain goes on; its hashes and count are known again.
        with pytest.raises(DoesNotHold, match="sha256"):
            await held.statement(phone, _stating(phone, first.sealed or b""))
        await held.segment(phone, film(phone))
        assert held.intake.state(phone.recording).segments == 2


async def test_one_segment_sent_many_times_at_once_is_one_leaf(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        answers = await asyncio.gather(*(held.segment(phone, signed) for _ in range(6)))
        assert len({note for note, _ in answers}) == 1
        assert sum(new for _, new in answers) == 1
        assert held.keeper.size == 3


async def test_statement_and_bytes_on_their_way_at_once_in_any_number(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        answers = await asyncio.gather(
            held.statement(phone, signed),
            *(held.segment(phone, signed, note=bool(n % 2)) for n in range(4)),
            held.statement(phone, signed),
        )
        found = [receipt(note) for note, _ in answers]
        assert {one.index for one in found} == {2}
        assert found[0].bytes_ == "awaited"
        assert {one.bytes_ for one in found[1:]} == {"kept"}
        assert held.keeper.size == 3
        assert held.keeper.segment(phone.recording, 1) == signed.sealed
        path = tmp_path / "journal" / "000001.journal"
        assert signed.sealed is not None
        assert path.read_bytes().count(signed.sealed) == 1


async def test_two_statements_for_one_number_one_wins(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        other = _copy(phone)
        mine, theirs = film(phone, data=b"mine"), film(other, data=b"theirs")
        first, second = await asyncio.gather(
            held.segment(phone, mine), held.segment(other, theirs), return_exceptions=True
        )
        assert isinstance(first, tuple)
        for again in (second, await _error(held.statement(other, theirs))):
            assert isinstance(again, OutOfOrder)
            assert (again.last, again.digest) == (1, mine.digest)


async def test_a_statement_that_does_not_follow_is_out_of_order(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        await held.segment(phone, film(phone))
        digest = phone.chain.digest
        skipped = film(phone)
        with pytest.raises(OutOfOrder, match="expected statement 2, found 3") as caught:
            await held.segment(phone, film(phone))
        assert (caught.value.last, caught.value.digest) == (1, digest)
        bent = _signed(phone, Gap(phone.recording, 2, bytes(32), NOW, 0, 1, "hidden"))
        with pytest.raises(OutOfOrder, match="statement 2 follows 0000"):
            await held.statement(phone, bent)
        await held.segment(phone, skipped)


async def test_many_statements_in_order_at_once_are_all_taken(tmp_path: Path) -> None:
    """A phone that catches up need not wait for each receipt."""
    async with custody(tmp_path) as held:
        phone = await held.opened()
        sent = [film(phone) for _ in range(20)]
        answers = await asyncio.gather(*(held.segment(phone, one) for one in sent))
        assert [receipt(note).index for note, _ in answers] == list(range(2, 22))


async def test_after_a_closing_bytes_are_still_taken_statements_are_not(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        await held.statement(phone, signed)
        closing = phone.closing(NOW, 500, "battery")
        await held.statement(phone, closing)
        after = _signed(
            phone, Gap(phone.recording, 3, closing.digest, NOW, 500, 1, "hidden"), chained=False
        )
        with pytest.raises(OutOfOrder, match="closed by statement 2") as caught:
            await held.statement(phone, after)
        assert (caught.value.last, caught.value.digest) == (2, closing.digest)
        note, new = await held.segment(phone, signed)
        assert (receipt(note).bytes_, new) == ("kept", True)


async def test_a_closing_with_a_wrong_count_does_not_hold(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        await held.segment(phone, film(phone))
        head = (phone.recording, 2, phone.chain.digest, NOW, 0)
        with pytest.raises(DoesNotHold, match="expected segments 1, found segments 2"):
            await held.statement(phone, _signed(phone, Closing(*head, 2, "left"), chained=False))
        assert held.keeper.size == 3


async def test_two_segments_with_one_sha256_do_not_hold(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        first = film(phone)
        await held.segment(phone, first)
        again = _stating(phone, first.sealed or b"")
        with pytest.raises(DoesNotHold, match="sha256: expected one no other segment has"):
            await held.segment(phone, again)
        # Another recording may hold the same bytes: nobody is told that somebody has them.
        other = await held.opened()
        await held.segment(other, _stating(other, first.sealed or b""))


@pytest.mark.parametrize("with_note", [True, False])
async def test_bytes_that_are_not_those_stated_do_not_hold(tmp_path: Path, with_note: bool) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        if not with_note:
            await held.statement(phone, signed)
        sealed = signed.sealed or b""
        bent = sealed[:-1] + bytes([sealed[-1] ^ 1])
        with pytest.raises(DoesNotHold, match="sha256"):
            await held.segment(phone, signed, with_note, bent)
        with pytest.raises(DoesNotHold, match="size"):
            await held.segment(phone, signed, with_note, sealed + b"x")
        note, new = await held.segment(phone, signed, with_note)
        assert (receipt(note).bytes_, new) == ("kept", True)
        # Kept already: something else is still refused, not silently taken for the same.
        with pytest.raises(DoesNotHold, match="sha256"):
            await held.segment(phone, signed, with_note, bent)


@pytest.mark.parametrize("what", ["x25519", "two", "text"])
@pytest.mark.parametrize("with_note", [True, False])
async def test_bytes_that_are_not_sealed_to_one_hybrid_recipient_are_refused(
    tmp_path: Path, what: str, with_note: bool
) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = _stating(phone, _not_sealed(what))
        if not with_note:
            await held.statement(phone, signed)
        before = held.keeper.size
        with pytest.raises((DoesNotHold, AgeError)):
            await held.segment(phone, signed, with_note)
        assert held.keeper.size == before


async def test_a_segment_over_the_limit_is_refused_by_what_it_states(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        large = _stating(phone, bytes(SEGMENT_BYTES + 1))
        with pytest.raises(DoesNotHold, match="size: expected at most 65536"):
            await held.statement(phone, large)


async def test_bytes_need_a_statement_and_a_segments_one(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        with pytest.raises(Malformed, match="Statement header"):
            await held.intake.segment(phone.recording, 1, None, b"age")
        gap = phone.gap(NOW, 0, 1, "muted")
        with pytest.raises(DoesNotHold, match="expected a segment statement, found a gap"):
            await held.intake.segment(phone.recording, 1, gap.note, b"age")
        await held.statement(phone, gap)
        with pytest.raises(DoesNotHold, match="expected a segment statement, found a gap"):
            await held.intake.segment(phone.recording, 1, None, b"age")


async def test_number_and_recording_in_the_address_must_be_the_statements(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone, other = await held.opened(), await held.opened()
        signed = film(phone)
        with pytest.raises(DoesNotHold, match="number: expected 2, found 1"):
            await held.intake.statement(phone.recording, 2, signed.note)
        with pytest.raises(DoesNotHold, match="a signature by"):
            await held.intake.statement(other.recording, 1, signed.note)
        foreign = replace(_statement(signed), recording=other.recording)
        with pytest.raises(DoesNotHold, match="statement"):
            await held.intake.statement(phone.recording, 1, phone.signer.sign(str(foreign)))
        with pytest.raises(Malformed, match="number 0"):
            await held.intake.statement(
                phone.recording, 0, phone.signer.sign(str(replace(_statement(signed), number=0)))
            )


async def test_the_opening_is_no_statement_to_put(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        with pytest.raises(Malformed, match="found an opening"):
            await held.intake.statement(phone.recording, 0, phone.opening.note)


async def test_a_statement_by_another_key_is_refused(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        text = str(_statement(film(phone)))
        stranger = recording_signer(Signer.generate("x"))
        pretender = Signer(phone.signer.name, stranger.private)
        for signer in (stranger, pretender):
            with pytest.raises(DoesNotHold, match="a signature by"):
                await held.intake.statement(phone.recording, 1, signer.sign(text))


async def test_a_statement_with_two_signature_lines_is_refused(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)
        twice = signed.note + signed.note.rpartition(b"\n\n")[2]
        with pytest.raises(Malformed, match="one signature line"):
            await held.intake.statement(phone.recording, 1, twice)


async def test_what_is_not_in_its_one_written_form_is_malformed(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        text = str(_statement(film(phone)))
        bents = [
            text.replace("number 1\n", "number 01\n"),
            text.replace("offset 0\n", "offset +0\n"),
            text.replace(f"time {write_time(NOW)}", "time 2026-11-21T20:14:03Z"),
            text.upper(),
            text + "more 1\n",
            text.replace("\nduration", "\n\nduration"),
        ]
        for bent in bents:
            with pytest.raises(Malformed):
                await held.intake.statement(phone.recording, 1, phone.signer.sign(bent))
        for data in (b"", b"\n\n", b"\xff", text.encode()):
            with pytest.raises(Malformed):
                await held.intake.statement(phone.recording, 1, data)


async def test_an_unknown_recording_is_unknown_and_a_bent_id_malformed(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = held.phone()
        signed = film(phone)
        for ask in (
            held.statement(phone, signed),
            held.segment(phone, signed),
            held.intake.grant(phone.recording, phone.grants[0], None, None),
        ):
            with pytest.raises(Unknown, match="no such recording"):
                await ask
        for check in (held.intake.state, held.intake.check_known):
            with pytest.raises(Unknown):
                check(phone.recording)
            with pytest.raises(Malformed):
                check("../../etc/passwd")


async def test_a_full_disk_refuses_bytes_and_takes_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        signed = film(phone)

        def full(size: int, segment: bool = False) -> None:
            if segment:
                raise DiskFull("0 bytes are free")

        with monkeypatch.context() as patched:
            patched.setattr(held.keeper, "check_room", full)
            with pytest.raises(DiskFull):
                await held.segment(phone, signed)
            await held.statement(phone, signed)
            with pytest.raises(DiskFull):
                await held.segment(phone, signed)
        note, _ = await held.segment(phone, signed)
        assert receipt(note).bytes_ == "kept"
        assert held.keeper.size == 3


async def test_recordings_not_remembered_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "REMEMBERED", 2)
    async with custody(tmp_path) as held:
        phones = [await held.opened() for _ in range(6)]
        for _ in range(3):
            await asyncio.gather(*(held.segment(phone, film(phone)) for phone in phones))
        await asyncio.gather(
            *(
                held.intake.grant(phone.recording, _grant(), None, locator_of(SECRET))
                for phone in phones
            )
        )
        for phone in phones:
            assert held.intake.state(phone.recording).segments == 3
            assert [row.number for row in held.keeper.grants(phone.recording)] == [0, 1]
        await held.segment(phone := await held.opened(), film(phone))
        assert len(held.intake._ends._live) == 2


async def test_what_was_opened_just_now_is_not_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()

        def refuse(*asked: object) -> None:
            raise AssertionError(f"read back: {asked}")

        for query in ("recording", "last_statement", "segment_hashes", "grants"):
            monkeypatch.setattr(held.keeper, query, refuse)
        note, _ = await held.segment(phone, film(phone))
        assert receipt(note).bytes_ == "kept"


# Grants.


async def test_a_grant_is_added_by_the_recordings_key(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        grant = _grant()
        note = await held.intake.grant(phone.recording, grant, _grant_note(phone, grant), None)
        assert receipt(note).bytes_ == "kept"
        assert receipt(note).entry == grant_entry(phone.recording, 1, grant)
        again = await held.intake.grant(phone.recording, grant, _grant_note(phone, grant), None)
        assert again == note
        assert held.keeper.size == 3


async def test_a_grant_is_added_by_whoever_shows_the_locators_secret(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        grant = _grant()
        note = await held.intake.grant(phone.recording, grant, None, locator_of(SECRET))
        assert receipt(note).entry == grant_entry(phone.recording, 1, grant)


async def test_one_grant_sent_many_times_at_once_is_one_and_two_are_two(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        one, other = _grant(), _grant()
        by = locator_of(SECRET)
        notes = await asyncio.gather(
            *(
                held.intake.grant(phone.recording, grant, None, by)
                for grant in (one, other, one, other, one)
            )
        )
        assert notes[0] == notes[2] == notes[4] != notes[1] == notes[3]
        assert [row.data for row in held.keeper.grants(phone.recording)] == [
            *phone.grants,
            one,
            other,
        ]
        assert held.failures == []


async def test_a_grant_without_note_or_with_another_secret_finds_no_recording(
    tmp_path: Path,
) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        for by in (None, locator_of(b"another secret"), b""):
            with pytest.raises(Unknown, match="recording"):
                await held.intake.grant(phone.recording, _grant(), None, by)
        assert held.keeper.size == 2


async def test_a_grant_by_a_note_of_something_else_does_not_hold(tmp_path: Path) -> None:
    async with custody(tmp_path) as held:
        phone, other = await held.opened(), await held.opened()
        grant, another = _grant(), _grant()
        foreign_text = _grant_text(other, grant)
        for note in (
            _grant_note(phone, another),
            _grant_note(other, grant),
            phone.signer.sign(foreign_text),
            LOG.sign(_grant_text(phone, grant)),
        ):
            with pytest.raises(DoesNotHold):
                # A note that does not hold is not made good by a secret beside it.
                await held.intake.grant(phone.recording, grant, note, locator_of(SECRET))
        for text in (
            _grant_text(phone, grant) + "more 1\n",
            _grant_text(phone, grant).replace("v1", "v2"),
            str(_statement(film(phone))),
        ):
            with pytest.raises(Malformed):
                await held.intake.grant(phone.recording, grant, phone.signer.sign(text), None)
        assert held.keeper.size == 4


@pytest.mark.parametrize("what", ["x25519", "two", "text"])
async def test_a_later_grant_must_be_sealed_to_one_hybrid_recipient(
    tmp_path: Path, what: str
) -> None:
    async with custody(tmp_path) as held:
        phone = await held.opened()
        grant = _not_sealed(what)
        with pytest.raises((DoesNotHold, AgeError)):
            await held.intake.grant(phone.recording, grant, _grant_note(phone, grant), None)


# What the tests above say briefly.


async def _open(
    held: Custody, note: bytes, grants: Any, admission: Any = admit
) -> tuple[bytes, bool]:
    return await held.intake.open(note, grants, locator_of(SECRET), None, admission)


async def _refuse() -> None:
    raise Unauthorized("a guest code")


async def _refuse_later() -> None:
    await asyncio.sleep(0)
    raise Unauthorized("a guest code")


async def _error(call: Any) -> BaseException:
    (found,) = await asyncio.gather(call, return_exceptions=True)
    assert isinstance(found, BaseException)
    return found


def _opening(phone: Device, **bent: Any) -> Opening:
    return replace(open_opening(phone.opening.note), **bent)


def _bent_opening(phone: Device, **bent: Any) -> bytes:
    return phone.signer.sign(str(_opening(phone, **bent)))


def _statement(signed: Signed) -> SegmentStatement:
    return SegmentStatement.read(Note.parse(signed.note).text)


def _signed(phone: Device, statement: Any, chained: bool = True) -> Signed:
    return Signed(statement.number, phone.signer.sign(str(statement)))


def _stating(phone: Device, data: bytes) -> Signed:
    """State *data* as a segment without sealing it."""
    number, digest = phone.chain.last + 1, sha256(data).digest()
    statement = SegmentStatement(
        phone.recording, number, phone.chain.digest, NOW, 0, 0, len(data), digest
    )
    return Signed(number, phone.signer.sign(str(statement)), data)


def _copy(phone: Device) -> Device:
    """A second phone with the first one's keys: what must never be, and still is judged."""
    return replace(phone)


def _grant() -> bytes:
    return encrypt(b"an identity\n", [HybridIdentity.generate().recipient])


def _grant_text(phone: Device, grant: bytes) -> str:
    lines = [
        ("recording", phone.recording),
        ("sha256", sha256(grant).hexdigest()),
        ("time", write_time(NOW)),
    ]
    return write_lines("accompany/grant/v1", lines)


def _grant_note(phone: Device, grant: bytes) -> bytes:
    return phone.signer.sign(_grant_text(phone, grant))


def _not_sealed(what: str) -> bytes:
    match what:
        case "x25519":
            return encrypt(b"film", [X25519Identity.generate().recipient])
        case "two":
            holders = [HybridIdentity.generate().recipient for _ in range(2)]
            return encrypt(b"film", holders)
        case _:
            return b64encode(b"film in the clear")
