"""Recording as a caller's device would: cut, sealed, signed, sent, and receipted.

`record` does it, of a file or a camera, and says what became of it. It holds one segment at a time
(a camera's wait in memory while the line is down). A gap in the source is stated as one
(`unknown`); a source that breaks in the middle is closed with `device`. Statement times are the
start of sending plus the media's own time, as docs/format.md says of files. Not here: the command
(record_command).
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accompany import __version__
from accompany.client.camera import Camera
from accompany.client.cutting import cut, inspect
from accompany.client.device import Device, Purpose, Signed
from accompany.client.folder import Folder
from accompany.client.line import Line, Refused, no_trouble, open_client
from accompany.client.sending import Uplink, after_of, ask_checkpoint, ask_service
from accompany.client.service import Service
from accompany.client.sources import NotRecordable, Piece, Source
from accompany.errors import AccompanyError, Malformed, OutOfOrder
from accompany.evidence.age import HybridRecipient, parse_recipient
from accompany.evidence.statements import digest_of
from accompany.evidence.text import write_base32, write_time
from accompany.ids import EncounterId

CLIENT = f"accompany-record/{__version__} none"

HOLE = 100
"""Milliseconds without film or sound that a gap has to state."""

OnProgress = Callable[[int, int], None]
"""Hears milliseconds of media acknowledged, and in all (0 where the source does not say)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time: milliseconds since 1970 UTC, a monotonic clock in seconds, and waiting."""

    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a recording. `broken` says why it ended early: None if it did not."""

    recording: str
    folder: Path
    identity: Path
    locator: Path
    segments: int
    last: int
    broken: str | None = None

    def json(self) -> dict[str, Any]:
        names = {name: str(getattr(self, name)) for name in ("folder", "identity", "locator")}
        return {"recording": self.recording, **names, "segments": self.segments}


@dataclass(frozen=True, slots=True)
class Options:
    """How to record: *fast* without waiting for the media's time; *closing* states the end."""

    folder: Path = Path()
    fast: bool = False
    closing: bool = True
    organization_key: str | None = None
    ca: Path | None = None
    on_progress: OnProgress = field(default=lambda done, total: None)
    on_trouble: Callable[[str | None], None] = no_trouble
    stop: Callable[[], bool] = lambda: False
    """Asked after every piece whether to end here."""
    clock: Clock = field(default_factory=Clock)


def record(
    source: Path | Camera, server: str, guest_code: str, options: Options | None = None
) -> Recorded:
    """Record *source*, a file or a camera, at *server*; return once everything is acknowledged.

    The folder `<id>` in `options.folder` is written as it goes. Raise NotRecordable before anything
    is sent if the source cannot be cut, Unreachable if the server does not answer at all, Refused
    if it says no, DoesNotHold if what it says cannot be true. Later silence is waited out for ever.
    """
    options = options or Options()
    found = source if isinstance(source, Camera) else inspect(source)
    with open_client(server, options.ca) as client:
        line = Line(client, options.on_trouble, sleep=options.clock.sleep)
        service = ask_service(line, options.organization_key)
        return _Session(found, line, service, guest_code, options).run()


