"""Looking further than the package: every case of a log that says more, less, or otherwise."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.errors import Malformed
from accompany.evidence import layout, searching
from accompany.evidence.findings import BEYOND, BEYOND_FAILS, BEYOND_HOLDS, BEYOND_UNCHECKED, TEXTS
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import named_entry, statement_entry
from accompany.evidence.report import Report, as_json, as_text
from evidence import making
from evidence.making import Log, Recording, Server, check, codes, with_after
from evidence.shown import (
    LATE,
    SOON,
    Shown,
    Silent,
    Told,
    ask,
    cut_short,
    first_of,
    noise,
    open_ended,
    told_of,
    whole,
)


def beyond(report: Report) -> dict[str, str]:
    """Return code -> file of what was found by asking the log."""
    return {f.code: f.file for f in report.findings if f.code in BEYOND}


def one(report: Report, code: str):
    (found,) = (finding for finding in report.findings if finding.code == code)
    return found


HELD = {"beyond-continues", "beyond-entries", "beyond-package"}


# ---- All holds ----------------------------------------------------------------------------------


def test_a_closed_recording_that_the_log_holds_exits_0():
    report = ask(whole())
    assert report.exit == 0
    assert set(beyond(report)) == HELD | {"beyond-nothing"}


def test_nothing_is_asked_and_nothing_said_of_the_log_unless_it_is_given():
    report = check(whole().package)
    assert not beyond(report)
    assert report.facts.looked is None
    assert "looked" not in as_json(report)["facts"]
    assert "LOOKED AT" not in as_text(report)


def test_an_open_ended_recording_says_up_to_where_there_is_no_more():
    told = open_ended()
    report = ask(told)
    assert set(beyond(report)) == HELD | {"beyond-end"}
    end = len(told.log.entries) - 1
    assert one(report, "beyond-end").values == {"last": 5, "first": 0, "end": end}
    assert "no-closing" not in codes(report)
    assert report.exit == 2
    assert ask(told, open_ended=True).exit == 0


def test_a_log_no_longer_than_the_package_says_nothing_of_what_came_later():
    told = open_ended()
    size = int(told.package.files[layout.CHECKPOINT].split(b"\n")[1])
    report = ask(told, Shown(told.log, size))
    assert {"no-closing", "beyond-nothing", "beyond-continues"} <= set(codes(report))
    assert "beyond-end" not in codes(report)
    assert set(codes(report, "could not be checked")) == {"no-closing", "beyond-not-yet"}


def test_only_what_is_needed_is_read():
    log = Log()
    log.pad(700)
    seen = log.checkpoint()
    recording = Recording(after=(seen.size, seen.root)).film(4).close()
    told = told_of(recording, log, more=600)
    shown = Shown(log)
    report = ask(told, shown)
    assert report.exit == 0
    assert shown.asked == list(range(700 // 256, (len(log.entries) + 255) // 256))
    assert report.facts.looked is not None
    assert report.facts.looked.first == 512


# ---- A cut tail ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [1, 2, 4, 6])
def test_a_tail_that_the_server_cut_shows_in_the_log(kept):
    told = cut_short(kept)
    assert check(told.package).exit == 2
    assert check(told.package, open_ended=True).exit == 0
    report = ask(told, open_ended=True)
    assert codes(report, "fails") == ["beyond-further"]
    found = one(report, "beyond-further")
    numbers = " ".join(str(number) for number in range(kept, 7))
    index = told.index(kept)
    assert found.file == layout.statement_path(kept - 1)
    assert found.found == f"statements {numbers}, from entry {index} on"


def test_a_statement_after_the_closing_shows_in_the_log():
    told = whole()
    told.log.append(statement_entry(told.recording.notes[0], told.recording.next, b"more"))
    report = ask(told)
    assert codes(report, "fails") == ["beyond-further"]
    assert "the closing" in one(report, "beyond-further").expected


def test_files_cut_off_by_somebody_who_fixed_nothing_are_missed_twice():
    told = whole()
    changed = {
        write(number): None
        for number in (5, 6)
        for write in (layout.statement_path, layout.receipt_path, layout.proof_path)
    }
    cut = told.package.having({**changed, layout.segment_path(5): None})
    report = ask(told, package=cut)
    assert report.exit == 1
    assert {"listed-missing", "beyond-further"} <= set(codes(report, "fails"))


@settings(max_examples=40, deadline=None)
@given(
    kept=st.integers(1, 6),
    before=st.integers(0, 600),
    order=st.randoms(use_true_random=False),
    lost=st.sets(st.integers(0, 6), max_size=5),
)
def test_whatever_the_log_holds_of_the_tail_is_found_in_any_order(kept, before, order, lost):
    """Entries may be missing between, stand among strangers', and in any order."""
    whole_film = Recording().film(4).close()
    log = Log()
    log.pad(before)
    told = told_of(first_of(whole_film, kept), log)
    tail = [number for number in range(kept, 7) if number not in lost]
    order.shuffle(tail)
    for number in tail:
        log.append(replace(told, recording=whole_film).entry(number))
        log.pad(order.randrange(3), f"between {number}")
    report = ask(told, open_ended=True)
    assert (report.exit == 1) == bool(tail)
    if tail:
        numbers = " ".join(map(str, sorted(tail)))
        assert one(report, "beyond-further").found.startswith(f"statements {numbers},")


