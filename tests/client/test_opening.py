"""Opening: the film comes out as it went in, everything else stays, and both packages verify."""

import json
import tracemalloc
import zipfile
from argparse import ArgumentParser
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from accompany.client.opening import Choice, NotGranted, open_package
from accompany.client.opening_command import (
    configure_open,
    read_identities,
    read_signer,
    run_open,
    segment_ranges,
    withheld_range,
)
from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence import age, layout
from accompany.evidence.filekeys import FileKey, read_filekeys, write_filekeys
from accompany.evidence.listing import OpenedListing
from accompany.evidence.notes import Note, Signer, Verifier
from accompany.evidence.revocations import Revocation
from accompany.evidence.verify import Trust
from accompany.verifier import verify
from evidence import making
from evidence.making import (
    ATTORNEY,
    ATTORNEY_KEY,
    CALLER,
    START,
    Log,
    Package,
    Recording,
    Server,
    check,
    codes,
    failures,
    sealed,
    with_after,
)

NOW = START + 900_000
MEDIA = "data/media/recording.mp4"
TRUST = Trust(policy=making.POLICY)
STRANGER = age.HybridIdentity(making.seed("a stranger's key"))


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


BARE = Choice(court_copy=False, certification=False)
"""What these made-up films are no films for; test_court_copy and test_certification have real."""


def opened(folder: Path, package: Package, identities=(CALLER,), sign=ATTORNEY_KEY, **chosen):
    """Open *package* through files; return what the opened one holds."""
    (folder / "sealed.zip").write_bytes(package.zipped())
    choice = replace(BARE, **chosen)
    target = folder / "opened.zip"
    open_package(folder / "sealed.zip", identities, target, now=NOW, choice=choice, sign=sign)
    return replace(package, files=unzipped(folder / "opened.zip"))


GOOD = making.good()
SEGMENTS = [1, 2, 3, 4, 6, 7]


@cache
def good_opened(folder: Path) -> Package:
    return opened(folder, GOOD)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return good_opened(tmp_path_factory.mktemp("opened"))


# ---- What comes out -----------------------------------------------------------------------------


def test_the_film_is_the_segments_one_after_the_other(example):
    assert example.files[MEDIA] == b"".join(making.plaintext(n) for n in SEGMENTS)


def test_everything_sealed_stays_byte_for_byte(example):
    kept = {path: data for path, data in GOOD.files.items() if path.startswith("data/")}
    assert kept.items() <= example.files.items()
    added = {path for path in example.files if path.startswith("data/")} - kept.keys()
    assert added == {layout.FILEKEYS, layout.DERIVATION, layout.OPENED_NOTE, MEDIA}


def test_the_opened_package_verifies_by_the_attorneys_card(example):
    report = check(example)
    assert report.exit == 0
    assert {"filekeys-hold", "media-holds", "opened-note-holds", "opener-known"} <= set(
        codes(report)
    )
    assert report.facts.opened


def test_the_file_on_disk_verifies_too(tmp_path):
    opened(tmp_path, GOOD)
    assert verify(tmp_path / "opened.zip", TRUST).exit == 0


@pytest.mark.parametrize(
    "identity", [CALLER, ATTORNEY, making.identity("film")], ids=["caller", "attorney", "its own"]
)
def test_whoever_was_granted_it_opens_it(tmp_path, identity):
    package = opened(tmp_path, GOOD, identities=[STRANGER, identity])
    assert package.files[MEDIA] == b"".join(making.plaintext(n) for n in SEGMENTS)


