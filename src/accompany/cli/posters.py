"""`accompany posters`: posters and wallet cards as PDF, from the link that callers open.

What stands on them is what the server at that link says of itself, under the key that the link
pins.
"""

import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from accompany.accounts.enrolment import canonical_code
from accompany.client.arguments import fail
from accompany.client.line import body_of, open_client
from accompany.client.posters import KINDS, PAPERS, Order, languages
from accompany.client.service import read_service
from accompany.errors import AccompanyError, Malformed

_LINK = re.compile(r"(https?://[^\s/?#]+)/?#code=([a-z0-9-]+)&key=([a-z2-7]{32})")


class _Hotline(msgspec.Struct):
    hotline: str | None = None


def configure_posters(parser: ArgumentParser) -> None:
    """Describe `accompany posters` to *parser*."""
    parser.description = (
        "Write posters (one a page) or wallet cards (ten a page, with cut marks) as PDF, with the "
        "QR of the link, the organization's key and its hotline."
    )
    parser.add_argument(
        "link", metavar="LINK", help="what `accompany serve` prints for callers: …/#code=…&key=…"
    )
    parser.add_argument("--code", metavar="CODE", help="another code than the link's, as "
        "`accompany code` printed it: give each place its own")  # fmt: skip
    parser.add_argument("--kind", choices=KINDS, default="poster", help="default: poster")
    parser.add_argument("--paper", choices=PAPERS, default="letter", help="default: letter")
    parser.add_argument(
        "--language", choices=languages(), nargs="+", default=["en"], metavar="TAG",
        help=f"one file each: {' '.join(languages())} (default: en)",
    )  # fmt: skip
    parser.add_argument("--ca", metavar="FILE", type=Path,
        help="certificates of an authority made by the server itself (PEM), believed alone",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, default=Path(), help="default: this folder"
    )


def run_posters(given: Namespace) -> int:
    """Do `accompany posters`; return 0, or 1 for an error."""
    try:
        for language in given.language:
            print(_write(given, language))
    except (AccompanyError, OSError) as error:
        return fail("posters", error)
    return 0


def _write(given: Namespace, language: str) -> Path:
    found = _LINK.fullmatch(given.link)
    if found is None:
        raise Malformed("link", "expected https://example.org/#code=…&key=…, in quotes")
    address, code, key = found.groups()
    if given.code is not None:
        code = canonical_code(given.code)
    with open_client(address, given.ca) as client:
        body = body_of("GET /api/service", client.get("/api/service"))
    service = read_service(body, key)
    hotline = msgspec.json.decode(body, type=_Hotline).hotline
    if not hotline:
        print("no hotline is set on this server, so none stands on it", file=sys.stderr)
    order = Order(
        given.kind, given.paper, language, service.organization.name, address, code, key,
        hotline or "",
    )  # fmt: skip
    # Fonts and their libraries take some 40 MB.
    from accompany.client.poster_pages import draw

    path: Path = given.output / order.name
    path.write_bytes(draw(order))
    return path