def test_a_long_tail_is_followed_to_its_end():
    told = open_ended()
    last = 5 + 2 * searching.AHEAD
    for number in range(6, last + 1, 1000):
        told.log.append(statement_entry(told.recording.notes[0], number, b"%d" % number))
    assert "6 1006 2006" in one(ask(told), "beyond-further").found


# ---- A log that contradicts itself, or the package ----------------------------------------------


def other_history(told: Told) -> Log:
    """The same key over other entries, a hundred more of them."""
    log = Log()
    for entry in told.log.entries[:-30]:
        log.append(entry)
    log.pad(130, "another history")
    return log


def test_a_forked_log_fails_loudly_with_both_checkpoints():
    told = whole(more=30)
    fork = Log()
    fork.pad(5, "other")
    for entry in told.log.entries[5:]:
        fork.append(entry)
    fork.pad(100)
    report = ask(told, Shown(fork))
    assert report.exit == 1
    assert beyond(report)["beyond-fork"] == layout.CHECKPOINT
    assert "beyond-continues" not in codes(report)
    page = as_text(report)
    for note in (told.package.files[layout.CHECKPOINT], Shown(fork).checkpoint()):
        for line in note.decode().splitlines():
            assert line in page
    looked = json.loads(json.dumps(as_json(report)))["facts"]["looked"]
    assert looked["package"].encode() == told.package.files[layout.CHECKPOINT]
    assert looked["shown"].encode() == Shown(fork).checkpoint()


def test_a_checkpoint_that_the_log_never_signed_is_no_contradiction_of_it():
    told = whole()
    forger = Signer.from_seed(making.ORIGIN, making.seed("forger"))
    forged = Log()
    forged.pad(31)
    note = forged.checkpoint().sign(forger)
    report = ask(told, package=told.package.having({layout.CHECKPOINT: note}))
    assert "checkpoint-signature" in codes(report, "fails")
    assert "beyond-fork" not in codes(report)


def test_a_log_that_forks_only_after_the_package_is_no_contradiction_of_it():
    told = whole(more=60)
    assert ask(told, Shown(other_history(told))).exit == 0


def test_a_shorter_fork_contradicts_what_the_device_saw():
    told = whole()
    fork = Log()
    fork.pad(22, "other")
    report = ask(told, Shown(fork))
    assert "beyond-fork" in codes(report, "fails")
    assert "beyond-older" in codes(report, "could not be checked")


@pytest.mark.parametrize("number", [0, 3, 6])
def test_an_entry_replaced_in_the_log_is_named(number):
    told = whole()
    log = Log()
    place = told.index(number)
    for index, entry in enumerate(told.log.entries):
        log.append(noise("replaced") if index == place else entry)
    report = ask(told, Shown(log))
    assert {"beyond-fork", "beyond-entry"} <= set(codes(report, "fails"))
    assert one(report, "beyond-entry").file == layout.receipt_path(number)


def test_entries_that_do_not_make_the_signed_root_are_not_believed():
    told = whole()

    def bend(start, entries):
        entries[25] = bytes(64)
        return entries

    report = ask(told, Shown(told.log, bend=bend))
    assert codes(report, "fails") == ["beyond-root"]
    assert set(beyond(report)) == {"beyond-root"}


@pytest.mark.parametrize("count", [-1, 1])
def test_a_log_that_gives_more_or_fewer_entries_than_it_signed_is_not_believed(count):
    told = whole()

    def bend(start, entries):
        return entries[:count] if count < 0 else [*entries, bytes(64)]

    assert set(beyond(ask(told, Shown(told.log, bend=bend)))) == {"beyond-root"}


