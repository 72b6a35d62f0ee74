"""The organization's channels, through Apprise: one message to one address, and nothing kept.

Which channels there are is a TOML file that the setting `channels` names (docs/settings.md): an
Apprise URL for each, with `{address}` where the address goes. A caller gives a channel's name and
an address that was checked; it is written into the URL percent-encoded, so that it can change
nothing but itself. Apprise follows no redirect here, keeps no cache and says nothing: its log, and
that of the HTTP library below it, would quote addresses.
"""

import asyncio
import logging
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from accompany.errors import Malformed
from accompany.telling.contacts import CHANNELS

PLACE = "{address}"
SAMPLES = {"email": "somebody@example.org"}
SAMPLE = "+15551234567"
TIMEOUT = 30.0
"""Seconds that one message may take."""

THREADS = 16
"""Messages under way at once; each waits for somebody else's server in a thread."""


class AttorneyChannels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What attorneys may add of their own: schemes of Apprise, hosts where one is named, and push
    services."""

    schemes: tuple[str, ...] = ("pover", "pagerduty", "ntfys")
    hosts: tuple[str, ...] = ("ntfy.sh",)
    push: tuple[str, ...] = (
        "https://fcm.googleapis.com",
        "https://updates.push.services.mozilla.com",
        "https://web.push.apple.com",
        "https://*.notify.windows.com",
    )
    contact: str = "mailto:operator@accompany.invalid"
    """Whom a push service may write to about this server."""
    alarms: tuple[str, ...] = ()
    """Apprise URLs of the organization's own: told when nobody answered, and of a surge."""


class Channels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it was read."""

    channels: dict[str, str] = {}
    prefixes: tuple[str, ...] = ()
    """Telephone numbers begin with one of these; none: any."""
    attorneys: AttorneyChannels = msgspec.field(default_factory=AttorneyChannels)


def load_channels(path: str) -> Channels:
    """Return the channels in the file at *path* (none where it is empty); raise Malformed."""
    if not path:
        return Channels()
    try:
        text = Path(path).read_text()
        found = msgspec.convert(tomllib.loads(text), Channels)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Malformed("setting channels", f"{type(error).__name__}: {error}") from error
    for name, template in found.channels.items():
        _check_template(name, template)
    return found


def _check_template(name: str, template: str) -> None:
    if name not in CHANNELS:
        raise Malformed("setting channels", f"expected {', '.join(CHANNELS)}, found {name[:40]!r}")
    if template.count(PLACE) != 1:
        raise Malformed("setting channels", f"{name}: expected {PLACE} exactly once")
    if instance_of(_filled(template, SAMPLES.get(name, SAMPLE))) is None:
        raise Malformed("setting channels", f"{name}: Apprise does not take this URL")


def _filled(template: str, address: str) -> str:
    return template.replace(PLACE, quote(address, safe=""))


def instance_of(url: str) -> Any:
    """Return Apprise's sender for *url*, or None where it takes no such URL."""
    # Imported when there is a channel: loading its 180 services takes two seconds.
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    hush()
    asset = AppriseAsset(
        app_id="Accompany",
        app_desc="",
        app_url="",
        storage_mode=PersistentStoreMode.MEMORY,
        service_timeout=TIMEOUT,
        allow_templates=False,
    )
    asset.http_redirects = False
    asset.async_mode = False
    return Apprise.instantiate(url, asset=asset)


def hush() -> None:
    """Silence everything that could quote a URL, an address or a text."""
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


class ApprisePost:
    """A `telling.ports.Post`."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._threads = ThreadPoolExecutor(THREADS, "channels")

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(name for name in CHANNELS if name in self._channels.channels)

    async def send(self, channel: str, address: str, text: str) -> bool:
        template = self._channels.channels.get(channel)
        form = CHANNELS.get(channel)
        # Checked where it came in, and here again: behind this line it is part of a URL.
        if template is None or form is None or not form(address):
            return False
        prefixes = self._channels.prefixes
        if channel != "email" and prefixes and not address.startswith(prefixes):
            return False
        url = _filled(template, address)
        title = text[:60] if channel == "email" else ""
        return await self.notify(url, title, text)

    async def notify(self, url: str, title: str, text: str) -> bool:
        """Return whether the service behind *url* took the message; never raise."""
        return await self.in_thread(_notify, url, title, text)

    async def in_thread(self, send: Callable[..., bool], *given: str) -> bool:
        """Return what *send* returns, called in one of the threads kept for sending."""
        sending = asyncio.get_running_loop().run_in_executor(self._threads, send, *given)
        try:
            return await asyncio.wait_for(sending, 2 * TIMEOUT)
        except TimeoutError:
            return False

    def begin(self, work: Callable[[], bool]) -> None:
        """Have *work* done in one of the threads; nobody waits for it."""
        self._threads.submit(work)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _notify(url: str, title: str, text: str) -> bool:
    from apprise import NotifyFormat

    try:
        service = instance_of(url)
        return bool(
            service is not None
            and service.notify(body=text, title=title, body_format=NotifyFormat.TEXT)
        )
    # Whatever a service's code raises would quote what it was given: it is a message not taken.
    except Exception:
        return False
