"""Letting an encounter in: by a press token or by a guest code. Not here: HTTP."""

from dataclasses import dataclass

from accompany.accounts.enrolment import Codes
from accompany.accounts.tokens import Tokens
from accompany.errors import Unauthorized


@dataclass(frozen=True, slots=True)
class Admission:
    """Asks what a phone shows, the token first: it costs no code its share."""

    codes: Codes
    tokens: Tokens

    def check(
        self, code: str | None, token: bytes | None, encounter: str, address: str, now: int
    ) -> bool:
        """Let *encounter* in, and return whether as a guest; the same may be shown again.

        Raise Unauthorized where neither is good, TooMany where it was tried or used too often.
        """
        if token is not None:
            try:
                self.tokens.admit(token, encounter, address, now)
            except Unauthorized:
                if not code:
                    raise
            else:
                return False
        if not code:
            raise Unauthorized("an admission: a press token or a guest code of this organization")
        self.codes.check(code, address, now, encounter)
        return True
