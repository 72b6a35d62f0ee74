"""Cards that count no more: the note, and what both ends of a card mean for a package of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import Malformed
from accompany.evidence import layout
from accompany.evidence.receipts import named_entry
from accompany.evidence.revocations import Revocation, revocation_entry
from accompany.evidence.text import write_time
from evidence import making
from evidence.making import DAY, RECEIPTS, SERIAL, START, Log, Package, Server, check, codes, sealed
from evidence.test_verify import STRANGER, film, other

LATER = START + 2 * 60_000
ENDED = Revocation(SERIAL, LATER)
LOST = Revocation(SERIAL, LATER, START - DAY)
LOST_LATER = Revocation(SERIAL, LATER, START + 60_000)


def having(revoked: Revocation, first: bool = False) -> Package:
    return sealed(film().close(), Server(Log(), revoked=revoked, revoked_first=first))


@given(time=st.integers(0, 2**45), lost=st.none() | st.integers(0, 2**45))
def test_a_revocation_is_read_as_it_was_written_or_refused(time, lost):
    one = Revocation(SERIAL, time, lost)
    if lost is not None and lost > time:
        with pytest.raises(Malformed):
            Revocation.read(str(one))
    else:
        assert Revocation.read(str(one)) == one


@pytest.mark.parametrize(
    "bend",
    [
        lambda text: text.replace("v1", "v2"),
        lambda text: text + "reason left\n",
        lambda text: text.replace("serial", "card"),
        lambda text: text[:-1],
        lambda text: text.replace("lost ", "lost  "),
    ],
)
def test_another_form_is_refused(bend):
    with pytest.raises(Malformed):
        Revocation.read(bend(str(LOST)))


def test_its_entry_is_found_by_whoever_has_the_card():
    assert revocation_entry(SERIAL, b"x") == named_entry("revocation", SERIAL, b"x")


# ---- In a package -------------------------------------------------------------------------------


def test_a_card_revoked_later_is_told_and_holds():
    report = check(having(ENDED))
    assert report.exit == 0
    (found,) = (one for one in report.findings if one.code == "card-ended")
    assert found.values == {"time": write_time(LATER)}


def test_a_card_revoked_before_the_recording_began_leaves_open_who_answered():
    report = check(having(ENDED, first=True))
    assert codes(report, "fails", "could not be checked") == ["card-revoked"]
    assert report.exit == 2


def test_places_in_the_log_decide_and_not_what_clocks_say():
    early = Revocation(SERIAL, START - DAY)
    assert "card-ended" in codes(check(having(early)), "holds")


def test_a_key_lost_before_the_recording_leaves_open_who_answered():
    report = check(having(LOST))
    assert codes(report, "fails", "could not be checked") == ["card-lost"]
    assert report.exit == 2


def test_a_key_lost_after_it_began_is_told_and_holds():
    report = check(having(LOST_LATER))
    assert report.exit == 0
    assert "card-lost-later" in codes(report, "holds")


def changed(package: Package, **files: bytes | None) -> Package:
    names = {"note": layout.REVOCATION, "proof": layout.REVOCATION_PROOF, "card": layout.CARD}
    return package.having({names[name]: data for name, data in files.items()})


def another_card() -> Package:
    return having(Revocation(making.CardSerial("b" * 32), LATER))


def by_a_stranger() -> Package:
    server = Server(Log(), revoked=ENDED)

    def bend(contents):
        forged = other(RECEIPTS).sign(str(ENDED))
        return making.replace(contents, revocation=making.Proved(forged, b"no proof"))

    return sealed(film().close(), making.replace(server, bend=bend))


BENT = {
    "of another card": (
        another_card,
        {layout.REVOCATION: {"revocation-card"}, layout.REVOCATION_PROOF: {"proof"}},
    ),
    "by a stranger": (
        by_a_stranger,
        {layout.REVOCATION: {"revocation-signature"}, layout.REVOCATION_PROOF: {"form"}},
    ),
    "in another form": (
        lambda: changed(having(ENDED), note=b"nothing"),
        {
            layout.REVOCATION: {"form", "listed-sha256"},
            layout.REVOCATION_PROOF: {"proof"},
        },
    ),
    "dated back": (
        lambda: changed(having(ENDED), note=RECEIPTS.sign(str(LOST))),
        {layout.REVOCATION: {"listed-sha256"}, layout.REVOCATION_PROOF: {"proof"}},
    ),
    "without its proof": (
        lambda: changed(having(ENDED), proof=None),
        {layout.REVOCATION_PROOF: {"file-missing", "listed-missing"}},
    ),
    "taken out, its proof left": (
        lambda: changed(having(ENDED), note=None),
        {layout.REVOCATION: {"file-missing", "listed-missing"}},
    ),
    "both taken out": (
        lambda: changed(having(ENDED), note=None, proof=None),
        {
            layout.REVOCATION: {"listed-missing"},
            layout.REVOCATION_PROOF: {"listed-missing"},
        },
    ),
    "of a card that is not there": (
        lambda: changed(having(ENDED), card=None),
        {
            layout.CARD: {"listed-missing"},
            layout.REVOCATION: {"file-orphan"},
            layout.REVOCATION_PROOF: {"file-orphan"},
        },
    ),
    "signed twice": (
        lambda: changed(having(ENDED), note=STRANGER.sign(str(ENDED))),
        {
            layout.REVOCATION: {"revocation-signature", "listed-sha256"},
            layout.REVOCATION_PROOF: {"proof"},
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BENT)
def test_a_revocation_that_does_not_hold_fails_and_says_nothing_of_the_card(case):
    make, expected = BENT[case]
    report = check(make())
    assert making.failures(report) == expected
    assert not {"card-ended", "card-revoked", "card-lost"} & set(codes(report))


def test_links_given_and_taken_back_are_told():
    lines = (b"pass given", b"pass given", b"pass withdrawn", b"export")
    custody = tuple(b'{"what":"' + line + b'"}\n' for line in lines)
    report = check(sealed(film().close(), Server(Log(), custody=custody)))
    (found,) = (one for one in report.findings if one.code == "custody-links")
    assert (found.values, report.exit) == ({"given": 2, "back": 1}, 0)
