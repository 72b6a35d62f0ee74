"""Settings: read once, handed down by hand; docs/settings.md lists every one.

Values come from the command line, else from the environment (`ACCOMPANY_…`), else from the
defaults here. Pure but for `from_environment`, which is given the environment.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from accompany.errors import Malformed

STATES = tuple(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH "
    "NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY PR".split()
)
LANGUAGES = ("en", "es", "ht", "pt", "zh", "pa", "fr", "ar", "fa", "ru", "vi", "ko")
LIMITS: Mapping[str, tuple[float, float]] = {
    "port": (0, 65535),
    "segment_bytes": (4096, 1024**3),
    "checkpoint_seconds": (0.01, 1),
    "wrong_codes_a_minute": (1, 1_000_000),
    "code_encounters_a_minute": (1, 1_000_000),
    "session_hours": (1, 24 * 365),
    "round_seconds": (1, 24 * 3600),
    "journal_file_bytes": (1024**2, 1024**4),
    "connections": (16, 1_000_000),
    "connections_per_address": (4, 1_000_000),
    "deletion_days": (0, 365),
    "keep_film_days": (0, 36500),
    "keep_sound_days": (0, 36500),
    "keep_advice_days": (0, 36500),
    "keep_notes_days": (0, 36500),
    "messages_an_hour": (0, 10_000_000),
    "wave_seconds": (0.1, 600),
    "wave_people": (1, 10_000),
    "rings_at_once": (1, 10_000),
    "miss_seconds": (1, 3600),
    "miss_on_call_seconds": (1, 3600),
    "misses": (1, 10_000),
    "pause_minutes": (0, 720),
    "wrap_up_minutes": (0, 720),
    "reconnect_seconds": (0, 3600),
    "hold_seconds": (0, 3600),
    "callback_minutes": (1, 10_000),
    "surge_waiting": (1, 1_000_000),
    "surge_wrap_up_minutes": (0, 720),
    "briefing_people": (0, 10_000),
}
"""The least and the most a number may be; a live checkpoint covers an entry within a second."""
TELEPHONES = ("hotline", "hotline_sms")
TELEPHONE = re.compile(r"\+?(?:[ ().-]*[0-9]){3,15}[ ().-]*")
"""As people write one. A link dials the digits alone: with letters it would ring somebody else."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where it listens and keeps things, and what it takes. Sizes in bytes, times in seconds."""

    data: Path = Path("accompany-data")
    host: str = "127.0.0.1"
    port: int = 8420
    address: str = ""
    """The origin people open (`https://duty.example.org`), to which passkeys belong; empty: the one
    that they ask at."""
    tls: str = "off"
    """`off`, `own` (a local authority made on the spot) or `CERTIFICATE:KEY` (two PEM files)."""
    origin: str = ""
    """The log's name; empty: one is made on first start and kept."""
    organization: str = "Accompany demonstration"
    hotline: str = ""
    hotline_sms: str = ""
    """A number that takes text messages; not every hotline does."""
    officer_card: str = ""
    """A text file with what the card for an officer says; none: the pages' own words."""
    engagement: str = ""
    """A text file with the words of the limited engagement, shown in each call; none: no words."""
    voices: str = ""
    """A folder of recorded prompts, `<language>/<prompt>.opus`; none: `voices` in the data."""
    segment_bytes: int = 8 * 1024 * 1024
    checkpoint_seconds: float = 0.25
    wrong_codes_a_minute: int = 10
    code_encounters_a_minute: int = 120
    """What one guest code lets in within a minute, so that a flood with one holds up no other."""
    session_hours: int = 12
    round_seconds: float = 600.0
    """Time stamps and cosignatures are asked for at every whole multiple of this, UTC."""
    journal_file_bytes: int = 256 * 1024 * 1024
    checkpoints: str = ""
    """A folder for the second copy of signed checkpoints; empty: beside the data folder."""
    deletion_days: float = 7.0
    """How long a wish for deletion waits, so that it can be taken back."""
    keep_film_days: int = 0
    """Recordings of a kind are deleted when they are this old; 0: never."""
    keep_sound_days: int = 0
    keep_advice_days: int = 0
    keep_notes_days: int = 0
    connections: int = 8192
    connections_per_address: int = 256
    proxies: str = "127.0.0.1 ::1"
    """Addresses of proxies that are believed about whence a request comes, and never counted."""
    metrics_token: str = ""
    """What opens /health and /metrics; none: only this machine itself."""
    log: str = "text"
    """`text` or `json`: how what is said on stderr is written."""
    channels: str = ""
    """A TOML file that names the channels on which contacts are told; none: none."""
    messages_an_hour: int = 1000
    shelf: str = ""
    """A folder in memory (tmpfs) for sealed contacts over a restart; none: a restart forgets."""
    wave_seconds: float = 8.0
    """Who is rung for a press, and when; `dispatch.rules` says what each of these is for."""
    wave_people: int = 3
    rings_at_once: int = 3
    miss_seconds: float = 20.0
    miss_on_call_seconds: float = 60.0
    misses: int = 2
    pause_minutes: float = 10.0
    wrap_up_minutes: float = 5.0
    reconnect_seconds: float = 90.0
    hold_seconds: float = 30.0
    callback_minutes: float = 30.0
    surge_waiting: int = 5
    surge_wrap_up_minutes: float = 1.0
    briefing_people: int = 20
    support: str = "after"
    """`off`, `after` the last wave or `beside` the first: when responders are rung."""
    partners: str = "after"
    """The same words: when attorneys of partner organizations are rung."""
    matter: str = ""
    any_state: str = ""
    webhook_networks: str = ""
    """Networks that are not public and that webhooks may call all the same; none: none."""
    ice: str = ""
    """STUN and TURN addresses for the call, separated by spaces; none: direct only."""
    relay_secret: str = ""
    """The relay's static-auth-secret; needed where `ice` names a relay."""

    @property
    def secure(self) -> bool:
        return self.tls != "off"

    @property
    def second_place(self) -> Path:
        """Where checkpoints are kept once more: what is restored with the data folder is no use."""
        beside = self.data.absolute()
        return Path(self.checkpoints or beside.with_name(f"{beside.name}-checkpoints"))

    @property
    def keep_days(self) -> dict[str, int]:
        """How long recordings are kept, in days by kind; a kind that is not in it, for ever."""
        days = {
            "film": self.keep_film_days,
            "sound": self.keep_sound_days,
            "advice": self.keep_advice_days,
            "notes": self.keep_notes_days,
        }
        return {kind: count for kind, count in days.items() if count}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings that `ACCOMPANY_<NAME>` variables state; the rest are defaults."""
        settings = cls()
        for name in cls.__slots__:
            given = environment.get(f"ACCOMPANY_{name.upper()}")
            if given is not None:
                settings = settings.having(name, given)
        return settings

    def having(self, name: str, given: str) -> "Settings":
        """Return these settings with *name* as *given* in text; raise Malformed if it cannot be."""
        kind = type(getattr(self, name))
        least, most = LIMITS.get(name, (-math.inf, math.inf))
        words = {int: "a whole number", float: "a number"}.get(kind, "text")
        expected = f"{words} from {least} to {most}" if name in LIMITS else words
        try:
            value = kind(given)
        except ValueError:
            value = None
        # Asked so that what is not a number (NaN) is refused as well.
        if value is None or (name in LIMITS and not least <= value <= most):
            raise Malformed(f"setting {name}", f"expected {expected}, found {given[:80]!r}")
        if name in TELEPHONES and given and not TELEPHONE.fullmatch(given):
            expected = "a telephone number of 3 to 15 digits such as +1 555 0100, no letters"
            raise Malformed(f"setting {name}", f"expected {expected}, found {given[:80]!r}")
        return replace(self, **{name: value})
