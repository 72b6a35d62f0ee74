"""What a phone offers while it still rings, so that an accept costs one message and not two.

Whoever is rung prepares an answer to it. It holds no address: those the phone sends as signals, and
they wait for the one who answers (`calls.room`). Kept in memory, until somebody has answered. Not
here: who is rung (`dispatch`), what is signed (docs/live.md).
"""

import re
from typing import Any

from accompany.dispatch.ports import Standing
from accompany.errors import Malformed
from accompany.ids import EncounterId
from accompany.web.desk_messages import Offered
from accompany.web.messages import AheadMessage

_LINE = re.compile(r"[\r\n]+")
_NOWHERE = re.compile(r"^(o=.*|c=|a=rtcp:\d+ )IN IP[46] (0\.0\.0\.0|127\.0\.0\.1|::|::1)$")


class Aheads:
    def __init__(self) -> None:
        self._offered: dict[EncounterId, Offered] = {}

    def say(self, standing: Standing, message: AheadMessage) -> None:
        """Keep what the phone offers; raise Malformed where an address stands in it."""
        check_no_address(message.description)
        if standing.ringing.open:
            offered = Offered(message.note, message.opening, message.description)
            self._offered[standing.encounter] = offered

    def of(self, encounter: EncounterId) -> Offered | None:
        return self._offered.get(encounter)

    def settle(self, standing: Standing) -> None:
        """Forget it once somebody has answered: it is good for one call."""
        if not standing.ringing.open:
            self._offered.pop(standing.encounter, None)


def check_no_address(description: dict[str, Any]) -> None:
    """Raise Malformed where a description says where somebody can be reached."""
    text = description.get("sdp")
    if description.get("type") != "offer" or not isinstance(text, str):
        raise Malformed("ahead", "expected an offer")
    for line in _LINE.split(text):
        named = "candidate" in line.lower() or " IP4 " in line or " IP6 " in line
        if named and not _NOWHERE.match(line):
            raise Malformed("ahead", "expected no address before somebody has answered")