def test_a_checkpoint_signed_by_another_key_fails():
    told = whole()
    forger = Signer.from_seed(making.ORIGIN, making.seed("forger"))
    report = ask(told, Shown(told.log, signer=forger))
    assert set(beyond(report)) == {"beyond-signature"}
    assert report.exit == 1


def test_two_entries_on_one_slot_are_reported():
    told = whole()
    again = told.log.append(told.entry(3, b"another third statement"))
    report = ask(told)
    assert codes(report, "fails") == ["beyond-twin"]
    found = one(report, "beyond-twin")
    assert found.file == layout.statement_path(3)
    assert found.expected == told.entry(3).digest.hex()
    assert found.found == f"{told.entry(3, b'another third statement').digest.hex()} at {again}"


def test_the_same_entry_twice_is_no_contradiction():
    told = whole()
    told.log.append(told.entry(3))
    assert ask(told).exit == 0


def test_two_lines_of_custody_on_one_slot_are_reported():
    told = whole()
    told.named("custody", 1, b"another first line")
    told.named("custody", 2, b"a second line")
    told.named("custody", 2, b"another second line")
    report = ask(told)
    assert codes(report, "fails") == ["beyond-twin", "beyond-twin"]
    assert one(report, "beyond-more").values["numbers"] == "2"


def test_another_grant_on_a_slot_is_reported():
    told = whole()
    told.named("grant", 0, b"another grant")
    report = ask(told)
    assert beyond(report)["beyond-twin"] == layout.grant_path(0)


# ---- What belongs to the package ----------------------------------------------------------------


def test_one_package_entry_must_match_and_others_may_stand_beside_it():
    told = whole()
    mine = one(ask(told), "beyond-package").values["index"]
    told.named("package", 6, b"another export")
    report = ask(told)
    assert report.exit == 0
    assert one(report, "beyond-package").values["index"] == mine
    note = told.package.files[layout.PACKAGE_NOTE]
    assert told.log.entries[mine].digest == sha256(note).digest()


def test_a_package_that_was_never_logged_fails_once_the_log_must_show_it():
    log, recording = with_after()
    told = told_of(recording.film(2).close(), log, more=3, logged=("grants",))
    soon = ask(told, now=SOON)
    assert codes(soon, "could not be checked") == ["beyond-not-yet"]
    assert soon.exit == 2
    late = ask(told, now=LATE)
    assert codes(late, "fails") == ["beyond-missing"]
    assert one(late, "beyond-missing").file == layout.PACKAGE_NOTE


def test_grants_that_were_never_logged_are_named():
    log, recording = with_after()
    report = ask(told_of(recording.film(2).close(), log, logged=("package",)), now=LATE)
    missing = [f.file for f in report.findings if f.code == "beyond-missing"]
    assert missing == [layout.grant_path(0), layout.grant_path(1)]


def test_a_statement_without_a_receipt_is_looked_for_by_its_slot():
    told = whole()
    package = told.package.having({layout.receipt_path(3): None})
    assert "beyond-missing" not in beyond(ask(told, package=package, now=LATE))
    bare = Log()
    for entry in told.log.entries:
        bare.append(noise("x") if entry == told.entry(3) else entry)
    report = ask(told, Shown(bare), package=package, now=LATE)
    missing = [f.file for f in report.findings if f.code == "beyond-missing"]
    assert missing == [layout.statement_path(3)]


def test_custody_and_grants_since_the_export_are_told_and_fail_nothing():
    told = whole()
    told.named("custody", 2, b"an export")
    told.named("custody", 3, b"a look")
    told.named("grant", 2, b"shared")
    report = ask(told)
    assert report.exit == 0
    more = [f for f in report.findings if f.code == "beyond-more"]
    assert [(f.values["what"], f.values["numbers"]) for f in more] == [
        ("grants", "2"),
        ("lines of the chain of custody", "2 3"),
    ]


@pytest.mark.parametrize(("what", "number"), [("custody", 2), ("grant", 2)])
def test_what_the_log_held_at_the_export_must_be_in_the_package(what, number):
    log, recording = with_after()
    told = Told(recording, making.good(), log)
    told.named(what, number, b"left out")
    report = ask(told_of(recording.film(2).close(), log))
    assert codes(report, "fails") == ["beyond-left-out"]


