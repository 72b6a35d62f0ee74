"""Witnesses asked over HTTP: a c2sp.org/tlog-witness client.

The operator's `witnesses` file in the data folder is a c2sp.org/tlog-policy: a line
`witness <name> <vkey> [<url>]` for each, groups, and the quorum that packages should show. Those
with a URL are asked; the others come by themselves. Not here: when (custody.rounds).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from accompany.custody.rounds import Unavailable
from accompany.errors import AccompanyError
from accompany.evidence.checkpoints import Policy, parse_checkpoint
from accompany.evidence.cosigning import AddCheckpoint, read_lines
from accompany.evidence.notes import Signature
from accompany.evidence.text import read_number

if TYPE_CHECKING:
    import httpx

TIMEOUT = 20.0
SIZE_TYPE = "text/x.tlog.size"


@dataclass(slots=True)
class HttpWitness:
    """A `custody.rounds.AskedWitness`; *url* is its submission prefix."""

    name: str
    url: str
    cosigned: int = field(default=0)
    """The size it last cosigned, as far as known here; it says so itself where that is wrong."""

    async def cosign(
        self, note: bytes, consistency: Callable[[int], Sequence[bytes]]
    ) -> Sequence[Signature]:
        # A fifth of a start: it is there the first time somebody is asked.
        import httpx

        checkpoint, parsed = parse_checkpoint(note)
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                answer = await self._ask(client, note, consistency)
                held = _size(answer)
                if held is not None:
                    if held > checkpoint.size:
                        why = f"it cosigned {held} entries already: more than {checkpoint.size}"
                        raise Unavailable(why)
                    self.cosigned = held
                    answer = await self._ask(client, note, consistency)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise Unavailable(f"no answer from {self.url}: {why}") from error
        if answer.status_code != 200:
            said = answer.text[:200].strip()
            raise Unavailable(f"{self.url} refused ({answer.status_code}): {said}")
        lines = read_lines(answer.content, parsed.text)
        self.cosigned = checkpoint.size
        return lines

    async def _ask(
        self,
        client: "httpx.AsyncClient",
        note: bytes,
        consistency: Callable[[int], Sequence[bytes]],
    ) -> "httpx.Response":
        body = bytes(AddCheckpoint(self.cosigned, tuple(consistency(self.cosigned)), note))
        return await client.post(f"{self.url.rstrip('/')}/add-checkpoint", content=body)


def _size(answer: "httpx.Response") -> int | None:
    """Return the size that a 409 says the witness cosigned last, or None for other answers."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    if answer.status_code != 409 or kind != SIZE_TYPE:
        return None
    return read_number(answer.text.removesuffix("\n"))


def load_witnesses(path: Path) -> tuple[Policy, list[HttpWitness], str, list[str]]:
    """Return the policy in the `witnesses` file, whom to ask, its lines, and what is wrong.

    Where there is no file, or it cannot be read, there are no witnesses.
    """
    if not path.exists():
        return Policy(), [], "", []
    try:
        text = path.read_text("utf-8")
        policy = Policy.parse(text.encode())
    except (AccompanyError, OSError, UnicodeDecodeError) as error:
        return Policy(), [], "", [f"{path.name}: {error}"]
    asked = []
    for line in text.splitlines():
        match line.split():
            case ["witness", name, _, url]:
                asked.append(HttpWitness(name, url))
    return policy, asked, text, []
