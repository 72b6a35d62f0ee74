"""A measured figure beside its floor, as one line: OK, or UNDER where it falls short of it."""

import math
import statistics
from collections.abc import Callable, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


_ALSO: dict[str, Callable[[Sequence[float]], float]] = {
    "median": statistics.median,
    "p99": lambda values: percentile(values, 0.99),
    "worst": max,
}


class Floors:
    """Prints figures as they come, and remembers whether one was under its floor."""

    def __init__(self) -> None:
        self.good = True

    def row(
        self,
        what: str,
        values: Sequence[float],
        unit: str = "s",
        digits: int = 2,
        floor: float | None = None,
        worst: float | None = None,
        p99: float | None = None,
    ) -> None:
        """Print median and worst of *values*: at most *floor* and *worst*, where given."""
        limits = {"median": floor, **({"p99": p99} if p99 is not None else {}), "worst": worst}
        shown, under = [], False
        for name, limit in limits.items():
            value = _ALSO[name](values) if values else math.nan
            said = "" if limit is None else f" (floor {limit:.{digits}f})"
            # Not a number is under every floor: what was not measured is not good.
            under |= limit is not None and not value <= limit
            shown.append(f"{name} {value:.{digits}f} {unit}{said}".replace(" )", ")"))
        judged = any(limit is not None for limit in limits.values())
        mark = "" if not judged else "UNDER" if under else "OK"
        self.good &= not under
        print(f"{mark:<6}{what:<52}{'  '.join(shown)}", flush=True)
