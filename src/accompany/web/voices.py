"""Recorded prompts of an organization: short sounds that speak where a phone has no voice.

They lie in `<voices>/<language>/<prompt>.<ending>`, by default in the data folder, and are read
anew at each request: no restart. A file that is none of these is left out, and why is said once.
Not here: when they are played (webapp/src/ui/voice.ts).
"""

import base64
import logging
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from accompany.web.office import Office
from accompany.web.rights_cards import LANGUAGE

logger = logging.getLogger("accompany")

PROMPTS = ("calling", "recording", "here", "nobody", "ended")
ENDINGS = {
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
}
SOUND_BYTES = 64 * 1024
"""A sentence; all of a language come at once, over whatever line there is."""


def read_voices(folder: Path) -> tuple[dict[str, tuple[str, bytes]], list[str]]:
    """Return type and bytes of each prompt in *folder*, and why other files are left out."""
    found: dict[str, tuple[str, bytes]] = {}
    wrong = []
    for path in sorted(folder.glob("*")):
        kind = ENDINGS.get(path.suffix)
        if path.stem not in PROMPTS or kind is None:
            wrong.append(f"{path}: expected one of {', '.join(PROMPTS)} as {', '.join(ENDINGS)}")
            continue
        try:
            with path.open("rb") as file:
                data = file.read(SOUND_BYTES + 1)
        except OSError as error:
            wrong.append(f"{path}: {error}")
            continue
        if not 0 < len(data) <= SOUND_BYTES:
            wrong.append(f"{path}: expected 1 to {SOUND_BYTES} bytes")
            continue
        found.setdefault(path.stem, (kind, data))
    return found, wrong


class VoiceRoutes:
    """GET /api/voices/{language}: all recorded prompts of a language in one answer."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._said: set[str] = set()

    async def voices(self, request: Request) -> Response:
        language = request.path_params["language"]
        settings = self._office.settings
        place = Path(settings.voices or settings.data / "voices")
        # A name of the one form only: nothing else of the disk is reached by it.
        folder = place / language if LANGUAGE.fullmatch(language) else None
        found, wrong = ({}, []) if folder is None else read_voices(folder)
        for why in wrong:
            if why not in self._said:
                self._said.add(why)
                logger.warning("a recorded prompt is left out: %s", why)
        prompts = {
            name: {"type": kind, "sound": base64.b64encode(data).decode()}
            for name, (kind, data) in found.items()
        }
        return JSONResponse({"prompts": prompts}, headers={"cache-control": "no-cache"})
