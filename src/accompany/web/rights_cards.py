"""Rights cards: short texts for callers, each with its sources and its date, from Markdown files.

    ---
    title: You may stay silent
    date: 2026-11-22
    states: CA FL                          where it is shown; left out: everywhere
    source: U.S. Constitution, Amendment V
    source CA: California Penal Code § 632
    reviewed: Jane Doe, attorney, 2026-11-30    where a lawyer read it
    ---
    The text, in the few forms of Markdown that pages show.

A card without title, date, source or text is refused. The files here are the defaults; an
organization's own lie in its data folder, `cards/<language>/*.md`, and stand in the place of all of
that language. Not here: how they are shown (webapp/src/caller/rights.tsx).
"""

import logging
import re
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.config import STATES
from accompany.errors import Malformed
from accompany.web.office import Office

logger = logging.getLogger("accompany")

DEFAULTS = Path(__file__).parent / "cards"
FALLBACK = "en"
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
ONCE = ("title", "date", "states", "reviewed")
CARD_BYTES = 16 * 1024
"""More is no card: it is read with an officer beside one."""


@dataclass(frozen=True, slots=True)
class Source:
    states: tuple[str, ...]
    """Whose law it is; none: it counts wherever the card is shown."""
    text: str


@dataclass(frozen=True, slots=True)
class RightsCard:
    name: str
    title: str
    body: str
    date: str
    states: tuple[str, ...]
    sources: tuple[Source, ...]
    reviewed: str | None


def read_card(name: str, text: str) -> RightsCard:
    """Return the card in *text*; raise Malformed where something is missing or not known."""
    begin, head, body = _parts(name, text)
    if begin:
        raise Malformed(f"card {name}", "expected --- in the first line")
    fields: dict[str, str] = {}
    sources: list[Source] = []
    for line in head.splitlines():
        field, colon, value = line.partition(":")
        words, value = field.split(), value.strip()
        if not colon or not value or not words:
            raise Malformed(f"card {name}", f"expected `name: value`, found {line!r}")
        if words[0] == "source":
            sources.append(Source(_states(name, words[1:]), value))
        elif field in ONCE and field not in fields:
            fields[field] = value
        else:
            raise Malformed(f"card {name}", f"expected each of {', '.join(ONCE)} once: {line!r}")
    for needed in ("title", "date"):
        if needed not in fields:
            raise Malformed(f"card {name}", f"expected a {needed}")
    states = _states(name, fields.get("states", "").split())
    _check_sources(name, sources, states)
    if not body:
        raise Malformed(f"card {name}", "expected a text")
    day = _day(name, fields["date"])
    reviewed = fields.get("reviewed")
    return RightsCard(name, fields["title"], body, day, states, tuple(sources), reviewed)


def _parts(name: str, text: str) -> tuple[str, str, str]:
    parts = re.split(r"^---[ \t]*$\n?", text.replace("\r\n", "\n"), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3:
        raise Malformed(f"card {name}", "expected its head between two lines ---")
    begin, head, body = parts
    return begin.strip(), head.strip(), body.strip()


def _states(name: str, codes: list[str]) -> tuple[str, ...]:
    unknown = [code for code in codes if code not in STATES]
    if unknown:
        raise Malformed(f"card {name}", f"expected codes of states, found {' '.join(unknown)}")
    return tuple(codes)


def _check_sources(name: str, sources: list[Source], states: tuple[str, ...]) -> None:
    """Refuse a card that somewhere would be shown without a source."""
    if not sources:
        raise Malformed(f"card {name}", "expected a source")
    if any(not source.states for source in sources):
        return
    covered = {code for source in sources for code in source.states}
    bare = sorted(set(states or STATES) - covered)
    if bare:
        raise Malformed(f"card {name}", f"expected a source for {' '.join(bare)}")


def _day(name: str, text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(f"card {name}", f"expected a date like 2026-11-22: {text!r}") from error
    if day.isoformat() != text:
        raise Malformed(f"card {name}", f"expected a date like 2026-11-22: {text!r}")
    return text


def read_cards(folder: Path) -> tuple[list[RightsCard], list[Malformed]]:
    """Return the cards in *folder* by their files' names, and why others are none.

    Item by item: one bad file never takes the others away.
    """
    cards, wrong = [], []
    for path in sorted(folder.glob("*.md")):
        try:
            cards.append(read_card(path.stem, _text(path)))
        except Malformed as error:
            wrong.append(error)
    return cards, wrong


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(CARD_BYTES + 1)
        if len(data) > CARD_BYTES:
            raise Malformed(f"card {path.stem}", f"expected at most {CARD_BYTES} bytes")
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"card {path.stem}", f"expected text in UTF-8: {error}") from error


class CardRoutes:
    """GET /api/cards/{language}, for whoever is about to need them."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._said: set[str] = set()

    async def cards(self, request: Request) -> Response:
        """Answer with the cards of a language, or the English ones where it has none."""
        asked = request.path_params["language"]
        language = asked if LANGUAGE.fullmatch(asked) else FALLBACK
        found = self._find(language) or self._find(FALLBACK) or (FALLBACK, False, [])
        language, own, cards = found
        answer = {"language": language, "own": own, "cards": [asdict(card) for card in cards]}
        return JSONResponse(answer, headers={"cache-control": "no-cache"})

    def _find(self, language: str) -> tuple[str, bool, list[RightsCard]] | None:
        own_folder = self._office.settings.data / "cards" / language
        for folder, own in ((own_folder, True), (DEFAULTS / language, False)):
            cards, wrong = read_cards(folder)
            self._say(wrong)
            if cards:
                return language, own, cards
        return None

    def _say(self, wrong: list[Malformed]) -> None:
        """Say once of each file why nobody sees it."""
        for error in wrong:
            if str(error) not in self._said:
                self._said.add(str(error))
                logger.warning("a rights card is not shown: %s", error)
