"""The names of things, each with a type of its own.

Pure: no clock, chance, disk or network. What a name may look like is checked where it is
parsed (`evidence.text`), not here.
"""

from typing import NewType

RecordingId = NewType("RecordingId", str)
"""32 base32 characters: the first 20 bytes of SHA-256 over the recording's public key."""

EncounterId = NewType("EncounterId", str)
"""32 base32 characters drawn by the phone at the press."""

CardSerial = NewType("CardSerial", str)
"""32 base32 characters: an attorney card's serial, and the attorney's name on this server."""

PersonId = NewType("PersonId", str)
"""32 base32 characters: one of the organization's people; with a card, the card's serial."""

Origin = NewType("Origin", str)
"""A log's name, as the first line of its checkpoints."""

Locator = NewType("Locator", bytes)
"""32 bytes: SHA-256 over a prefix and a secret; whoever shows the secret may read."""
