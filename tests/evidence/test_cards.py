"""Attorney cards and what an organization says of itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.cards import (
    Card,
    License,
    Organization,
    card_verifier,
    fingerprint,
    open_card,
    organization_name,
)
from accompany.ids import CardSerial
from evidence.making import (
    ATTORNEY,
    ATTORNEY_KEY,
    CARD,
    DAY,
    LOG,
    ORGANIZATION,
    ORIGIN,
    RECEIPTS,
    START,
    card,
    signer,
)

ONE = open_card(CARD, ORGANIZATION.verifier)

shown = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029\x85"),
    min_size=1,
    max_size=40,
).map(str.strip)
states = st.lists(st.sampled_from(["AL", "CA", "NY", "TX"]), unique=True).map(sorted)
cards = st.builds(
    lambda serial, name, found, since, span: Card(
        CardSerial(serial), name, str(ATTORNEY.recipient), ATTORNEY_KEY.verifier.key,
        tuple(License(state, "2026-10-01") for state in found), since, since + span,
    ),
    st.from_regex(r"[a-z2-7]{32}", fullmatch=True), shown.filter(bool), states,
    st.integers(0, START), st.integers(0, START),
)  # fmt: skip


@given(cards)
def test_a_card_is_read_as_it_was_written(one):
    assert Card.read(str(one)) == one


@given(st.data())
def test_a_bent_card_is_refused_or_says_just_that(data):
    text = str(ONE)
    position = data.draw(st.integers(0, len(text)))
    drop = data.draw(st.integers(0, 2))
    bent = text[:position] + data.draw(st.text(max_size=2)) + text[position + drop :]
    try:
        assert str(Card.read(bent)) == bent
    except AccompanyError:
        assert bent != text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name Ada Counsel", "name  Ada"),
        ("name Ada Counsel", "name Ada "),
        ("name Ada Counsel", "name "),
        ("license NY 2026-10-01", "license ny 2026-10-01"),
        ("license NY 2026-10-01", "license NY 2026-10-01\nlicense NY 2026-10-02"),
        ("license NY 2026-10-01", "license NY 2026-10-01\nlicense CA 2026-10-01"),
        ("license NY 2026-10-01", "license NY"),
        ("recipient age1pq1", "recipient age1"),
        ("serial a", "serial A"),
    ],
)
def test_another_form_is_refused(old, new):
    assert old in str(ONE)
    with pytest.raises(AccompanyError):
        Card.read(str(ONE).replace(old, new))


def test_a_card_is_the_organizations_word():
    assert open_card(CARD, ORGANIZATION.verifier) == ONE
    for by in (LOG, signer(ORGANIZATION.name, "another")):
        with pytest.raises(DoesNotHold):
            open_card(card(by=by), ORGANIZATION.verifier)


def test_a_card_is_valid_from_since_until_before_until():
    for time, valid in ((START - DAY, True), (START - DAY - 1, False), (START + DAY - 1, True)):
        assert ONE.valid_at(time) == valid
    assert not ONE.valid_at(START + DAY)
    assert open_card(CARD, ORGANIZATION.verifier, START) == ONE
    with pytest.raises(DoesNotHold, match="valid at"):
        open_card(CARD, ORGANIZATION.verifier, START + DAY)


def test_a_card_names_its_states_and_its_key():
    assert ONE.states == {"NY"}
    assert ONE.verifier == card_verifier(ONE.serial, ONE.key) == ATTORNEY_KEY.verifier


def test_a_card_with_a_key_that_signs_for_nobody_is_refused():
    with pytest.raises(DoesNotHold):
        Card.read(str(replace(ONE, key=bytes(32))))


OURS = Organization("Legal Aid", str(ATTORNEY.recipient), LOG.verifier, RECEIPTS.verifier)


def test_an_organization_is_read_as_it_was_written():
    assert Organization.read(str(OURS)) == OURS
    assert OURS.origin == ORIGIN
    assert organization_name(ORIGIN) == ORGANIZATION.name


@pytest.mark.parametrize(
    ("old", "new"),
    [("name Legal Aid", "name \x00"), ("custodian age1pq1", "custodian age1"), ("+", " ")],
)
def test_another_organization_is_refused(old, new):
    with pytest.raises((Malformed, DoesNotHold)):
        Organization.read(str(OURS).replace(old, new))


def test_a_poster_pins_the_organizations_whole_key():
    pinned = fingerprint(ORGANIZATION.verifier)
    assert len(pinned) == 32
    assert pinned != fingerprint(signer(ORGANIZATION.name, "another").verifier)
    assert pinned != fingerprint(signer("another", ORGANIZATION.name).verifier)
