"""`accompany record`: what is typed, what is shown while it goes on, what is printed.

Not here: recording itself (recorder).
"""

import json
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from tqdm import tqdm

from accompany.client.arguments import add_server, fail
from accompany.client.camera import Camera, Device
from accompany.client.recorder import Options, record
from accompany.errors import AccompanyError


def configure_record(parser: ArgumentParser) -> None:
    """Describe `accompany record` to *parser*."""
    parser.description = (
        "Record a film, a sound or a camera as a caller's device would: cut into segments, sealed "
        "and signed here, sent to the server, every receipt checked. Its organization is granted "
        "the recording, as for every guest."
    )
    parser.epilog = (
        "A folder named after the recording holds what its owner needs: identity.txt opens it, "
        "locator.txt fetches its package; both are secrets. Ctrl-C closes the recording."
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        type=Path,
        nargs="?",
        help="mp4 (H.264; AAC, Opus), webm (VP8, VP9, AV1; Opus, Vorbis), ogg, mp3, flac or wav",
    )
    device = "a device such as %s, or with FFmpeg's format before it: %s:NAME"
    parser.add_argument(
        "--camera",
        metavar="DEVICE",
        help="instead of SOURCE, " + device % ("/dev/video0", "v4l2, avfoundation, dshow, lavfi"),
    )
    parser.add_argument(
        "--microphone",
        metavar="DEVICE",
        help="its sound, or sound alone: " + device % ("default", "alsa, pulse, dshow, lavfi"),
    )
    parser.add_argument(
        "--seconds", metavar="N", type=_seconds, help="end a camera after so long, as Ctrl-C does"
    )
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
        source = _source(args)
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
            recorded = record(source, args.server, args.guest, options)
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


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise ArgumentTypeError(f"expected a number of seconds, found {text!r}")
    return seconds


def _source(args: Namespace) -> Path | Camera:
    """Return what is to be recorded; its devices are open then."""
    devices = args.camera or args.microphone
    if bool(args.source) == bool(devices):
        raise Unclear("expected a file, or --camera, --microphone or both")
    if not devices:
        if args.seconds is not None:
            raise Unclear("--seconds ends a camera; a file ends by itself")
        return Path(args.source)
    film = Device.read(args.camera) if args.camera else None
    sound = Device.read(args.microphone, sound=True) if args.microphone else None
    return Camera(film, sound, args.seconds)


class Unclear(AccompanyError):
    """What was typed does not say what to record."""


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
