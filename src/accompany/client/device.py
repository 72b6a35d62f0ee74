"""A recording device: one recording's keys, its chain, and what it signs and seals.

It is what a phone's worker is: the signing key lives here and nowhere else, for one recording.
Nothing is sent, and no clock is looked at: times come in as milliseconds. Chance is drawn inside
`cryptography` when the keys are made and when something is sealed.
"""

from dataclasses import dataclass, field
from hashlib import sha256

from accompany.evidence.age import HybridIdentity, HybridRecipient, encrypt
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry, statement_entry
from accompany.evidence.statements import (
    Chain,
    Closing,
    Following,
    Gap,
    Opening,
    SegmentStatement,
    digest_of,
    recording_id,
    recording_signer,
)
from accompany.ids import EncounterId, Locator, Origin, RecordingId

LOCATOR_MAGIC = b"accompany/locator/v1\n"


def locator_of(secret: bytes) -> Locator:
    """Return what a recording is filed under; whoever shows the *secret*, 32 bytes, may read it."""
    return Locator(sha256(LOCATOR_MAGIC + secret).digest())


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement ready to be sent: its signed note, and the sealed bytes of a segment."""

    number: int
    note: bytes
    sealed: bytes | None = None

    @property
    def digest(self) -> bytes:
        return digest_of(self.note)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a recording is of, and where it belongs: the lines of its opening that others set."""

    kind: str
    media: str
    encounter: EncounterId
    log: Origin
    after: tuple[int, bytes] | None
    client: str
    continues: tuple[RecordingId, bytes] | None = None


@dataclass(slots=True)
class Device:
    """One recording in the making. No number is ever signed twice.

    `identity` opens every segment; whoever `holders` were has it in `grants`, age files in the
    order that the opening's `grants` line hashes them.
    """

    signer: Signer = field(repr=False)
    identity: HybridIdentity = field(repr=False)
    opening: Signed
    grants: tuple[bytes, ...]
    chain: Chain
    recipient: HybridRecipient

    @classmethod
    def open(cls, purpose: Purpose, holders: tuple[HybridRecipient, ...], time: int) -> "Device":
        """Make the two keys, grant to *holders* and sign the opening at *time*."""
        signer = recording_signer(Signer.generate("recording"))
        identity = HybridIdentity.generate()
        recipient = identity.recipient
        grants = tuple(encrypt(f"{identity}\n".encode(), [holder]) for holder in holders)
        opening = Opening(
            recording=recording_id(signer.verifier.key),
            time=time,
            key=signer.verifier.key,
            kind=purpose.kind,
            media=purpose.media,
            recipient=str(recipient),
            grants=sha256(b"".join(grants)).digest(),
            encounter=purpose.encounter,
            continues=purpose.continues,
            log=purpose.log,
            after=purpose.after,
            client=purpose.client,
        )
        note = signer.sign(str(opening))
        chain = Chain.start(opening, note)
        return cls(signer, identity, Signed(0, note), grants, chain, recipient)

    @property
    def recording(self) -> RecordingId:
        return self.chain.recording

    def entry(self, signed: Signed) -> Entry:
        """Return what the log must hold of *signed*: the receipt has to say the same."""
        return statement_entry(self.opening.note, signed.number, signed.note)

    def segment(self, data: bytes, time: int, offset: int, duration: int) -> Signed:
        """Seal *data* to the recording's own recipient and state it."""
        sealed = encrypt(data, [self.recipient])
        head = self._head(time, offset)
        digest = sha256(sealed).digest()
        return self._sign(SegmentStatement(*head, duration, len(sealed), digest), sealed)

    def gap(self, time: int, offset: int, duration: int, reason: str) -> Signed:
        return self._sign(Gap(*self._head(time, offset), duration, reason))

    def closing(self, time: int, offset: int, reason: str) -> Signed:
        """State how many segments there were; after it nothing can be signed (OutOfOrder)."""
        return self._sign(Closing(*self._head(time, offset), self.chain.segments, reason))

    def _head(self, time: int, offset: int) -> tuple[RecordingId, int, bytes, int, int]:
        return self.recording, self.chain.last + 1, self.chain.digest, time, offset

    def _sign(self, statement: Following, sealed: bytes | None = None) -> Signed:
        note = self.signer.sign(str(statement))
        self.chain = self.chain.follow(statement, note)
        return Signed(statement.number, note, sealed)
