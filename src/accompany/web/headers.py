"""The headers that keep a page to itself: on every answer, whoever made it.

No third party is named, nothing is cached that is not public.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
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
                message["headers"].extend(HEADERS.items())
            await send(message)

        await self._app(scope, receive, sending)