def test_opening_takes_flat_memory(tmp_path):
    """48 MiB of film: no more than a few segments of one MiB are ever held."""
    recording = Recording()
    recipient = making.identity("film").recipient
    for number in range(48):
        plain = bytes([number]) * 1024 * 1024
        recording.segment(data=age.encrypt(plain, [recipient]))
    source, target = tmp_path / "sealed.zip", tmp_path / "opened.zip"
    source.write_bytes(sealed(recording.close()).zipped())
    del recording
    tracemalloc.start()
    open_package(source, [CALLER], target, now=NOW, choice=BARE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert target.stat().st_size > 96 * 1024 * 1024
    assert peak < 12 * 1024 * 1024


def test_whoever_was_not_granted_it_does_not_and_leaves_nothing(tmp_path):
    with pytest.raises(NotGranted, match=GOOD.recording):
        opened(tmp_path, GOOD, identities=[STRANGER])
    assert [path.name for path in tmp_path.iterdir()] == ["sealed.zip"]


def test_a_grant_that_holds_another_recordings_key_opens_nothing(tmp_path):
    recording = Recording(holders=(ATTORNEY,)).film(1).close()
    recording.grants[1] = making.grant("other", CALLER)
    with pytest.raises(NotGranted):
        opened(tmp_path, sealed(recording), identities=[CALLER])


def test_the_recordings_key_is_not_given_away(example):
    secret = making.identity("film")
    for data in example.files.values():
        assert str(secret).encode() not in data
        assert secret.seed not in data
        assert secret.seed.hex().encode() not in data


def test_the_derivation_says_from_what_and_how(example):
    said = json.loads(example.files[layout.DERIVATION])
    assert said["recording"] == GOOD.recording
    assert [one["number"] for one in said["source"]["segments"]] == SEGMENTS
    assert said["result"]["sha256"] == making.sha256(example.files[MEDIA]).hexdigest()
    assert said["location"] == "not collected"


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ("video/webm;codecs=vp8,opus", "recording.webm"),
        ("audio/wav", "recording.wav"),
        ("audio/mp4", "recording.m4a"),
        ("text/plain", "recording.txt"),
        ("application/unheard-of", "recording.bin"),
    ],
)
def test_the_film_is_called_after_its_media(tmp_path, media, name):
    package = opened(tmp_path, sealed(Recording(media=media).film(1).close()))
    assert f"data/media/{name}" in package.files
    assert check(package).exit == 0


# ---- Showing a part ----------------------------------------------------------------------------


def test_chosen_segments_are_shown_and_the_first_always(tmp_path):
    package = opened(tmp_path, GOOD, segments=segment_ranges("3-4,7"), reason="privileged")
    assert package.files[MEDIA] == b"".join(making.plaintext(n) for n in (1, 3, 4, 7))
    lines = read_filekeys(package.files[layout.FILEKEYS])
    assert [(line.number, line.reason) for line in lines if line.key is None] == [
        (2, "privileged"),
        (6, "privileged"),
    ]
    report = check(package)
    assert report.exit == 0
    assert "segments-withheld" in codes(report)


def test_stretches_are_withheld_each_for_its_reason(tmp_path):
    chosen = [withheld_range("3-4=privileged"), withheld_range("7=a minor's face")]
    package = opened(tmp_path, GOOD, withhold=chosen)
    assert package.files[MEDIA] == b"".join(making.plaintext(n) for n in (1, 2, 6))
    assert withheld(package) == {3: "privileged", 4: "privileged", 7: "a minor's face"}
    said = json.loads(package.files[layout.DERIVATION])["source"]["withheld"]
    assert said == [
        {"segments": "3-4", "reason": "privileged"},
        {"segments": "7", "reason": "a minor's face"},
    ]
    assert check(package).exit == 0


def test_a_stretch_to_show_and_one_of_it_to_withhold(tmp_path):
    chosen = {"segments": [(3, 7)], "reason": "before", "withhold": [([(4, 4)], "privileged")]}
    package = opened(tmp_path, GOOD, **chosen)
    assert withheld(package) == {2: "before", 4: "privileged"}
    assert check(package).exit == 0


def withheld(package: Package) -> dict[int, str]:
    lines = read_filekeys(package.files[layout.FILEKEYS])
    return {line.number: line.reason for line in lines if line.key is None}


