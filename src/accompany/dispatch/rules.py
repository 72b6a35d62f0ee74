"""The numbers of a duty desk, as an organization sets them (docs/settings.md). Pure.

All times are milliseconds. The defaults are those of public answering points and of this project's
own simulations, where they are not said to be assumptions.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from accompany.config import Settings
from accompany.errors import Malformed

SECOND = 1000
MINUTE = 60 * SECOND

When = Literal["off", "after", "beside"]
"""Not at all, after the last wave, or with the first."""
WHEN: tuple[When, ...] = get_args(When)


@dataclass(frozen=True, slots=True)
class Rules:
    wave: int = 8 * SECOND
    """From one wave to the next: *width* people, as many again, everybody, the coordinator."""
    width: int = 3
    rings: int = 3
    """Presses that one console rings for at once: more of them would only hide who is next."""
    miss: int = 20 * SECOND
    """Rung for so long without a word is a miss."""
    miss_on_call: int = MINUTE
    """The same for somebody on call, whose page is not open yet."""
    misses: int = 2
    pause: int = 10 * MINUTE
    wrap_up: int = 5 * MINUTE
    reconnect: int = 90 * SECOND
    """How long an attorney whose line is gone keeps the call, and duty."""
    hold: int = 30 * SECOND
    """How long the same attorney alone is rung after that."""
    callback: int = 30 * MINUTE
    surge_waiting: int = 5
    """So many who wait longer than two waves are a surge."""
    surge_wrap_up: int = MINUTE
    briefing: int = 20
    """To how many who wait one attorney may speak at once, in a surge; 0: nobody may."""
    matter: str = ""
    """The practice area that this organization is called for."""
    any_state: frozenset[str] = frozenset()
    """Practice areas for which a license of any state is enough."""
    support: When = "after"
    """When responders are rung, who give no legal advice."""
    partners: When = "after"
    """When attorneys are rung whom the roster names as a partner organization's."""
    interpreters: bool = True
    """Whether interpreters are rung beside the attorneys."""

    @property
    def anywhere(self) -> bool:
        return self.matter in self.any_state

    @property
    def alarm(self) -> int:
        """From the press to the last wave."""
        return 3 * self.wave

    @property
    def late(self) -> int:
        """From the press to the wave that rings everybody."""
        return 2 * self.wave

    @property
    def support_after(self) -> int | None:
        """From the press to when responders are rung; None: never."""
        return self._after(self.support)

    @property
    def partners_after(self) -> int | None:
        """From the press to when partner organizations are rung; None: never."""
        return self._after(self.partners)

    def _after(self, when: When) -> int | None:
        if when == "off":
            return None
        return self.alarm if when == "after" else 0

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        return cls(
            wave=round(settings.wave_seconds * SECOND),
            width=settings.wave_people,
            rings=settings.rings_at_once,
            miss=round(settings.miss_seconds * SECOND),
            miss_on_call=round(settings.miss_on_call_seconds * SECOND),
            misses=settings.misses,
            pause=round(settings.pause_minutes * MINUTE),
            wrap_up=round(settings.wrap_up_minutes * MINUTE),
            reconnect=round(settings.reconnect_seconds * SECOND),
            hold=round(settings.hold_seconds * SECOND),
            callback=round(settings.callback_minutes * MINUTE),
            surge_waiting=settings.surge_waiting,
            surge_wrap_up=round(settings.surge_wrap_up_minutes * MINUTE),
            briefing=settings.briefing_people,
            matter=settings.matter,
            any_state=frozenset(settings.any_state.split()),
            support=read_when("support", settings.support),
            partners=read_when("partners", settings.partners),
        )


def read_when(setting: str, text: str) -> When:
    """Return which of the three *text* is; raise Malformed."""
    for word in WHEN:
        if word == text:
            return word
    expected = f"expected one of {', '.join(WHEN)}, found {text[:80]!r}"
    raise Malformed(f"setting {setting}", expected)
