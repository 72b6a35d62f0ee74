"""The pages and their files as they were built: compressed beforehand, with what to fetch early.

A file with a hash in its name is kept for ever, a page is asked for again each time. Not here: any
content; the build makes it (webapp/vite-pages.ts).
"""

import json
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from accompany.web.headers import policy

TWINS = (("br", ".br"), ("gzip", ".gz"))
"""Content codings, best first, and what their files' names end in."""

_WITHIN = {
    "script": re.compile(r'<script(?: type="module")?>(.*?)</script>', re.DOTALL),
    "style": re.compile(r"<style>(.*?)</style>", re.DOTALL),
}
_NAMED = re.compile(r'<(?:script|link)\b[^>]*?\b(?:src|href)="(/assets/[^"]+\.(?:js|css))"')

NO_CACHE = {"cache-control": "no-cache"}


class Pages(StaticFiles):
    """Serves the files in a folder, and pages by their names."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder

    async def caller(self, request: Request) -> Response:
        """GET /: the caller's page; what it needs at once, its language too, is named ahead."""
        response = self._page("index.html", request, self._early(request.headers))
        # On a 304 too: its headers take the place of those that the browser has kept.
        response.headers["content-security-policy"] = self._policy
        return response

    async def duty(self, request: Request) -> Response:
        return self._page("duty.html", request)

    async def desk(self, request: Request) -> Response:
        return self._page("desk.html", request)

    async def verify(self, request: Request) -> Response:
        return self._page("verify.html", request)

    async def worker(self, request: Request) -> Response:
        """GET /sw.js: never from a cache, so that a phone hears of a new version when it opens."""
        return self._page("sw.js", request)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
        extra: Mapping[str, str] | None = None,
    ) -> Response:
        asked = Headers(scope=scope)
        headers = {"vary": "accept-encoding", **(extra or {})}
        path, stat = Path(full_path), stat_result
        for coding, suffix in TWINS:
            twin = path.with_name(path.name + suffix)
            if accepts(asked.get("accept-encoding", ""), coding) and twin.is_file():
                headers["content-encoding"] = coding
                path, stat = twin, twin.stat()
                break
        kind = guess_type(full_path)[0] or "application/octet-stream"
        response = FileResponse(path, status_code, headers, kind, stat_result=stat)
        if self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response

    def _page(
        self, name: str, request: Request, extra: Mapping[str, str] | None = None
    ) -> Response:
        path = self._folder / name
        if not path.is_file():
            return PlainTextResponse("The web app is not built: run scripts/serve.", 503)
        headers = {**NO_CACHE, **(extra or {})}
        return self.file_response(path, path.stat(), request.scope, extra=headers)

    def _early(self, headers: Headers) -> dict[str, str]:
        # As `preload`: a browser begins `modulepreload` only once it reads the page.
        links = ["</api/service>; rel=preload; as=fetch; crossorigin", *self._needed]
        language = self._language(headers.get("accept-language", ""))
        if language is not None:
            links.append(f"<{language}>; rel=preload; as=script; crossorigin")
        return {"link": ", ".join(links), "vary": "accept-encoding, accept-language"}

    def _language(self, accepted: str) -> str | None:
        """Return the file of the first language a browser asks for that there is."""
        for each in [*accepted.split(","), "en"]:
            tag = each.partition(";")[0].strip().lower()
            for known in (tag, tag.partition("-")[0]):
                if known in self._languages:
                    return self._languages[known]
        return None

    @cached_property
    def _policy(self) -> str:
        """The content policy of the caller's page, with the hashes of what stands in it."""
        found = {name: form.findall(self._caller) for name, form in _WITHIN.items()}
        hashes = {
            name: [b64encode(sha256(text.encode()).digest()).decode() for text in texts]
            for name, texts in found.items()
        }
        return policy(**hashes)

    @cached_property
    def _caller(self) -> str:
        path = self._folder / "index.html"
        return path.read_text() if path.is_file() else ""

    @cached_property
    def _needed(self) -> list[str]:
        """What the page names itself, as the header names it: fetched before the page is read."""
        kinds = {"css": "style", "js": "script"}
        return [
            f"<{name}>; rel=preload; as={kinds[name.rpartition('.')[2]]}; crossorigin"
            for name in _NAMED.findall(self._caller)
        ]

    @cached_property
    def _languages(self) -> dict[str, str]:
        path = self._folder / "languages.json"
        if not path.is_file():
            return {}
        found: dict[str, str] = json.loads(path.read_text())
        # `zh-CN` is served by what there is in Chinese.
        first = {tag.lower().partition("-")[0]: name for tag, name in found.items()}
        return first | {tag.lower(): name for tag, name in found.items()}


def accepts(header: str, coding: str) -> bool:
    """Return whether an Accept-Encoding names *coding* and does not weigh it with nothing."""
    for each in header.split(","):
        name, _, weight = each.partition(";")
        if name.strip().lower() == coding:
            value = weight.strip().removeprefix("q=")
            return value.strip("0.") != "" if weight.strip() else True
    return False
