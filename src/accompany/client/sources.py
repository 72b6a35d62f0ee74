"""What is recorded: a source and its pieces, as values; and the error where there is none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from accompany.errors import AccompanyError

Kind = Literal["film", "sound"]
Form = Literal["mp4", "webm", "wav"]


class NotRecordable(AccompanyError):
    """The *source* is nothing that can be cut without encoding it anew; *why* says what it is."""

    def __init__(self, source: Path | str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be cut: `kind` film or sound, `media` its MIME type, `duration` in ms.

    `form` is what its pieces are; `left_out` names what of it is not taken along: subtitles,
    telemetry, cover pictures.
    """

    path: Path
    kind: Kind
    media: str
    duration: int
    left_out: tuple[str, ...]
    form: Form = "mp4"


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment before it is sealed; `offset` and `duration` in milliseconds of the media."""

    data: bytes
    offset: int
    duration: int
