"""Time-stamp authorities over HTTP (RFC 3161 section 3.4), each with its own roots.

An operator names one by a folder `authorities/<name>/` in the data folder, with `url` (one line)
and `roots.pem` (the authority's root, and what lies between it and the signer if the authority
does not send it). Not here: what a token shows (evidence.timestamps), when to ask (custody.rounds).
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from accompany.custody.rounds import Token, Unavailable
from accompany.errors import AccompanyError, Malformed
from accompany.evidence.timestamps import (
    AUTHORITY,
    TOKEN_LIMIT,
    chain_of,
    check_stamp,
    read_certificates,
    write_certificates,
)

TIMEOUT = 20.0
"""Seconds in which an authority has to answer."""


@dataclass(frozen=True, slots=True)
class HttpAuthority:
    """A `custody.rounds.TimeAuthority`."""

    name: str
    url: str
    roots: tuple[x509.Certificate, ...]

    async def stamp(self, text: str) -> Token:
        builder = TimestampRequestBuilder().data(text.encode())
        request = builder.hash_algorithm(HashAlgorithm.SHA256).build()
        answer = await self._ask(request.as_bytes())
        check_stamp(answer, text, self.roots, self.roots, request.nonce)
        return Token(answer, write_certificates(chain_of(answer, self.roots)))

    async def _ask(self, query: bytes) -> bytes:
        # A fifth of a start: it is there the first time somebody is asked.
        import httpx

        headers = {"content-type": "application/timestamp-query"}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=True) as client:
                answer = await client.post(self.url, content=query, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise Unavailable(f"no answer from {self.url}: {why}") from error
        if answer.status_code != 200:
            raise Unavailable(f"{self.url} answered {answer.status_code} {answer.reason_phrase}")
        if len(answer.content) > TOKEN_LIMIT:
            raise Unavailable(f"{self.url} answered with {len(answer.content)} bytes")
        return answer.content


def load_authorities(folder: Path) -> tuple[list[HttpAuthority], list[str]]:
    """Return the authorities named in *folder*, and what is wrong with those that cannot be used.

    One that is wrong leaves the others in use.
    """
    found: list[HttpAuthority] = []
    wrong: list[str] = []
    for path in sorted(one for one in folder.glob("*") if one.is_dir()):
        try:
            found.append(_load(path))
        except (AccompanyError, OSError, UnicodeDecodeError) as error:
            wrong.append(f"authority {path.name}: {error}")
    return found, wrong


def _load(path: Path) -> HttpAuthority:
    if not AUTHORITY.fullmatch(path.name):
        raise Malformed("its name", "expected letters, digits, dot, dash and underline")
    url = (path / "url").read_text().strip()
    if not url.startswith(("http://", "https://")):
        raise Malformed("url", f"expected http:// or https://, found {url[:80]!r}")
    roots = read_certificates((path / "roots.pem").read_bytes())
    if not any(one.issuer == one.subject for one in roots):
        raise Malformed("roots.pem", "expected a root: a certificate issued by itself")
    return HttpAuthority(path.name, url, roots)
