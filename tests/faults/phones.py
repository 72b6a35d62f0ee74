"""Phones that keep every receipt, and the comparison of what they were told with what is there.

A server may end under them at any moment: what was not answered is sent again as it is, as a real
phone does. `Surge.check` asks the server for everything that was acknowledged and holds its log to
every checkpoint that anybody saw.
"""

import random
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from accompany.client.auditing import Memory, look
from accompany.client.device import Device, Purpose, Signed, locator_of
from accompany.client.service import Service, read_service
from accompany.client.tiles import Tiles
from accompany.evidence.checkpoints import Checkpoint, Policy, open_checkpoint
from accompany.evidence.merkle import grown, leaf_hash, root, tile_path
from accompany.evidence.receipts import Receipt, open_receipt
from accompany.evidence.text import write_base64
from accompany.ids import EncounterId
from evidencefiles import verify
from house import SECRET, bearing, new_id
from serving import RunningServer

SIZES = (60, 700, 3000, 30_000, 120_000)
TOKEN = bearing(SECRET)["authorization"].partition(" ")[2]
DEADLINE = 20.0
"""Seconds after which what is waited for will not come."""


def client_of(server: RunningServer) -> httpx.Client:
    # Plain HTTP: reading the certificates of the world takes longer than a request.
    return httpx.Client(base_url=server.url, trust_env=False, timeout=3 * DEADLINE, verify=False)  # noqa: S501


@dataclass
class Phone:
    """One recording: what it has sent, and what the server said that it has kept."""

    server: RunningServer
    service: Service
    device: Device
    began: int
    statements_first: bool
    chance: random.Random
    pause: float = 0.02
    sizes: tuple[int, ...] = SIZES
    acknowledged: dict[int, tuple[Signed, bytes]] = field(default_factory=dict)
    stated: dict[int, tuple[Signed, bytes]] = field(default_factory=dict)
    """Statements that were acknowledged before their bytes were sent."""
    checkpoints: deque[bytes] = field(default_factory=deque)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unsent: Signed | None = None

    def run(self, stop: threading.Event, rest: threading.Event) -> None:
        """Send until told to stop; whatever was not acknowledged is sent again as it is."""
        with client_of(self.server) as client:
            while not stop.is_set():
                if rest.is_set():
                    stop.wait(0.01)
                    continue
                signed = self.unsent = self.unsent or self.more()
                try:
                    answer = self.send(client, signed)
                    if self.chance.random() < 0.2:
                        self.look(client)
                except httpx.TransportError:
                    stop.wait(0.02)
                    continue
                self.answers[answer.status_code] += 1
                if answer.status_code in (200, 201):
                    self.acknowledged[signed.number] = (signed, answer.content)
                    self.unsent = None
                elif answer.status_code < 500:
                    self.wrong.append(answer.text)
                    return
                stop.wait(self.pause)

    def more(self) -> Signed:
        if 0 not in self.acknowledged:
            return self.device.opening
        n = self.device.chain.last
        at = 2000 * max(n - 1, 0)
        data = self.chance.randbytes(self.chance.choice(self.sizes))
        return self.device.segment(data, self.began + at, at, 2000 if n else 0)

    def send(self, client: httpx.Client, signed: Signed) -> httpx.Response:
        if signed.number == 0:
            return client.post("/api/recordings", json=self.opening())
        path = f"/api/recordings/{self.device.recording}"
        headers = {"statement": write_base64(signed.note)}
        if self.statements_first:
            first = client.put(f"{path}/statements/{signed.number}", content=signed.note)
            if first.status_code not in (200, 201):
                return first
            self.stated.setdefault(signed.number, (signed, first.content))
            headers = {}
        return client.put(
            f"{path}/segments/{signed.number}", content=signed.sealed, headers=headers
        )

    def look(self, client: httpx.Client) -> None:
        answer = client.get("/log/checkpoint", headers=bearing(SECRET))
        if answer.status_code == 200:
            self.checkpoints.append(answer.content)

    def opening(self) -> dict[str, object]:
        return {
            "opening": self.device.opening.note.decode(),
            "grants": [write_base64(one) for one in self.device.grants],
            "locator": locator_of(SECRET).hex(),
            "deletion": None,
            "admission": {"guest_code": self.server.links["guest_code"]},
        }

    def receipt(self, note: bytes) -> Receipt:
        return open_receipt(note, self.service.organization.receipts)


