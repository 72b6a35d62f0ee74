"""Opened packages, by the real `open`, and what opening added, bent."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from accompany.client.opening import Choice, open_package
from accompany.evidence import layout
from accompany.evidence.marking import derived_mark
from accompany.evidence.notes import Signer
from corpus.cases import Case
from evidence import making
from evidence.making import ATTORNEY_KEY, CALLER, START, Package

KIND = "what opening added"


def opened(package: Package, sign: Signer = ATTORNEY_KEY, **chosen: object) -> Package:
    """What `accompany open` makes of *package* for its caller; these films are no films to copy."""
    choice = replace(Choice(court_copy=False, certification=False), **chosen)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "x.zip", Path(name) / "y.zip"
        source.write_bytes(package.zipped())
        open_package(source, [CALLER], target, now=START + 900_000, choice=choice, sign=sign)
        with zipfile.ZipFile(target) as archive:
            files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    return replace(package, files=files)


def bent() -> Iterator[Case]:
    from client import test_opening as tests

    good = opened(making.good())
    yield Case("good", "opened", good, holds=frozenset({"media-holds", "opener-known"}))
    part = opened(making.good(), segments=[(3, 4)], reason="privileged")
    yield Case("good", "opened in part", part, holds=frozenset({"segments-withheld"}))
    for name, (change, fails) in tests.BENT.items():
        yield Case(KIND, name, tests.again(good, change(good)), fails, None)
    note, stranger = layout.OPENED_NOTE, making.signer(ATTORNEY_KEY.name, "not hers")
    bad = {note: {"opened-note-signature"}}
    yield Case(KIND, "signed by a stranger", tests.signed(good, stranger), bad)
    states = {note: {"opened-note-states"}}
    yield Case(KIND, "for an earlier state", tests.signed(good, ATTORNEY_KEY, last=3), states)
    none = {path: {"unlisted"} for path in (layout.FILEKEYS, layout.DERIVATION, tests.MEDIA)}
    yield Case(KIND, "an empty list", tests.signed(good, ATTORNEY_KEY, files={}), none)
    yield Case(KIND, "no list", good.having({note: None}), {note: {"file-missing"}})
    yield Case(KIND, "a list in another form", good.having({note: b"x"}), {note: {"form"}})
    own = making.signer(f"opener/{good.recording}", "their own")
    theirs = opened(making.good(), sign=own)
    yield Case("left open", "opened by nobody known", theirs, open=("opener-unknown",))
    vkey, another = str(own.verifier), str(making.signer("somebody").verifier)
    yield Case("good", "opened by the signer given", theirs, signer=vkey)
    yield Case(
        "wrong keys",
        "opened by another than the one given",
        theirs,
        {note: {"opener"}},
        signer=another,
    )
    for name, data in {
        "deep": b'{"result":' + b"[" * 70 + b"]" * 70 + b"}",
        "not a number": b'{"recording":NaN}',
        "a lone surrogate": b'{"recording":"\\ud800\'\\\\","result":{"path":"x","sha256":7}}',
        "no JSON": b"\xef\xbb\xbf{}",
    }.items():
        changed = tests.again(good, {layout.DERIVATION: data})
        yield Case(KIND, f"a derivation that is {name}", changed, fails=None, open=None)
    yield from _court_copies(good, tests)


def _court_copies(good: Package, tests: ModuleType) -> Iterator[Case]:
    """A court copy says in its `moov` that it is derived, and from which original."""
    original = sha256(good.files[tests.MEDIA]).digest()
    mark = derived_mark(good.recording, original).encode()
    path = layout.COURT_COPY
    said = json.loads(good.files[layout.DERIVATION])
    for name, film, fails in (
        ("marked", _box(b"ftyp", b"isom") + _box(b"moov", mark) + _box(b"mdat", b"film"), {}),
        ("not marked", _box(b"moov", b"film"), {path: {"court-copy"}}),
        (
            "marked behind the film",
            _box(b"mdat", b"x") + _box(b"moov", mark),
            {path: {"court-copy"}},
        ),
        ("cut", _box(b"moov", mark)[:-1], {path: {"court-copy"}}),
        ("of boxes beyond reason", b"\x7f" + _box(b"moov", mark)[1:], {path: {"court-copy"}}),
    ):
        derived = {"path": path, "sha256": sha256(film).hexdigest()}
        text = json.dumps({**said, "derived": derived}).encode()
        package = tests.again(good, {path: film, layout.DERIVATION: text})
        yield Case("court copies" if fails else "good", f"a court copy {name}", package, fails)
    unsaid = tests.again(good, {path: _box(b"moov", mark)})
    fails = {layout.DERIVATION: {"derivation"}}
    yield Case("court copies", "one that the derivation does not name", unsaid, fails)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content
