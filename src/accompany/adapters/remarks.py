"""What `accompany doctor` says: a mark, what it is about, and words."""

from dataclasses import dataclass

GOOD, LOOK, WRONG = "good", "look", "wrong"


@dataclass(frozen=True, slots=True)
class Remark:
    """*how* is good, look (somebody should) or wrong (the service or its word is in danger)."""

    how: str
    about: str
    words: str
