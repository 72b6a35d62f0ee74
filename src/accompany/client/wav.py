"""Cutting a WAV: its header, then its samples, byte for byte, two seconds at a time.

    RIFF <size> WAVE  fmt  [fact]  data <size>  samples

The first piece is that header, anew: what else the file says of itself (place, device, artist)
stays behind. Sizes are written as they are where the source knows them, so that the pieces put
together are a WAV for any program; where it does not, or over 4 GiB, as 0xFFFFFFFF, which players
read as "to the end". Nothing is padded: as many bytes as seconds, whatever is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from accompany.client.sources import NotRecordable, Piece, Source

SECONDS = 2
UNKNOWN = 0xFFFFFFFF
_KINDS = {1: "PCM", 3: "float", 6: "A-law", 7: "µ-law", 0xFFFE: "extensible"}
_LARGEST_HEADER = 64 * 1024 * 1024
PIECE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wav:
    """Where the samples lie, bytes a second and in one moment, and the chunks that say so."""

    start: int
    size: int
    rate: int
    block: int
    chunks: bytes

    @property
    def header(self) -> bytes:
        data = self.size if self.size + len(self.chunks) + 12 < UNKNOWN else UNKNOWN
        whole = UNKNOWN if data == UNKNOWN else 4 + len(self.chunks) + 8 + data + data % 2
        return (
            b"RIFF" + whole.to_bytes(4, "little") + b"WAVE"
            + self.chunks + b"data" + data.to_bytes(4, "little")
        )  # fmt: skip


def inspect_wav(path: Path) -> Source:
    """Return what the WAV at *path* is; raise NotRecordable where its samples are no plain ones."""
    with path.open("rb") as file:
        wav = _read(path, file)
    return Source(path, "sound", "audio/wav", wav.size * 1000 // wav.rate, (), "wav")


def cut_wav(source: Source) -> Iterator[Piece]:
    """Yield the header, then the samples; raise NotRecordable at the end where some are missing."""
    with source.path.open("rb") as file:
        wav = _read(source.path, file)
        yield Piece(wav.header, 0, 0)
        step = max(1, min(wav.rate * SECONDS, PIECE_BYTES) // wav.block) * wav.block
        file.seek(wav.start)
        done = 0
        while done < wav.size:
            data = file.read(min(step, wav.size - done))
            if not data:
                raise NotRecordable(source.path, "broken: it ends in the middle of its sound")
            begin, end = (at * 1000 // wav.rate for at in (done, done + len(data)))
            done += len(data)
            if done == wav.size and wav.size % 2:
                data += b"\0"  # RIFF: chunks have even sizes.
            yield Piece(data, begin, end - begin)


def _read(path: Path, file: BinaryIO) -> Wav:
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        raise NotRecordable(path, "expected a WAV, found no RIFF header")
    kept, rate, block, wide = b"", 0, 0, 0
    while len(chunk := file.read(8)) == 8:
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            if not rate:
                break
            start = file.tell()
            rest = file.seek(0, 2) - start
            if size == UNKNOWN:
                size = wide or rest
            return Wav(start, size, rate, block, kept)
        if size > _LARGEST_HEADER:
            break
        body = file.read(size + size % 2)
        if name == b"fmt ":
            rate, block = _format(path, body)
        if name == b"ds64":
            wide = int.from_bytes(body[8:16], "little")
        if name in (b"fmt ", b"fact"):
            kept += chunk + body
    raise NotRecordable(path, "expected a WAV with `fmt ` before `data`, found none")


def _format(path: Path, body: bytes) -> tuple[int, int]:
    """Return bytes a second and in one moment of all channels."""
    kind = int.from_bytes(body[:2], "little")
    rate, block = int.from_bytes(body[8:12], "little"), int.from_bytes(body[12:14], "little")
    if kind not in _KINDS or not rate or not block:
        raise NotRecordable(path, f"expected a WAV of plain samples, found format {kind}")
    return rate, block
