"""kill -9 of a real server under load, again and again: nothing acknowledged is ever missing."""

import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from accompany.client.device import Device, Purpose, Signed, locator_of
from accompany.client.service import Service, read_service
from accompany.evidence.checkpoints import Checkpoint, Policy, Proof, open_checkpoint
from accompany.evidence.merkle import grown, leaf_hash, root, tile_path
from accompany.evidence.receipts import Receipt, open_receipt
from accompany.evidence.text import write_base64
from accompany.ids import EncounterId
from evidencefiles import verify
from house import SECRET, bearing, new_id, sound
from serving import RunningServer, running_server

pytestmark = pytest.mark.fault
KILLS = 3
PHONES = 4
LIVES = (0.7, 1.2, 0.9)
"""Seconds after which each server is killed, wherever it is then."""


def service_of(server: RunningServer) -> Service:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        return read_service(client.get("/api/service").content)


@dataclass
class Phone:
    """One recording: what it has sent, and what the server said that it has kept."""

    server: RunningServer
    service: Service
    device: Device
    began: int
    acknowledged: dict[int, tuple[Signed, bytes]] = field(default_factory=dict)
    statements_first: bool = False

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; whatever was not answered is sent again as it is."""
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=10) as client:
            pending = [] if 0 in self.acknowledged else [self.device.opening]
            while not stop.is_set():
                signed = pending.pop() if pending else self.unsent or self.more()
                self.unsent = signed
                try:
                    answer = self.send(client, signed)
                except httpx.TransportError:
                    stop.wait(0.02)
                    pending = [signed]
                    continue
                assert answer.status_code in (200, 201), answer.text
                self.acknowledged[signed.number] = (signed, answer.content)
                self.unsent = None
                stop.wait(0.02)

    unsent: Signed | None = None

    def more(self) -> Signed:
        return sound(self.device, self.began)

    def send(self, client: httpx.Client, signed: Signed) -> httpx.Response:
        if signed.number == 0:
            return client.post("/api/recordings", json=self.opening())
        path = f"/api/recordings/{self.device.recording}"
        if self.statements_first:
            first = client.put(f"{path}/statements/{signed.number}", content=signed.note)
            assert first.status_code in (200, 201), first.text
            return client.put(f"{path}/segments/{signed.number}", content=signed.sealed)
        headers = {"statement": write_base64(signed.note)}
        return client.put(
            f"{path}/segments/{signed.number}", content=signed.sealed, headers=headers
        )

    def opening(self) -> dict[str, object]:
        return {
            "opening": self.device.opening.note.decode(),
            "grants": [write_base64(one) for one in self.device.grants],
            "locator": locator_of(SECRET).hex(),
            "deletion": None,
            "admission": {"guest_code": self.server.links["guest_code"]},
        }

    def receipt(self, number: int) -> Receipt:
        note = self.acknowledged[number][1]
        return open_receipt(note, self.service.organization.receipts)


def phone(server: RunningServer, number: int) -> Phone:
    service = service_of(server)
    origin = service.organization.origin
    purpose = Purpose("sound", "audio/mp4", EncounterId(new_id()), origin, None, "test/1 none")
    began = time.time_ns() // 1_000_000
    device = Device.open(purpose, (), began)
    return Phone(server, service, device, began, statements_first=bool(number % 2))


def check_kept(one: Phone, client: httpx.Client) -> None:
    """Everything that was acknowledged is there, and is answered as it was, byte for byte."""
    for number, (signed, receipt) in sorted(one.acknowledged.items()):
        again = one.send(client, signed)
        assert (again.status_code, again.content) == (200, receipt), number
        if signed.sealed is not None:
            path = f"/api/recordings/{one.device.recording}/segments/{number}"
            assert client.get(path, headers=bearing(SECRET)).content == signed.sealed
    state = client.get(f"/api/recordings/{one.device.recording}").json()
    assert state["last"] in (max(one.acknowledged), max(one.acknowledged) + 1)


def live_log(client: httpx.Client, one: Phone) -> tuple[Checkpoint, list[bytes]]:
    """Return the live checkpoint over all that was acknowledged, and its entries."""
    headers, log = bearing(SECRET), one.service.organization.log
    last = max(one.receipt(number).index for number in one.acknowledged)
    # A proof waits for the checkpoint that covers its statement.
    number = next(n for n in one.acknowledged if one.receipt(n).index == last)
    client.get(f"/api/recordings/{one.device.recording}/proofs/{number}").raise_for_status()
    found = open_checkpoint(client.get("/log/checkpoint", headers=headers).content, log)
    entries: list[bytes] = []
    while len(entries) < found.size:
        first = len(entries)
        path = tile_path(first // 256, min(256, found.size - first))
        data = client.get(f"/log/tile/entries/{path}", headers=headers).content
        entries += [data[at + 2 : at + 66] for at in range(0, len(data), 66)]
    return found, entries


def tree_root(entries: list[bytes], size: int) -> bytes:
    nodes: dict[tuple[int, int], bytes] = {}
    for index, entry in enumerate(entries[:size]):
        for level, number, value in grown(index, leaf_hash(entry), lambda a, b: nodes[a, b]):
            nodes[level, number] = value
    return root(size, lambda level, number: nodes[level, number])


def test_nothing_acknowledged_is_missing_however_often_the_server_is_killed(
    tmp_path: Path,
) -> None:
    with running_server(tmp_path / "data") as server:
        phones = [phone(server, number) for number in range(PHONES)]
        stop = threading.Event()
        sending = [threading.Thread(target=one.run, args=(stop,)) for one in phones]
        for thread in sending:
            thread.start()
        checkpoints: list[Checkpoint] = []
        try:
            for life in LIVES[:KILLS]:
                time.sleep(life)
                server.kill()
                server.start()
                checkpoints.append(_checkpoint(server, phones[0]))
            time.sleep(0.3)
        finally:
            stop.set()
            for thread in sending:
                thread.join(15)
        assert not any(thread.is_alive() for thread in sending)
        assert min(len(one.acknowledged) for one in phones) > 5
        # One more, with nobody sending: what is there now is what was on the disk.
        server.kill()
        server.start()
        with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client:
            for one in phones:
                check_kept(one, client)
            found, entries = live_log(client, phones[0])
            checkpoints.append(found)
        _check_log(phones, checkpoints, entries)
        _check_package(server, phones[0], tmp_path / "film.zip")


def _checkpoint(server: RunningServer, one: Phone) -> Checkpoint:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client:
        code = bearing(server.links["guest_code"])
        note = client.get("/log/checkpoint", headers=code).content
        return open_checkpoint(note, one.service.organization.log)


def _check_log(phones: list[Phone], checkpoints: list[Checkpoint], entries: list[bytes]) -> None:
    """Each checkpoint is a beginning of the last one, and each receipt is in its place."""
    for old, new in pairwise(checkpoints):
        assert old.size <= new.size
    for one in checkpoints:
        assert tree_root(entries, one.size) == one.root
    places = {}
    for one in phones:
        for number, (signed, _) in one.acknowledged.items():
            receipt = one.receipt(number)
            assert receipt.entry == one.device.entry(signed)
            assert entries[receipt.index] == bytes(receipt.entry)
            places[receipt.index] = receipt.entry
    assert len(places) == sum(len(one.acknowledged) for one in phones)


def _check_package(server: RunningServer, one: Phone, target: Path) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        path = f"/api/recordings/{one.device.recording}/package"
        target.write_bytes(client.get(path, headers=bearing(SECRET)).content)
        proof = client.get(f"/api/recordings/{one.device.recording}/proofs/1").content
        assert Proof.parse(proof).index == one.receipt(1).index
    policy = Path(server.links["policy"])
    Policy.parse(policy.read_bytes())
    assert verify(target, policy, "--open-ended").status == 0