def test_the_beginning_is_never_withheld(tmp_path):
    with pytest.raises(DoesNotHold, match="beginning of the film"):
        opened(tmp_path, GOOD, withhold=[([(1, 3)], "privileged")])
    with pytest.raises(DoesNotHold, match="segments 1 to 7"):
        opened(tmp_path, GOOD, withhold=[([(8, 9)], "privileged")])


def test_what_is_no_film_has_no_court_copy_and_that_is_said(tmp_path):
    package = opened(tmp_path, GOOD, court_copy=True)
    assert layout.COURT_COPY not in package.files
    said = json.loads(package.files[layout.DERIVATION])["derived"]
    assert "cannot be read as video/mp4" in said["none"]
    assert check(package).exit == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["opened.zip", "sealed.zip"]


def test_a_key_shown_opens_only_its_own_segment(example):
    lines = read_filekeys(example.files[layout.FILEKEYS])
    second, third = (line.key for line in lines[1:3])
    data = example.files[layout.segment_path(2)]
    assert age.decrypt_with_file_key(data, second) == making.plaintext(2)
    with pytest.raises(AccompanyError):
        age.decrypt_with_file_key(data, third)


def test_numbers_of_no_segment_are_refused(tmp_path):
    with pytest.raises(DoesNotHold, match="segments 1 to 7"):
        opened(tmp_path, GOOD, segments=segment_ranges("5,8-9"))


def test_segments_that_never_arrived_are_listed_with_that_reason(tmp_path):
    log, recording = with_after("awaited")
    recording.film(2).segment(arrived=False).segment().close()
    package = opened(tmp_path, sealed(recording, Server(log)))
    lines = read_filekeys(package.files[layout.FILEKEYS])
    assert [line.reason for line in lines if line.key is None] == ["its bytes have not arrived"]
    assert codes(check(package), "fails", "could not be checked") == ["awaited"]


def test_one_damaged_segment_does_not_lock_away_the_others(tmp_path):
    whole = bytearray(GOOD.zipped())
    whole[whole.index(GOOD.files[layout.segment_path(3)]) + 1900] ^= 1
    (tmp_path / "bent.zip").write_bytes(whole)
    result = open_package(tmp_path / "bent.zip", [CALLER], tmp_path / "y.zip", now=NOW, choice=BARE)
    assert result.withheld == (3,)
    files = unzipped(tmp_path / "y.zip")
    assert files[MEDIA] == b"".join(making.plaintext(n) for n in SEGMENTS if n != 3)
    assert b"3 withheld damaged" in files[layout.FILEKEYS]
    assert verify(tmp_path / "y.zip", TRUST).exit == 1


def test_without_its_beginning_nothing_can_be_shown(tmp_path):
    package = sealed(Recording().film(2).close())
    with pytest.raises(DoesNotHold, match="beginning of the film"):
        opened(tmp_path, package.having({layout.segment_path(1): None}))
    with pytest.raises(DoesNotHold, match="segments to show"):
        opened(tmp_path, sealed(Recording().close()))


# ---- Who opened it -----------------------------------------------------------------------------


def test_a_key_made_for_the_package_shows_changes_to_whoever_is_told_it(tmp_path):
    (tmp_path / "x.zip").write_bytes(GOOD.zipped())
    result = open_package(tmp_path / "x.zip", [CALLER], tmp_path / "y.zip", now=NOW, choice=BARE)
    assert result.own_key
    package = replace(GOOD, files=unzipped(tmp_path / "y.zip"))
    assert codes(check(package), "could not be checked") == ["opener-unknown"]
    assert check(package, signer=result.key).exit == 0
    other = check(package, signer=making.signer("somebody").verifier)
    assert failures(other) == {layout.OPENED_NOTE: {"opener"}}


def test_the_attorneys_key_without_a_card_that_is_believed_stays_open(tmp_path):
    log, recording = with_after()
    package = opened(tmp_path, sealed(recording.film(1).close(), Server(log, card=None)))
    assert codes(check(package), "could not be checked") == ["opener-unknown"]
    package = opened(tmp_path, GOOD, sign=making.signer(ATTORNEY_KEY.name, "not hers"))
    assert codes(check(package), "could not be checked") == ["opener-unknown"]


