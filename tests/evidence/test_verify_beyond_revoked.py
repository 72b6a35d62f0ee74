"""Asking the log for the end of a card: what the package could not know, and what it left out."""

from dataclasses import replace

from accompany.evidence import layout
from accompany.evidence.revocations import revocation_entry
from client.test_opening import opened
from evidence import making
from evidence.making import SERIAL, Log, Recording, Server, codes
from evidence.shown import ask, told_of
from evidence.test_revocations import ENDED
from evidence.test_verify import film


def test_a_revocation_entered_after_the_package_was_made_is_told():
    told = told_of(film().close())
    at = told.log.append(revocation_entry(SERIAL, b"a note"))
    report = ask(told)
    assert report.exit == 0
    (found,) = (one for one in report.findings if one.code == "beyond-revoked")
    assert (found.file, found.values) == (layout.CARD, {"index": at})


def test_it_leaves_open_who_opened_a_package_by_that_card(tmp_path):
    """The log has but a digest: whether the key was lost, a package fetched now says."""
    told = told_of(film().close())
    package = opened(tmp_path, told.package)
    assert ask(told, package=package).exit == 0
    at = told.log.append(revocation_entry(SERIAL, b"a note"))
    report = ask(told, package=package)
    assert codes(report, "fails", "could not be checked") == ["beyond-opener"]
    assert [one.values for one in report.findings if one.code == "beyond-opener"] == [{"index": at}]
    assert ask(told, package=package, signer=making.ATTORNEY_KEY.verifier).exit == 0


def test_a_revocation_that_the_package_should_have_shown_fails():
    log, recording = making.with_after()
    server = Server(log, revoked=ENDED, bend=lambda contents: replace(contents, revocation=None))
    report = ask(told_of(recording.film(2).close(), log, server))
    assert codes(report, "fails") == ["beyond-left-out"]


def test_one_that_the_package_shows_is_said_once_and_a_second_one_fails():
    log = Log()
    told = told_of(film().close(), log, Server(log, revoked=ENDED))
    report = ask(told)
    assert report.exit == 0
    assert not {"beyond-revoked", "beyond-left-out"} & set(codes(report))
    log.append(revocation_entry(SERIAL, b"another note"))
    assert codes(ask(told), "fails") == ["beyond-twin"]


def test_one_before_the_recording_that_the_server_hides_is_not_found_and_not_denied():
    """The log is read from the recording's own bundle on: what is said names from where."""
    log = Log()
    log.append(revocation_entry(SERIAL, b"a note that the package does not show"))
    log.pad(300)
    seen = log.checkpoint()
    told = told_of(Recording("film", after=(seen.size, seen.root)).film(2).close(), log)
    report = ask(told)
    assert report.exit == 0
    assert not {"beyond-revoked", "beyond-left-out", "card-revoked"} & set(codes(report))
    searched = [one.values for one in report.findings if one.code == "beyond-nothing"]
    assert [one["first"] for one in searched] == [256]
    # Within that bundle it is found, whoever left it out.
    log = Log()
    log.append(revocation_entry(SERIAL, b"a note that the package does not show"))
    seen = log.checkpoint()
    told = told_of(Recording("film", after=(seen.size, seen.root)).film(2).close(), log)
    assert codes(ask(told), "fails") == ["beyond-left-out"]
