"""Cards that count no more, in sealed and in opened packages."""

from collections.abc import Iterator
from dataclasses import replace

from accompany.evidence import layout
from accompany.evidence.revocations import Revocation
from corpus.cases import Case, flipped
from corpus.opened import opened
from evidence import making, test_revocations
from evidence.making import DAY, SERIAL, START, Log, Recording, Server, sealed
from evidence.test_revocations import ENDED, LATER, LOST, LOST_LATER, having

KIND = "revoked cards"
AFTER_OPENING = START + 2 * DAY


def cases() -> Iterator[Case]:
    told = frozenset({"card-ended"})
    yield Case("good", "a card revoked later", having(ENDED), holds=told)
    lost = frozenset({"card-lost-later"})
    yield Case("good", "a key lost later", having(LOST_LATER), holds=lost)
    early = Revocation(SERIAL, START - DAY)
    yield Case("good", "a card revoked later by a slow clock", having(early), holds=told)
    before = having(ENDED, first=True)
    yield Case("left open", "a card revoked before", before, open=("card-revoked",))
    yield Case("left open", "a key lost before", having(LOST), open=("card-lost",))
    keyless = "quorum none\n"
    unknown = Server(Log(), revoked=ENDED, policy=keyless)
    codes = ("policy-none", "keys-unknown", "keys-unknown", "card-organization")
    package = sealed(Recording().film(3).close(), unknown)
    yield Case("left open", "a revoked card and no key at all", package, open=codes, policy=None)
    for name, (make, fails) in test_revocations.BENT.items():
        yield Case(KIND, f"a revocation {name}", make(), fails, None)
    lines = tuple(b'{"what":"%s"}\n' % what for what in (b"pass given", b"pass withdrawn", b"x"))
    package = sealed(Recording().film(3).close(), Server(Log(), custody=lines))
    yield Case("good", "a link taken back", package, holds=frozenset({"custody-links"}))
    yield from _flipped()
    yield from _opened()


def _flipped() -> Iterator[Case]:
    package = having(LOST_LATER)
    for path in (layout.REVOCATION, layout.REVOCATION_PROOF):
        data = package.files[path]
        for where, at in (("first", 0), ("middle", len(data) // 2), ("last", len(data) - 2)):
            bent = replace(package, files={**package.files, path: flipped(data, at)})
            yield Case("flipped bytes", f"{path}, {where} byte", bent, None, None)


def _opened() -> Iterator[Case]:
    """Opened at START + 15 minutes, as the list says."""
    known = frozenset({"opener-known"})
    later = having(Revocation(SERIAL, AFTER_OPENING))
    yield Case("good", "opened before the card was revoked", opened(later), holds=known)
    ended = opened(having(ENDED))
    assert LATER < START + 900_000
    yield Case("left open", "opened with a revoked card", ended, open=("opener-revoked",))
    lost = opened(having(Revocation(SERIAL, AFTER_OPENING, START + DAY)))
    yield Case("left open", "opened with a key lost later", lost, open=("opener-lost",))
    codes = ("card-lost", "opener-lost")
    yield Case("left open", "opened with a key lost before", opened(having(LOST)), open=codes)
    vkey = str(making.ATTORNEY_KEY.verifier)
    name = "opened with a revoked card that is vouched for"
    yield Case("good", name, ended, signer=vkey, holds=known)