@pytest.mark.parametrize(
    ("revoked", "open_"),
    [
        (Revocation(making.SERIAL, NOW + 1), []),
        (Revocation(making.SERIAL, NOW), ["opener-revoked"]),
        (Revocation(making.SERIAL, NOW + 9, NOW + 5), ["opener-lost"]),
        (Revocation(making.SERIAL, NOW + 9, START - 1), ["card-lost", "opener-lost"]),
    ],
)
def test_who_opened_it_is_known_unless_the_card_had_ended_or_its_key_was_lost(
    tmp_path, revoked, open_
):
    """A lost key signs what it likes, dated back: only an ended service is judged by its time."""
    log, recording = with_after()
    sealed_package = sealed(recording.film(1).close(), Server(log, revoked=revoked))
    package = opened(tmp_path, sealed_package)
    report = check(package)
    assert codes(report, "fails", "could not be checked") == open_
    assert ("opener-known" in codes(report)) is not bool({*open_} - {"card-lost"})
    # Whoever is told the key by its holder needs no card.
    key = ATTORNEY_KEY.verifier
    assert "opener-known" in codes(check(package, signer=key), "holds")


# ---- Bent opened packages ----------------------------------------------------------------------


def again(package: Package, changed: dict[str, bytes | None]) -> Package:
    """Change files, and let the attorney sign the list of them again: only the content is wrong."""
    changed_package = package.having(changed)
    note = Note.parse(package.files[layout.OPENED_NOTE], 1 << 20)
    listing = OpenedListing.read(note.text)
    files = {
        path: making.sha256(data).digest()
        for path, data in changed_package.files.items()
        if (place := layout.place(path)) and place.of_opening and path != layout.OPENED_NOTE
    }
    signed = ATTORNEY_KEY.sign(str(replace(listing, files=files)))
    return changed_package.having({layout.OPENED_NOTE: signed})


def keys(example: Package) -> list[FileKey]:
    return read_filekeys(example.files[layout.FILEKEYS])


def swapped_keys(example: Package) -> bytes:
    lines = keys(example)
    lines[1], lines[2] = replace(lines[1], key=lines[2].key), replace(lines[2], key=lines[1].key)
    return write_filekeys(lines)


BENT = {
    "keys of other segments": (
        lambda it: {layout.FILEKEYS: swapped_keys(it)},
        {
            layout.segment_path(2): {"filekey"},
            layout.segment_path(3): {"filekey"},
            MEDIA: {"media"},
        },
    ),
    "a line too few": (
        lambda it: {layout.FILEKEYS: write_filekeys(keys(it)[:-1])},
        {layout.FILEKEYS: {"filekeys-lines"}, MEDIA: {"media"}},
    ),
    "the first segment withheld": (
        lambda it: {
            layout.FILEKEYS: write_filekeys([FileKey(1, None, "no"), *keys(it)[1:]]),
            MEDIA: it.files[MEDIA].removeprefix(making.plaintext(1)),
        },
        {layout.FILEKEYS: {"filekeys-first"}, layout.DERIVATION: {"derivation"}},
    ),
    "no keys": (lambda it: {layout.FILEKEYS: None}, {layout.FILEKEYS: {"file-missing"}}),
    "keys in another form": (lambda it: {layout.FILEKEYS: b"1 x\n"}, {layout.FILEKEYS: {"form"}}),
    "another film": (
        lambda it: {MEDIA: it.files[MEDIA][:-1] + b"x"},
        {MEDIA: {"media"}, layout.DERIVATION: {"derivation"}},
    ),
    "a longer film": (
        lambda it: {MEDIA: it.files[MEDIA] + b"x"},
        {MEDIA: {"media"}, layout.DERIVATION: {"derivation"}},
    ),
    "a film under another name": (
        lambda it: {MEDIA: None, "data/media/recording.webm": it.files[MEDIA]},
        {
            MEDIA: {"file-missing"},
            "data/media/recording.webm": {"file-orphan"},
            layout.DERIVATION: {"derivation"},
        },
    ),
    "a derivation of something else": (
        lambda it: {
            layout.DERIVATION: it.files[layout.DERIVATION].replace(
                GOOD.recording.encode(), b"a" * 32
            )
        },
        {layout.DERIVATION: {"derivation"}},
    ),
    "a derivation that is none": (
        lambda it: {layout.DERIVATION: b"[]"},
        {layout.DERIVATION: {"form"}},
    ),
    "no derivation": (lambda it: {layout.DERIVATION: None}, {layout.DERIVATION: {"file-missing"}}),
}


