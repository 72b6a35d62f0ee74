"""One's own channels over HTTP: listed without their secrets, added, removed, tested."""

import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.dispatch.channels import CHANNELS, Channel, check_push, check_url
from accompany.errors import Forbidden, Malformed, TooMany, Unknown
from accompany.evidence.text import write_base32, write_time
from accompany.ids import CardSerial
from accompany.web.office import Office
from accompany.web.records import decoded, read_body
from accompany.web.rights import person_of

BODY_BYTES = 8 * 1024
TESTS_APART = 10_000
"""Milliseconds between two tests of one person."""


class _Keys(msgspec.Struct, forbid_unknown_fields=True):
    p256dh: str
    auth: str


class _Subscription(msgspec.Struct):
    """As a browser's PushSubscription writes itself; its expiry is left out."""

    endpoint: str
    keys: _Keys


class _Push(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="push"):
    subscription: _Subscription


class _Apprise(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="apprise"):
    url: str


class ChannelRoutes:
    """The routes under /api/channels."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._tested: dict[CardSerial, int] = {}

    async def list(self, request: Request) -> Response:
        """GET /api/channels: one's own, and what may be added."""
        return self._told(person_of(request).serial)

    async def add(self, request: Request) -> Response:
        """POST /api/channels: a push subscription or an Apprise URL; the same again is the same."""
        attorney = person_of(request).serial
        kind, value = self._read(await read_body(request, "channel", BODY_BYTES))
        kept = self._office.reach.channels.of(attorney)
        if value not in [one.value for one in kept]:
            if len(kept) >= CHANNELS:
                raise Forbidden(f"{CHANNELS} channels are the most")
            fresh = Channel(write_base32(secrets.token_bytes(20)), attorney, kind, value)
            self._office.reach.channels.add(fresh)
        return self._told(attorney, 201)

    async def remove(self, request: Request) -> Response:
        attorney = person_of(request).serial
        if not self._office.reach.channels.remove(attorney, request.path_params["id"]):
            raise Unknown("channel")
        return self._told(attorney)

    async def test(self, request: Request) -> Response:
        """POST /api/channels/tests: a test through each of them; answers when all have ended."""
        attorney, now = person_of(request).serial, self._office.clock.now()
        if now - self._tested.get(attorney, 0) < TESTS_APART:
            raise TooMany("tests", TESTS_APART // 1000)
        self._tested[attorney] = now
        await self._office.reach.bells.test(attorney)
        return self._told(attorney)

    def _read(self, body: bytes) -> Any:
        allowed = self._office.reach.allowed
        new = decoded(body, "channel", _Push | _Apprise)
        if isinstance(new, _Apprise):
            check_url(new.url, allowed)
            if not self._office.reach.takes(new.url):
                raise Malformed("channel", "Apprise does not take this address")
            return "apprise", new.url
        keys = new.subscription.keys
        check_push(new.subscription.endpoint, keys.p256dh, keys.auth, allowed)
        return "push", msgspec.json.encode(new.subscription).decode()

    def _told(self, attorney: CardSerial, status: int = 200) -> Response:
        allowed = self._office.reach.allowed
        return JSONResponse(
            {
                "channels": [_channel(one) for one in self._office.reach.channels.of(attorney)],
                "push_key": self._office.reach.push_key,
                "schemes": list(allowed.schemes),
                "hosts": list(allowed.hosts),
            },
            status,
        )


def _channel(one: Channel) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "label": one.label,
        "failing": one.failing,
        "worked": None if one.worked is None else write_time(one.worked),
        "failed": None if one.failed is None else write_time(one.failed),
    }
