"""What was set up, how uvicorn serves it, and how it stops."""

import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from accompany.adapters.keys import ServerKeys
from accompany.config import Settings
from accompany.web.door import Door, Limits, config_for
from accompany.web.gate import Gate
from accompany.web.lane import Lane, OnLane
from accompany.web.metrics import Metrics
from accompany.web.office import Office
from accompany.web.uplink import Uplink

logger = logging.getLogger("accompany")


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that was set up: the application and what `serve` prints about it."""

    app: Uplink
    keys: ServerKeys
    guest_code: str
    invitation: str
    coordinator_invitation: str
    policy: Path
    office: Office
    metrics: Metrics
    way: str
    """How batches reach the disk, in words."""


def door_for(settings: Settings, server: Server, **more: Any) -> tuple[uvicorn.Config, Door]:
    """Return how uvicorn serves *server*, with limits for every connection, and the door itself,
    whose `sweep` has to run; *more* goes to uvicorn."""
    limits = Limits(
        settings.connections, settings.connections_per_address, tuple(settings.proxies.split())
    )
    door = Door(limits)
    server.metrics.watch(server.office, door)
    gate = Gate(server.app, limits, server.metrics)
    connection = partial(OnLane, lane=Lane(server.app, gate))
    return config_for(gate, door, connection, **more), door


def die(reason: str) -> None:
    """Stop at once: nothing more may be acknowledged. A start reads what is there."""
    logger.critical("stopping: %s", reason)
    logging.shutdown()
    os._exit(70)