@pytest.mark.parametrize("case", BENT)
def test_what_opening_added_is_checked_though_its_list_was_signed_again(example, case):
    change, expected = BENT[case]
    report = check(again(example, change(example)))
    assert failures(report) == expected
    assert report.exit == 1


def signed(example: Package, by: Signer, **changed) -> Package:
    note = Note.parse(example.files[layout.OPENED_NOTE], 1 << 20)
    listing = replace(OpenedListing.read(note.text), **changed)
    return example.having({layout.OPENED_NOTE: by.sign(str(listing))})


def test_the_list_of_what_opening_added_is_checked(example):
    note = layout.OPENED_NOTE
    stranger = making.signer(ATTORNEY_KEY.name, "not hers")
    assert failures(check(signed(example, stranger))) == {note: {"opened-note-signature"}}
    assert failures(check(signed(example, ATTORNEY_KEY, last=3))) == {note: {"opened-note-states"}}
    assert failures(check(signed(example, ATTORNEY_KEY, files={}))) == {
        path: {"unlisted"} for path in (layout.FILEKEYS, layout.DERIVATION, MEDIA)
    }
    assert failures(check(example.having({note: None}))) == {note: {"file-missing"}}
    assert failures(check(example.having({note: b"x"}))) == {note: {"form"}}