def test_custody_left_out_on_request_is_told_of():
    log, recording = with_after()
    Told(recording, making.good(), log).named("custody", 1, b"an export")
    report = ask(told_of(recording.film(2).close(), log, Server(log, custody=None)))
    assert report.exit == 0
    assert one(report, "beyond-more").values["numbers"] == "1"


def test_a_tombstone_is_told_of():
    told = whole()
    index = told.log.append(named_entry("deletion", told.recording.id, b"tombstone"))
    report = ask(told)
    assert report.exit == 0
    assert one(report, "beyond-deleted").values == {"index": index}


# ---- A log that cannot be looked at -------------------------------------------------------------


def test_a_log_older_than_the_package_leaves_it_open():
    told = whole()
    size = told.index(3)
    report = ask(told, Shown(told.log, size))
    assert codes(report, "could not be checked") == ["beyond-older"]
    assert one(report, "beyond-older").values["size"] == size
    assert one(report, "beyond-entries").values == {"count": 3, "total": 7}
    assert report.exit == 2


def test_a_log_still_older_days_later_fails():
    told = whole()
    report = ask(told, Shown(told.log, told.index(3)), now=LATE)
    assert codes(report, "fails") == ["beyond-missing"]


@pytest.mark.parametrize("size", [0, 1, 20])
def test_a_log_that_shows_nothing_of_the_recording_yet_leaves_it_open(size):
    told = whole()
    report = ask(told, Shown(told.log, size))
    assert set(beyond(report)) == {"beyond-older"}
    assert report.exit == 2


def test_a_log_that_does_not_answer_leaves_it_open():
    report = ask(whole(), Silent())
    assert set(beyond(report)) == {"beyond-unasked"}
    assert "no answer" in one(report, "beyond-unasked").found
    assert report.exit == 2


@pytest.mark.parametrize("note", [b"", b"<html>", b"a\n1\n\n"])
def test_an_answer_that_is_no_checkpoint_leaves_it_open(note):
    told = whole()
    shown = Shown(told.log)
    shown.checkpoint = lambda: note  # type: ignore[method-assign]
    assert set(beyond(ask(told, shown))) == {"beyond-unasked"}


def test_a_log_that_breaks_off_leaves_it_open_and_says_nothing_more():
    told = cut_short(4)

    def bend(start, entries):
        raise Malformed("entry bundle 0", "an entry is cut short")

    assert set(beyond(ask(told, Shown(told.log, bend=bend)))) == {"beyond-unasked"}


def test_another_log_at_the_address_leaves_it_open():
    stranger = Log(Signer.from_seed("other.example", making.seed("other")))
    stranger.pad(50)
    report = ask(whole(), Shown(stranger))
    assert set(beyond(report)) == {"beyond-other"}
    assert report.exit == 2


def test_without_a_key_or_an_opening_nothing_is_searched():
    told = whole()
    broken = told.package.having({layout.statement_path(0): b"x"})
    assert beyond(ask(told, package=broken)).keys() == {"beyond-unasked"}
    keyless = told.package.having({layout.POLICY: None})
    assert beyond(ask(told, package=keyless, policy=None)).keys() == {"beyond-unasked"}


def test_numbers_beyond_all_counting_are_not_counted_to():
    told = whole()
    far = told.package.having(
        {
            layout.statement_path(10**14): told.recording.notes[3],
            layout.grant_path(10**14): b"x",
            layout.custody_proof_path(10**14): b"x",
        }
    )
    assert ask(told, package=far).exit == 1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_entry_of_the_log_can_be_changed_without_a_word(data):
    """Whatever a log shows instead under its own signature: never exit 0."""
    told = whole(more=0)
    size = int(told.package.files[layout.CHECKPOINT].split(b"\n")[1])
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 511))
    log = Log()
    for at, entry in enumerate(told.log.entries):
        whole_entry = bytearray(bytes(entry))
        if at == index:
            whole_entry[bit // 8] ^= 1 << bit % 8
        log.append(type(entry).parse(bytes(whole_entry)))
    report = ask(told, Shown(log))
    assert "beyond-fork" in codes(report, "fails")


def test_every_finding_has_a_text_and_a_case_here():
    assert not BEYOND.keys() & TEXTS.keys()
    assert len(BEYOND) == len(BEYOND_HOLDS) + len(BEYOND_FAILS) + len(BEYOND_UNCHECKED)
    beside = Path(__file__).parent.glob("test_verify_beyond*.py")
    here = "".join(path.read_text("utf-8") for path in beside)
    assert [code for code in BEYOND if f'"{code}"' not in here] == []