def phone(server: RunningServer, number: int, chance: random.Random) -> Phone:
    with client_of(server) as client:
        service = read_service(client.get("/api/service").content)
    origin = service.organization.origin
    purpose = Purpose("sound", "audio/mp4", EncounterId(new_id()), origin, None, "test/1 none")
    began = time.time_ns() // 1_000_000
    device = Device.open(purpose, (), began)
    own = random.Random(chance.random())
    return Phone(server, service, device, began, bool(number % 2), own)


@dataclass
class Surge:
    """Phones that send to one server at once, and what all of them together know of its log."""

    server: RunningServer
    folder: Path
    phones: list[Phone]
    entries: list[bytes] = field(default_factory=list)
    checked: dict[tuple[int, int], bytes] = field(default_factory=dict)
    looks: int = 0
    _rest: threading.Event = field(default_factory=threading.Event)
    _nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _roots: dict[int, bytes] = field(default_factory=dict)
    _places: dict[int, bytes] = field(default_factory=dict)
    _placed: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, server: RunningServer, folder: Path, count: int, seed: int) -> "Surge":
        chance = random.Random(seed)
        return cls(server, folder, [phone(server, number, chance) for number in range(count)])

    def forked(self, server: RunningServer, folder: Path) -> "Surge":
        """Return the same phones and knowledge, for a server on a copy of the data."""
        shutil.copytree(self.folder / "audit", folder / "audit", dirs_exist_ok=True)
        phones = [
            replace(
                one, server=server, acknowledged=dict(one.acknowledged), stated=dict(one.stated),
                checkpoints=deque(one.checkpoints), wrong=[],
            )
            for one in self.phones
        ]  # fmt: skip
        return Surge(
            server, folder, phones, list(self.entries), dict(self.checked), 0, threading.Event(),
            dict(self._nodes), dict(self._roots), dict(self._places), dict(self._placed),
        )  # fmt: skip

    @property
    def acknowledged(self) -> int:
        """How many statements and openings were acknowledged so far."""
        return sum(len(one.acknowledged) for one in self.phones)

    @property
    def refused(self) -> int:
        """How often bytes were refused since the disk was full."""
        return sum(one.answers[507] for one in self.phones)

    @property
    def seen(self) -> int:
        """How many different checkpoints were seen."""
        return len(self._roots)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Let all phones send meanwhile; raise AssertionError where one was told wrong things."""
        stop = threading.Event()
        threads = [threading.Thread(target=one.run, args=(stop, self._rest)) for one in self.phones]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(4 * DEADLINE)
        assert not any(thread.is_alive() for thread in threads)
        assert [wrong for one in self.phones for wrong in one.wrong] == []

    def wait_for(self, count: int, enough: Callable[[], bool] = lambda: False) -> None:
        """Return once *count* more are acknowledged, or it is *enough*; never wait for long."""
        until, goal = time.monotonic() + DEADLINE, self.acknowledged + count
        while self.acknowledged < goal and not enough() and time.monotonic() < until:
            time.sleep(0.02)

    def go_on(self, count: int) -> None:
        """Return once *count* more are acknowledged; raise AssertionError where they are not: of a
        server that takes nothing more all that was acknowledged would be there as well."""
        goal = self.acknowledged + count
        for _ in range(6):
            self.wait_for(goal - self.acknowledged)
        assert self.acknowledged >= goal, (goal, self.acknowledged, self.server.said())

    def check(self, everything: bool = False) -> None:
        """Raise AssertionError unless all that was acknowledged since the last check (or ever) is
        there, byte for byte, the log holds it, and continues every checkpoint seen. Phones rest
        meanwhile."""
        self._rest.set()
        try:
            self._check(everything)
        finally:
            self._rest.clear()

    def _check(self, everything: bool) -> None:
        with client_of(self.server) as client:
            for number, one in enumerate(self.phones):
                for n, (signed, receipt) in sorted(dict(one.acknowledged).items()):
                    if everything or (number, n) not in self.checked:
                        _check_one(one, client, signed, receipt)
                        self.checked[number, n] = receipt
                _check_stated(one, client, everything)
            self._check_log(client)

    def _check_log(self, client: httpx.Client) -> None:
        asked = next((one for one in self.phones if 0 in one.acknowledged), None)
        if asked is None:
            return
        log = asked.service.organization.log
        notes = [one.checkpoints.popleft() for one in self.phones for _ in list(one.checkpoints)]
        # A proof waits for the checkpoint that covers its statement.
        for one in self.phones:
            if one.acknowledged:
                last = max(one.acknowledged)
                path = f"/api/recordings/{one.device.recording}/proofs/{last}"
                client.get(path).raise_for_status()
        note = client.get("/log/checkpoint", headers=bearing(SECRET)).raise_for_status().content
        found = open_checkpoint(note, log)
        self._grow(client, found.size)
        for seen in [*notes, note]:
            self._continues(open_checkpoint(seen, log))
        for number, one in enumerate(self.phones):
            for held in (one.acknowledged, one.stated):
                for n, (signed, receipt) in list(held.items()):
                    if self._placed.get((number, n)) != receipt:
                        self._in_its_place(one, signed, one.receipt(receipt), found.size)
                        self._placed[number, n] = receipt
        memory = Memory(self.folder / "audit", True)
        look(Tiles(client, "/log", TOKEN), memory, log, Tiles(client, "/log"))
        self.looks += 1

    def _grow(self, client: httpx.Client, size: int) -> None:
        while len(self.entries) < size:
            number = len(self.entries) // 256
            path = tile_path(number, min(256, size - 256 * number))
            answer = client.get(f"/log/tile/entries/{path}", headers=bearing(SECRET))
            data = answer.raise_for_status().content
            bundle = [data[at + 2 : at + 66] for at in range(0, len(data), 66)]
            known = self.entries[256 * number :]
            assert bundle[: len(known)] == known
            for entry in bundle[len(known) :]:
                index = len(self.entries)
                self.entries.append(entry)
                for level, at, value in grown(index, leaf_hash(entry), self._node):
                    self._nodes[level, at] = value

    def _node(self, level: int, number: int) -> bytes:
        return self._nodes[level, number]

    def _continues(self, seen: Checkpoint) -> None:
        assert seen.size <= len(self.entries), f"a checkpoint over {seen.size} was seen"
        if self._roots.get(seen.size) != seen.root:
            assert root(seen.size, self._node) == seen.root, f"a checkpoint over {seen.size}"
            self._roots[seen.size] = seen.root

    def _in_its_place(self, one: Phone, signed: Signed, receipt: Receipt, size: int) -> None:
        entry = bytes(receipt.entry)
        assert receipt.entry == one.device.entry(signed)
        # What came while this looked on is for the next time.
        if receipt.index < size:
            assert self.entries[receipt.index] == entry
        assert self._places.setdefault(receipt.index, entry) == entry

    def check_package(self) -> None:
        """A package of the first phone's recording verifies, offline."""
        one = self.phones[0]
        with client_of(self.server) as client:
            path = f"/api/recordings/{one.device.recording}/package"
            target = self.folder / "film.zip"
            answer = client.get(path, headers=bearing(SECRET)).raise_for_status()
            target.write_bytes(answer.content)
        policy = Path(self.server.links["policy"])
        Policy.parse(policy.read_bytes())
        verdict = verify(target, policy, "--open-ended")
        assert verdict.status == 0, verdict.report


def _check_one(one: Phone, client: httpx.Client, signed: Signed, receipt: bytes) -> None:
    again = one.send(client, signed)
    assert (again.status_code, again.content) == (200, receipt), (signed.number, again.text)
    if signed.sealed is not None:
        path = f"/api/recordings/{one.device.recording}/segments/{signed.number}"
        assert client.get(path, headers=bearing(SECRET)).content == signed.sealed


def _check_stated(one: Phone, client: httpx.Client, everything: bool) -> None:
    """A statement that was acknowledged without its bytes is there without them."""
    for n, (signed, receipt) in sorted(dict(one.stated).items()):
        if n in one.acknowledged and not everything:
            continue
        path = f"/api/recordings/{one.device.recording}/statements/{n}"
        again = client.put(path, content=signed.note)
        assert again.status_code == 200, again.text
        first, now = one.receipt(receipt), one.receipt(again.content)
        assert (now.index, now.entry) == (first.index, first.entry)