@pytest.mark.parametrize("path", [layout.FILEKEYS, MEDIA, layout.DERIVATION, layout.OPENED_NOTE])
def test_a_changed_byte_of_what_opening_added_is_found(example, path):
    data = example.files[path]
    for position in {0, 3, len(data) // 2, len(data) - 2}:
        bent = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        report = check(example.having({path: bent}))
        assert report.exit == 1
        assert path in failures(report)


# ---- What is refused ---------------------------------------------------------------------------


def test_an_opened_package_is_not_opened_again(tmp_path, example):
    with pytest.raises(Malformed, match="opened already"):
        opened(tmp_path, example)


def test_the_package_is_never_written_over(tmp_path):
    (tmp_path / "x.zip").write_bytes(GOOD.zipped())
    with pytest.raises(DoesNotHold, match="another file"):
        open_package(tmp_path / "x.zip", [CALLER], tmp_path / "x.zip", now=NOW, choice=BARE)
    assert (tmp_path / "x.zip").read_bytes() == GOOD.zipped()


@pytest.mark.parametrize(
    "data", [b"no ZIP", GOOD.zipped() + b"x", making.Package("x", {"a": b""}).zipped()]
)
def test_what_is_no_sound_package_is_refused(tmp_path, data):
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(Malformed):
        open_package(tmp_path / "x.zip", [CALLER], tmp_path / "y.zip", now=NOW, choice=BARE)
    assert not (tmp_path / "y.zip").exists()


def test_a_statement_by_somebody_else_is_refused(tmp_path):
    recording = Recording().film(2)
    recording.bent(by=Recording("other").signer).close()
    with pytest.raises(AccompanyError, match="statement 3"):
        opened(tmp_path, sealed(recording, Server(Log())))


def test_a_reason_of_two_lines_is_refused(tmp_path):
    with pytest.raises(Malformed, match="reason"):
        opened(tmp_path, GOOD, segments=[(2, 2)], reason="one\ntwo")


# ---- The command -------------------------------------------------------------------------------


def run(*arguments: object) -> int:
    parser = ArgumentParser()
    configure_open(parser)
    return run_open(parser.parse_args([str(one) for one in arguments]))


def test_the_command_opens_and_says_how_to_verify(tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(GOOD.zipped())
    (tmp_path / "key").write_text(f"# mine\n\n{CALLER}\n")
    bare = ["--no-court-copy", "--no-certification"]
    command = [tmp_path / "x.zip", "--identity", tmp_path / "key", "-o", tmp_path / "y.zip", *bare]
    assert run(*command) == 0
    said = capsys.readouterr().out
    assert "6 segments shown, 0 withheld" in said
    vkey = said.partition("--signer '")[2].partition("'")[0]
    report = verify(tmp_path / "y.zip", Trust(policy=making.POLICY, signer=Verifier.parse(vkey)))
    assert report.exit == 0


def test_the_command_signs_with_a_key_file_and_speaks_json(tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(GOOD.zipped())
    (tmp_path / "key").write_text(f"{CALLER}\n")
    (tmp_path / "sign").write_text(f"# the card's key\n{ATTORNEY_KEY.written()}\n")
    bare = ["--no-court-copy", "--no-certification"]
    command = [tmp_path / "x.zip", "--identity", tmp_path / "key", "-o", tmp_path / "y.zip", *bare]
    assert run(*command, "--sign", tmp_path / "sign", "--segments", "2-3", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["key"] == str(ATTORNEY_KEY.verifier)
    assert (said["shown"], said["withheld"]) == ([1, 2, 3], [4, 6, 7])
    assert verify(tmp_path / "y.zip", TRUST).exit == 0


def test_the_command_says_in_a_sentence_what_went_wrong(tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(GOOD.zipped())
    (tmp_path / "key").write_text(f"{STRANGER}\n")
    bare = ["--no-court-copy", "--no-certification"]
    command = [tmp_path / "x.zip", "--identity", tmp_path / "key", "-o", tmp_path / "y.zip", *bare]
    assert run(*command) == 1
    error = capsys.readouterr().err
    assert error.startswith("accompany open: this key was not granted")
    assert "AGE-SECRET" not in error


def test_key_files_are_read_with_comments_and_never_repeated(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# two\n{CALLER}\n  {ATTORNEY}  \n")
    assert read_identities(path) == [CALLER, ATTORNEY]
    for text in ("", "# nothing\n", "AGE-SECRET-KEY-PQ-1SECRETSECRET\n"):
        path.write_text(text)
        with pytest.raises(Malformed) as raised:
            read_identities(path)
        assert "SECRETSECRET" not in str(raised.value)
    path.write_text("PRIVATE+KEY+name+00000000+SECRETSECRET\n")
    with pytest.raises(AccompanyError) as raised:
        read_signer(path)
    assert "SECRETSECRET" not in str(raised.value)
    path.write_text(f"{ATTORNEY_KEY.written()}\n")
    assert read_signer(path).verifier == ATTORNEY_KEY.verifier


def test_segments_are_read_as_people_write_them():
    assert segment_ranges("3-90") == [(3, 90)]
    assert segment_ranges("3-90, 95") == [(3, 90), (95, 95)]
    parser = ArgumentParser()
    configure_open(parser)
    for bad in ("", "x", "9-3", "3-", "-3", "1,,2"):
        with pytest.raises(SystemExit):
            parser.parse_args(["x", "--identity", "k", "-o", "y", f"--segments={bad}"])
    assert withheld_range("12-20,31=privileged = yes") == ([(12, 20), (31, 31)], "privileged = yes")
    for bad in ("12-20", "12-20=", "=privileged", "20-12=x"):
        with pytest.raises(SystemExit):
            parser.parse_args(["x", "--identity", "k", "-o", "y", f"--withhold={bad}"])
