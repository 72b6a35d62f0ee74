"""Recording a file as a caller's device would: cut, sealed, signed, sent, and receipted.

`record` does it and says what became of it; `configure_record` and `run_record` are its command
line. It holds one segment at a time. A gap in the source is stated as one (`unknown`); a source
that breaks in the middle is closed with `device`. Statement times are the start of sending plus
the media's own time, as docs/format.md says of files.
"""

import hashlib
import json
import secrets
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from accompany import __version__
from accompany.client.arguments import add_server, fail
from accompany.client.cutting import NotRecordable, Piece, Source, cut, inspect
from accompany.client.device import Device, Purpose, Signed
from accompany.client.folder import Folder
from accompany.client.line import Line, Refused, no_trouble, open_client
from accompany.client.sending import Uplink, after_of, ask_checkpoint, ask_service
from accompany.client.service import Service
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


def record(source: Path, server: str, guest_code: str, options: Options | None = None) -> Recorded:
    """Record the file *source* at *server*, and return once everything is acknowledged.

    The folder `<id>` in `options.folder` is written as it goes. Raise NotRecordable before anything
    is sent if the source cannot be cut, Unreachable if the server does not answer at all, Refused
    if it says no, DoesNotHold if what it says cannot be true. Later silence is waited out for ever.
    """
    options = options or Options()
    found = inspect(source)
    with open_client(server, options.ca) as client:
        line = Line(client, options.on_trouble, sleep=options.clock.sleep)
        service = ask_service(line, options.organization_key)
        return _Session(found, line, service, guest_code, options).run()


class _Session:
    """One recording from its opening to its closing."""

    def __init__(
        self, source: Source, line: Line, service: Service, guest_code: str, options: Options
    ) -> None:
        self.source, self.line, self.options = source, line, options
        self.organization = service.organization
        checkpoint = ask_checkpoint(line, self.organization, guest_code.encode())
        self.started = options.clock.now()
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
            "source": _described(source),
        }
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
        begun = self.options.clock.monotonic()
        try:
            for piece in cut(self.source):
                if not self.options.fast:
                    self._wait_until(begun + (piece.offset + piece.duration) / 1000)
                self._send_piece(piece)
                self.options.on_progress(self.end, self.source.duration)
                if self.options.stop():
                    break
        except NotRecordable as error:
            return str(error)
        return None

    def _wait_until(self, moment: float) -> None:
        ahead = moment - self.options.clock.monotonic()
        if ahead > 0:
            self.options.clock.sleep(ahead)

    def _send_piece(self, piece: Piece) -> None:
        hole = piece.offset - self.end
        if hole > HOLE:
            self._deliver(self.device.gap(self.started + self.end, self.end, hole, "unknown"))
        when = self.started + piece.offset
        signed = self.device.segment(piece.data, when, piece.offset, piece.duration)
        self.end = piece.offset + piece.duration
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
        self.folder.keep_report({**self.report, **progress, "milliseconds": self.end})


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


def configure_record(parser: ArgumentParser) -> None:
    """Describe `accompany record` to *parser*."""
    parser.description = (
        "Record a film or a sound as a caller's device would: cut into segments, sealed and "
        "signed here, sent to the server, every receipt checked. Its organization is granted the "
        "recording, as for every guest."
    )
    parser.epilog = (
        "A folder named after the recording holds what its owner needs: identity.txt opens it, "
        "locator.txt fetches its package; both are secrets. Ctrl-C closes the recording."
    )
    parser.add_argument("source", metavar="SOURCE", type=Path, help="mp4 with H.264, AAC or Opus")
    add_server(parser)
    parser.add_argument(
        "--guest", metavar="CODE", required=True, help="the organization's code for guests"
    )
    parser.add_argument(
        "--organization-key",
        metavar="FINGERPRINT",
        help="go on only if the organization's key is this one (32 characters, on its poster)",
    )
    parser.add_argument(
        "--folder",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="where to make the recording's folder (default: here)",
    )
    parser.add_argument(
        "--fast", action="store_true", help="as fast as the line takes it, not at the media's pace"
    )
    parser.add_argument(
        "--no-closing",
        dest="closing",
        action="store_false",
        help="end as a phone that was taken away: without saying that this was all",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one line of JSON at the end, nothing else"
    )


def run_record(args: Namespace) -> int:
    """Do `accompany record`; return 0, 1 for an error, 130 where it was left by Ctrl-C."""
    try:
        with _Bar(hidden=args.json) as bar, _Interrupts() as interrupts:
            options = Options(
                folder=args.folder,
                fast=args.fast,
                closing=args.closing,
                organization_key=args.organization_key,
                ca=args.ca,
                on_progress=bar.progress,
                on_trouble=bar.trouble,
                stop=lambda: interrupts.seen,
            )
            recorded = record(args.source, args.server, args.guest, options)
    except KeyboardInterrupt:
        return 130
    except (AccompanyError, OSError) as error:
        return fail("record", error)
    if args.json:
        print(json.dumps(recorded.json()))
    else:
        print(f"recording {recorded.recording}: {recorded.segments} segments acknowledged")
        print(f"folder    {recorded.folder}")
    return fail("record", recorded.broken) if recorded.broken else 0


class _Interrupts:
    """The first Ctrl-C is remembered, so that the recording can be closed; the second ends it."""

    def __init__(self) -> None:
        self.seen = False

    def __enter__(self) -> "_Interrupts":
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, *_: object) -> None:
        self.seen = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        tqdm.write("closing the recording; Ctrl-C again leaves it without", file=sys.stderr)


class _Bar:
    """A progress bar on the terminal; troubles are told whether there is a terminal or not."""

    def __init__(self, hidden: bool) -> None:
        form = "{l_bar}{bar}| {n:.0f}/{total:.0f} s acknowledged [{elapsed}]"
        shown = not hidden and sys.stderr.isatty()
        self._bar = tqdm(total=0, unit="s", disable=not shown, bar_format=form, file=sys.stderr)
        self._last: str | None = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def progress(self, done: int, total: int) -> None:
        self._bar.total = max(done, total) / 1000
        self._bar.n = done / 1000
        self._bar.refresh()

    def trouble(self, trouble: str | None) -> None:
        if trouble != self._last:
            self._last = trouble
            tqdm.write(trouble or "it goes on", file=sys.stderr)
