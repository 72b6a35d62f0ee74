"""The headers that keep a page to itself: on every answer, whoever made it.

No third party is named, nothing is cached that is not public. Of what stands in a page nothing runs
but what the build put into the caller's page, by its hash.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PARTS = (
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'{0}",
    "style-src 'self'{1}",
    "connect-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)


def policy(script: Iterable[str] = (), style: Iterable[str] = ()) -> str:
    """Return what a page may load and run; *script*, *style*: hashes of what stands in it."""
    named = ["".join(f" 'sha256-{hash}'" for hash in hashes) for hashes in (script, style)]
    return "; ".join([part.format(*named) for part in _PARTS])


HEADERS = {
    b"content-security-policy": policy().encode(),
    b"permissions-policy": b"camera=(self), microphone=(self), geolocation=(), interest-cohort=()",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}


class Headers:
    """Adds the security headers to every answer; assets with a hash in their name are kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                path = scope["path"]
                if b"cache-control" not in given:
                    # What is not there today may be tomorrow.
                    forever = path.startswith("/assets/") and message["status"] < 400
                    value = b"public, max-age=31536000, immutable" if forever else b"no-store"
                    message["headers"].append((b"cache-control", value))
                # A page whose script stands in it brings a policy of its own, with its hash.
                message["headers"].extend(
                    (name, value) for name, value in HEADERS.items() if name not in given
                )
            await send(message)

        await self._app(scope, receive, sending)
