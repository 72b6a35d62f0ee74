"""What is measured, in the Prometheus text format: counts, times, lags. No address, id or name.

Routes are named as they are written in `web.app`, with `{id}` for an id. Everything that can be
asked of the server's parts is asked when somebody looks; only requests are counted as they pass.
"""

import shutil
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from accompany.web.door import Door
from accompany.web.office import Office

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})
PREFIX = "accompany"


class Metrics:
    """One per server; from the event loop only."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        ProcessCollector(namespace=PREFIX, registry=self.registry)
        names = ["method", "route", "status"]
        self._requests = Counter(
            f"{PREFIX}_requests_total", "Requests answered.", names, registry=self.registry
        )
        self._seconds = Histogram(
            f"{PREFIX}_request_seconds", "From the head of a request to the end of its answer.",
            ["method", "route"], registry=self.registry, buckets=BUCKETS,
        )  # fmt: skip
        self._bytes = Counter(
            f"{PREFIX}_request_bytes_total", "Bytes of bodies that came in.",
            registry=self.registry,
        )  # fmt: skip

    def request(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """Count one request; whatever is no method or route of ours counts as `other`."""
        method = method if method in METHODS else "other"
        route = route or "other"
        # Found once: finding a child by its labels costs more than counting.
        known = (method, route, status // 100)
        found = self._children.get(known)
        if found is None:
            found = (
                self._requests.labels(method, route, f"{status // 100}xx"),
                self._seconds.labels(method, route),
            )
            self._children[known] = found
        count, times = found
        count.inc()
        times.observe(seconds)
        self._bytes.inc(size)

    def watch(self, office: Office, door: Door) -> None:
        """Ask these parts, too, from now on."""
        self.registry.register(_Parts(office, door))

    def text(self) -> bytes:
        return generate_latest(self.registry)


class _Parts(Collector):
    """What the parts of the server know of themselves, asked when somebody looks."""

    def __init__(self, office: Office, door: Door) -> None:
        self._office = office
        self._door = door

    def collect(self) -> Iterator[Metric]:
        office, door = self._office, self._door
        sequencer = office.sequencer
        live = sequencer.live.checkpoint.size
        disk = shutil.disk_usage(office.settings.data)
        gauges = {
            "log_entries": ("Entries that are durable.", office.keeper.size),
            "log_entries_uncovered": (
                "Durable entries that no live checkpoint covers yet.", office.keeper.size - live
            ),
            "log_entries_public": (
                "Entries that strangers see.", sequencer.public.checkpoint.size
            ),
            "checkpoint_age_seconds": (
                "Since a checkpoint was found, or made, to cover everything durable.",
                time.monotonic() - sequencer.stepped,
            ),
            "disk_free_bytes": ("Free on the data folder's disk.", disk.free),
            "disk_bytes": ("Size of the data folder's disk.", disk.total),
            "connections": ("Open connections.", door.addresses.total()),
            "live_sockets": ("Open live sockets.", door.sockets),
            "presses_open": ("Encounters under way.", len(office.desk.open_standings())),
            "attorneys_on_duty": ("Attorneys on duty.", office.desk.on_duty),
            "channels_failing": (
                "Attorneys' own channels that failed when last used.",
                office.reach.channels.failing(),
            ),
            "deletions_unerased": (
                "Deleted recordings whose bytes are still to be erased.",
                len(office.keeper.unerased()),
            ),
        }  # fmt: skip
        for name, (words, value) in gauges.items():
            yield GaugeMetricFamily(f"{PREFIX}_{name}", words, value)
        refused = CounterMetricFamily(
            f"{PREFIX}_connections_refused_total", "Connections sent away.", labels=["why"]
        )
        for why, count in sorted(door.refused.items()):
            refused.add_metric([why], count)
        yield refused
