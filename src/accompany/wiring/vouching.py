"""Others who vouch for the log: authorities, witnesses, and the policy that names them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from accompany.adapters.checkpoints import SqliteCheckpoints
from accompany.adapters.keeper import JournalKeeper
from accompany.adapters.keys import ServerKeys
from accompany.adapters.outside import SqliteOutside
from accompany.adapters.sqlite import Database
from accompany.adapters.tsa import load_authorities
from accompany.adapters.witnesses import load_witnesses
from accompany.config import Settings
from accompany.custody.leaves import Leaves
from accompany.custody.rounds import Rounds
from accompany.custody.sequencer import Sequencer
from accompany.evidence.checkpoints import write_policy
from accompany.evidence.notes import Verifier
from accompany.wiring.clock import SystemClock

logger = logging.getLogger("accompany")


@dataclass(frozen=True, slots=True)
class Vouching:
    """Others who vouch for the log, and what the server states of itself and its witnesses."""

    rounds: Rounds
    outside: SqliteOutside
    checkpoints: SqliteCheckpoints
    policy: Callable[[Verifier], str]
    """By the organization's key."""


def vouching_for(
    settings: Settings,
    clock: SystemClock,
    keys: ServerKeys,
    database: Database,
    keeper: JournalKeeper,
    leaves: Leaves,
    sequencer: Sequencer,
    checkpoints: SqliteCheckpoints,
) -> Vouching:
    authorities, wrong = load_authorities(settings.data / "authorities")
    witnesses, asked, lines, wrong_lines = load_witnesses(settings.data / "witnesses")
    for problem in [*wrong, *wrong_lines]:
        logger.warning("%s; the others are used, see `accompany doctor`", problem)
    outside = SqliteOutside(database)
    rounds = Rounds(
        keeper,
        leaves,
        sequencer,
        checkpoints,
        keys.log.verifier,
        witnesses,
        authorities,
        asked,
        outside,
        clock,
        max(1, round(settings.round_seconds * 1000)),
    )

    def policy(organization: Verifier) -> str:
        return write_policy(keys.log.verifier, keys.receipts.verifier, organization, lines)

    return Vouching(rounds, outside, checkpoints, policy)
