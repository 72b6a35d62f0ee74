"""The line to a server: one request at a time, tried for ever while the fault may pass.

A network error, a 5xx (507 among them: the disk is full, nothing is lost here), 408 or 429 is tried
again after 0.5 s, then longer up to 5 s, with jitter. Everything else that is no success is a
refusal, told in the words of the server's problem document (RFC 9457). Not here: what is asked.
"""

import random
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from accompany.errors import AccompanyError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two attempts, before jitter."""

FIRST_CONTACT = 10.0
"""Seconds that a server may stay silent before anything was recorded."""

_TIMEOUT = httpx.Timeout(15.0, read=60.0)
_PASSING = frozenset({408, 425, 429})


class Unreachable(AccompanyError):
    """The server at *url* did not answer; *why* is the network's own word."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"no answer from {url}: {why}")
        self.url = url
        self.why = why


class Refused(AccompanyError):
    """The server said no: its HTTP *status*, *title* and *detail* of its problem, and *more*."""

    def __init__(
        self, what: str, status: int, title: str, detail: str, more: dict[str, Any]
    ) -> None:
        said = ": ".join(part for part in (title, detail) if part) or "without a reason"
        super().__init__(f"{what} was refused ({status}): {said}")
        self.status = status
        self.title = title
        self.detail = detail
        self.more = more


def no_trouble(trouble: str | None) -> None:
    """Take no notice of *trouble*, what holds things up; None when it has passed."""
    del trouble


@contextmanager
def open_client(server: str, ca: Path | None = None) -> Iterator[httpx.Client]:
    """Connect to *server*, an http or https address; *ca* is a PEM file of its own authority."""
    try:
        verify = ssl.create_default_context(cafile=str(ca)) if ca else True
    except (OSError, ssl.SSLError) as error:
        raise Unreachable(server, f"{ca} holds no certificates ({error})") from error
    with httpx.Client(base_url=server, verify=verify, timeout=_TIMEOUT) as client:
        yield client


def pauses(chance: random.Random) -> Iterator[float]:
    """Yield the seconds to wait after each failure in a row: 0.5, 1, 2, 4, 5, 5 … within 20 %."""
    pause = FIRST_PAUSE
    while True:
        yield pause * chance.uniform(0.8, 1.2)
        pause = min(2 * pause, LONGEST_PAUSE)


class Line:
    """Requests through *client*. `on_trouble` hears what holds them up, and None when it passed."""

    def __init__(
        self,
        client: httpx.Client,
        on_trouble: Callable[[str | None], None] = no_trouble,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: random.Random | None = None,
    ) -> None:
        self._client = client
        self._on_trouble = on_trouble
        self._sleep = sleep
        self._chance = chance or random.Random()  # noqa: S311 - jitter, no secret

    def ask(
        self, what: str, method: str, path: str, *, patience: float | None = None, **content: Any
    ) -> bytes:
        """Return the body of a successful answer; *what* names the request in errors.

        Without *patience*, seconds of waiting between attempts, it is tried for ever. Raise
        Refused, or Unreachable once patience has ended.
        """
        troubled = False
        for pause in pauses(self._chance):
            try:
                answer = self._client.request(method, path, **content)
                trouble = _passing(answer)
            except httpx.TransportError as error:
                trouble = str(error) or type(error).__name__
            if trouble is None:
                if troubled:
                    self._on_trouble(None)
                return body_of(what, answer)
            if patience is not None:
                patience -= pause
                if patience < 0:
                    raise Unreachable(str(self._client.base_url), trouble)
            troubled = True
            self._on_trouble(f"{what}: {trouble}; trying again")
            self._sleep(pause)
        raise AssertionError("pauses never end")


def _passing(answer: httpx.Response) -> str | None:
    if answer.status_code < 500 and answer.status_code not in _PASSING:
        return None
    refused = refusal("", answer)
    return f"{refused.status} {refused.title}".strip()


def body_of(what: str, answer: httpx.Response) -> bytes:
    """Return the body of a success (its bytes already read); raise Refused for anything else."""
    if not answer.is_success:
        raise refusal(what, answer)
    return answer.content


def refusal(what: str, answer: httpx.Response) -> Refused:
    """Return what *answer*, read already, says against *what*."""
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        # No problem document: a proxy, or no Accompany server at all.
        problem = {"title": answer.reason_phrase}
    title, detail = (str(problem.pop(name, "")) for name in ("title", "detail"))
    more = {name: value for name, value in problem.items() if name not in ("type", "status")}
    return Refused(what, answer.status_code, title, detail, more)
