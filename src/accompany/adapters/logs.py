"""What the server says on stderr: words or JSON, and nothing that tells who was there.

Nobody here writes an address, a code, a token or a name into a message. Libraries may, and a
traceback may quote anything: so whatever looks like one is struck out of every line, as the second
lock on the same door.
"""

import json
import logging
import re
import sys
import time
from typing import Any

from accompany.errors import Malformed

STRUCK = "[…]"
_ADDRESS4 = r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?![\w.])"
_ADDRESS6 = r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])"
_ID = r"(?<![a-z2-7])[a-z2-7]{32}(?![a-z2-7])"
_TOKEN = r"(?<![A-Za-z0-9+/=_-])(?=[A-Za-z0-9+/_-]*[0-9+=])[A-Za-z0-9+/_-]{24,}={0,2}"  # noqa: S105
_CODE = r"(?<![\w-])[a-z0-9]{4}-[a-z0-9]{4}(?![\w-])"
_BEARER = r"(?i:bearer|basic)\s+[^\s,;\"']+"
_QUERY = r"\?[^\s\"']+"
_SECRETS = re.compile("|".join([_BEARER, _ADDRESS4, _ADDRESS6, _ID, _CODE, _QUERY, _TOKEN]))


def struck(text: str) -> str:
    """Return *text* without anything that looks like an address, id, code, token or query."""
    return _SECRETS.sub(STRUCK, text)


class Words(logging.Formatter):
    """One message as a person reads it; a traceback follows, if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        return struck(f"accompany: {super().format(record)}")


class Objects(logging.Formatter):
    """One message as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": struck(record.getMessage()),
        }
        if record.exc_info:
            told["traceback"] = struck(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def write_logs(kind: str) -> None:
    """Have everything that is said from now on written to stderr as *kind*: `text` or `json`."""
    formatters = {"text": Words, "json": Objects}
    if kind not in formatters:
        raise Malformed("setting log", f"expected text or json, found {kind[:80]!r}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatters[kind]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