class _Session:
    """One recording from its opening to its closing."""

    def __init__(
        self,
        source: Source | Camera,
        line: Line,
        service: Service,
        guest_code: str,
        options: Options,
    ) -> None:
        self.source, self.line, self.options = source, line, options
        self.organization = service.organization
        checkpoint = ask_checkpoint(line, self.organization, guest_code.encode())
        self.started, self.begun = options.clock.now(), options.clock.monotonic()
        self.device = Device.open(
            Purpose(
                kind=source.kind,
                media=source.media,
                encounter=EncounterId(write_base32(secrets.token_bytes(20))),
                log=self.organization.origin,
                after=after_of(checkpoint, self.organization),
                client=CLIENT,
            ),
            (_custodian(self.organization.custodian),),
            self.started,
        )
        self.uplink = Uplink(line, self.organization, self.device)
        self.secret, self.guest_code = secrets.token_bytes(32), guest_code
        self.folder = Folder.create(
            options.folder, self.device.recording, str(self.device.identity), self.secret
        )
        if checkpoint is not None:
            self.folder.keep_checkpoint(checkpoint)
        self.report: dict[str, Any] = {
            "recording": self.device.recording,
            "server": self.organization.origin,
            "organization": self.organization.name,
            "client": CLIENT,
            "started": write_time(self.started),
            "times": "start of sending plus the media's own time",
            "source": source.described() if isinstance(source, Camera) else _described(source),
        }
        self.plain, self.size = hashlib.sha256(), 0
        """Of everything sealed, piece after piece: what an opened package holds as its film."""
        self.end = 0
        """Milliseconds of media up to the end of the last piece."""

    def run(self) -> Recorded:
        self._report("opening")
        self._open()
        self._report("recording")
        try:
            broken = self._send_all()
        except AccompanyError as error:
            self._report(str(error))
            raise
        self._report(broken or ("closed" if self.options.closing else "without closing"))
        chain, folder = self.device.chain, self.folder
        return Recorded(
            chain.recording,
            folder.path.resolve(),
            folder.identity.resolve(),
            folder.locator.resolve(),
            chain.segments,
            chain.last,
            broken,
        )

    def _send_all(self) -> str | None:
        """Send pieces and closing; return what broke the source, or None."""
        broken = self._send_pieces()
        if self.options.closing:
            reason = "device" if broken else "stopped"
            self._deliver(self.device.closing(self.started + self.end, self.end, reason))
        self._keep_checkpoint()
        return broken

    def _send_pieces(self) -> str | None:
        """Send every piece, or until told to stop; return what broke the source, or None."""
        try:
            for piece in self._pieces():
                if not self.options.fast and not self.options.stop():
                    self._wait_until(self.begun + (piece.offset + piece.duration) / 1000)
                self._send_piece(piece)
                self.options.on_progress(self.end, self.source.duration)
        except NotRecordable as error:
            return str(error)
        return None

    def _pieces(self) -> Iterator[Piece]:
        """Yield the source's pieces until told to stop: a file's next one is then left out, a
        camera's last one is what it saw up to that moment.
        """
        stop, monotonic = self.options.stop, self.options.clock.monotonic
        if isinstance(self.source, Camera):
            yield from self.source.capture(stop, monotonic, self.begun)
            return
        self.begun = monotonic()
        for piece in cut(self.source):
            yield piece
            if stop():
                return

    def _wait_until(self, moment: float) -> None:
        ahead = moment - self.options.clock.monotonic()
        if ahead > 0:
            self.options.clock.sleep(ahead)

    def _send_piece(self, piece: Piece) -> None:
        hole = piece.offset - self.end
        # Before the first film nothing was left out: a camera takes a moment to begin.
        if hole > HOLE and self.device.chain.segments > 1:
            self._deliver(self.device.gap(self.started + self.end, self.end, hole, "unknown"))
        when = self.started + piece.offset
        signed = self.device.segment(piece.data, when, piece.offset, piece.duration)
        self.end = piece.offset + piece.duration
        self.plain.update(piece.data)
        self.size += len(piece.data)
        self._deliver(signed)

    def _deliver(self, signed: Signed) -> None:
        """Return once *signed* is acknowledged, whatever stood in the way."""
        try:
            self._keep(signed, self._send)
        except OutOfOrder as behind:
            self._send_again(behind, signed)
            self._keep(signed, self._send)

    def _keep(self, signed: Signed, send: Callable[[Signed], bytes]) -> None:
        self.folder.keep_statement(signed.number, signed.note)
        receipt = send(signed)
        self.folder.keep_receipt(self.device.recording, signed.number, signed.digest, receipt)

    def _open(self) -> None:
        try:
            self._keep(
                self.device.opening, lambda _: self.uplink.open(self.guest_code, self.secret)
            )
        except Refused:
            self.folder.remove()
            raise

    def _send(self, signed: Signed) -> bytes:
        if signed.sealed is None:
            return self.uplink.statement(signed)
        return self.uplink.segment(signed)

    def _send_again(self, behind: OutOfOrder, signed: Signed) -> None:
        """Send the statements that the server has lost; their bytes it will have to go without.

        Raise *behind* where it holds something this device never signed.
        """
        known = 0 <= behind.last < signed.number - 1
        if not known or digest_of(self.folder.statement(behind.last)) != behind.digest:
            raise behind
        for number in range(behind.last + 1, signed.number):
            note = self.folder.statement(number)
            bytes_ = "awaited" if note.startswith(b"accompany/segment/") else "none"
            lost = Signed(number, note)
            receipt = self.uplink.statement(lost, bytes_)
            self.folder.keep_receipt(self.device.recording, number, lost.digest, receipt)

    def _keep_checkpoint(self) -> None:
        try:
            checkpoint = ask_checkpoint(self.line, self.organization, self.secret)
        except Refused:
            return  # The one seen at the start stays.
        if checkpoint is not None:
            self.folder.keep_checkpoint(checkpoint)

    def _report(self, state: str) -> None:
        chain = self.device.chain
        progress = {"state": state, "segments": chain.segments, "last": chain.last}
        sealed = {"size": self.size, "sha256": self.plain.hexdigest()}
        told = {**self.report, "recorded": sealed, **progress, "milliseconds": self.end}
        self.folder.keep_report(told)


def _custodian(text: str) -> HybridRecipient:
    recipient = parse_recipient(text)
    if not isinstance(recipient, HybridRecipient):
        raise Malformed("the custodian's key", "expected age1pq1…")
    return recipient


def _described(source: Source) -> dict[str, Any]:
    with source.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": source.path.name,
        "size": source.path.stat().st_size,
        "sha256": digest,
        "kind": source.kind,
        "media": source.media,
        "milliseconds": source.duration,
        "left_out": list(source.left_out),
    }
