"""Sending, where it goes wrong: lost lines, full disks, refusals, and receipts that lie.

What goes right is tested against the real server in test_record_end_to_end.py.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import httpx
import pytest

from accompany.client.device import Device, Purpose, Signed
from accompany.client.line import Line, Refused, Unreachable, pauses
from accompany.client.sending import Uplink, after_of, ask_checkpoint, ask_service
from accompany.client.service import read_service
from accompany.errors import DoesNotHold, Malformed, OutOfOrder
from accompany.evidence.age import HybridIdentity
from accompany.evidence.cards import Organization, fingerprint, organization_name
from accompany.evidence.checkpoints import Checkpoint
from accompany.evidence.notes import Signer
from accompany.evidence.receipts import Entry, Receipt, receipts_name
from accompany.ids import EncounterId, Origin

ORIGIN = Origin("example.org/log")
LOG, RECEIPTS = Signer.generate(ORIGIN), Signer.generate(receipts_name(ORIGIN))
HEAD = Signer.generate(organization_name(ORIGIN))
CUSTODIAN = str(HybridIdentity.generate().recipient)
ORGANIZATION = Organization("Legal Aid", CUSTODIAN, LOG.verifier, RECEIPTS.verifier)

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Road:
    """A line on which each request gets the next of *answers*; the waits are noted, not waited."""

    answers: Iterator[Answer]
    asked: list[httpx.Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    troubles: list[str | None] = field(default_factory=list)

    def line(self) -> Line:
        client = httpx.Client(base_url="http://server", transport=httpx.MockTransport(self._handle))
        chance = random.Random(1)
        return Line(client, self.troubles.append, sleep=self.waits.append, chance=chance)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return next(self.answers)(request)


def road(*answers: Answer) -> Road:
    return Road(iter(answers))


def says(status: int, body: bytes | str = b"") -> Answer:
    return lambda request: httpx.Response(status, content=body)


def problem(status: int, detail: str, **more: object) -> Answer:
    document = {"type": "/problems/x", "title": "Title", "status": status, "detail": detail, **more}
    return says(status, json.dumps(document))


def drops(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset", request=request)


def new_device() -> Device:
    purpose = Purpose("film", "video/mp4", EncounterId("a" * 32), ORIGIN, None, "test/1 none")
    return Device.open(purpose, (HybridIdentity.generate().recipient,), 0)


DEVICE = new_device()
SEGMENT = DEVICE.segment(b"film", 0, 0, 500)


def receipt(
    signed: Signed = SEGMENT,
    bytes_: str = "kept",
    *,
    entry: Entry | None = None,
    log: str = ORIGIN,
    signer: Signer = RECEIPTS,
) -> bytes:
    said = Receipt(Origin(log), 5, entry or DEVICE.entry(signed), bytes_, 0)
    return signer.sign(str(said))


def send(way: Road) -> bytes:
    return Uplink(way.line(), ORGANIZATION, DEVICE).segment(SEGMENT)


def test_a_dropped_connection_is_tried_again_with_the_same_bytes() -> None:
    way = road(drops, drops, says(200, receipt()))
    assert send(way) == receipt()
    assert len({request.content for request in way.asked}) == 1
    assert len({request.headers["Statement"] for request in way.asked}) == 1
    assert way.troubles[-1] is None
    assert "connection reset" in str(way.troubles[0])


@pytest.mark.parametrize("status", [500, 502, 503, 507, 429, 408])
def test_a_fault_that_may_pass_is_tried_again(status: int) -> None:
    way = road(problem(status, "disk full"), says(status, "<html>"), says(201, receipt()))
    assert send(way) == receipt()
    assert len(way.waits) == 2


def test_it_is_tried_again_for_hours() -> None:
    way = road(*[drops] * 2000, says(201, receipt()))
    assert send(way) == receipt()
    assert sum(way.waits) > 2 * 3600


def test_pauses_grow_from_half_a_second_to_five() -> None:
    for seed in range(50):
        found = list(islice(pauses(random.Random(seed)), 8))
        wanted = [0.5, 1, 2, 4, 5, 5, 5, 5]
        assert all(abs(a / b - 1) <= 0.2001 for a, b in zip(found, wanted, strict=True))
    assert len({next(pauses(random.Random(seed))) for seed in range(20)}) == 20


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_a_refusal_is_told_in_the_servers_words_and_not_tried_again(status: int) -> None:
    # A 422 carries fields of its own, some named as ours are.
    way = road(problem(status, "expected this, found that", what="size", title_="x"))
    with pytest.raises(Refused, match="expected this, found that") as caught:
        send(way)
    assert caught.value.status == status
    assert str(caught.value).startswith("statement 1 was refused")
    assert way.waits == []


def test_a_refusal_without_a_problem_document_is_told_as_well() -> None:
    with pytest.raises(Refused, match="Not Found"):
        send(road(says(404, "<html>")))


def test_a_conflict_says_where_the_servers_chain_stands() -> None:
    way = road(problem(409, "expected statement 1", last=0, digest="ab" * 32))
    with pytest.raises(OutOfOrder, match="expected statement 1") as caught:
        send(way)
    assert (caught.value.last, caught.value.digest) == (0, b"\xab" * 32)


@pytest.mark.parametrize("more", [{}, {"last": "0"}, {"last": 0, "digest": "xy"}])
def test_a_conflict_that_does_not_say_so_is_a_refusal(more: dict[str, object]) -> None:
    with pytest.raises(Refused, match="no"):
        send(road(problem(409, "no", **more)))


OTHER = Signer.generate(receipts_name(ORIGIN))
BENT = bytearray(receipt())
BENT[-10] ^= 1


@pytest.mark.parametrize(
    "lie",
    [
        receipt(signer=OTHER),
        receipt(signer=LOG),
        receipt(entry=Entry(DEVICE.entry(SEGMENT).slot, bytes(32))),
        receipt(entry=Entry(bytes(32), DEVICE.entry(SEGMENT).digest)),
        receipt(DEVICE.opening),
        receipt(log="example.org/other"),
        receipt(bytes_="awaited"),
        receipt(bytes_="none"),
        bytes(BENT),
        b"thank you",
        b"",
    ],
)
def test_a_receipt_that_does_not_hold_is_refused_loudly(lie: bytes) -> None:
    way = road(says(201, lie))
    with pytest.raises((DoesNotHold, Malformed)):
        send(way)
    assert way.waits == []


def test_an_opening_shows_the_code_and_the_grants_once() -> None:
    way = road(says(201, receipt(DEVICE.opening, "none")))
    secret = bytes(range(32))
    Uplink(way.line(), ORGANIZATION, DEVICE).open("red-river", secret)
    body = json.loads(way.asked[0].content)
    assert body["opening"].encode() == DEVICE.opening.note
    assert body["admission"] == {"guest_code": "red-river"}
    assert body["deletion"] is None
    assert len(body["grants"]) == 1
    assert secret.hex() not in body["locator"]


def service(**changes: str) -> bytes:
    said = {
        "origin": ORIGIN,
        "organization_key": str(HEAD.verifier),
        "organization": HEAD.sign(str(ORGANIZATION)).decode(),
        "policy": "",
        "demonstration": True,
        **changes,
    }
    return json.dumps(said).encode()


def test_a_service_is_believed_by_its_organizations_note() -> None:
    found = read_service(service(), fingerprint(HEAD.verifier))
    assert found.organization == ORGANIZATION
    assert found.fingerprint == fingerprint(HEAD.verifier)


FALSE = Signer.generate(HEAD.name)


@pytest.mark.parametrize(
    "changes",
    [
        {"organization": FALSE.sign(str(ORGANIZATION)).decode()},
        {"organization_key": str(FALSE.verifier)},
        {"origin": "example.org/other"},
        {"organization_key": "none"},
        {
            "organization_key": str(LOG.verifier),
            "organization": LOG.sign(str(ORGANIZATION)).decode(),
        },
    ],
)
def test_a_service_whose_note_does_not_hold_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises((DoesNotHold, Malformed)):
        read_service(service(**changes))


def test_another_organization_than_the_posters_is_refused() -> None:
    with pytest.raises(DoesNotHold, match="the organization's key"):
        read_service(service(), fingerprint(FALSE.verifier))
    with pytest.raises(Malformed):
        read_service(service(), "not a fingerprint")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"origin": "x"}'])
def test_a_server_of_another_kind_is_named_so(body: bytes) -> None:
    with pytest.raises(Malformed, match="is this an Accompany server"):
        read_service(body)


def test_the_first_contact_is_given_up_after_ten_seconds() -> None:
    way = road(*[drops] * 100)
    with pytest.raises(Unreachable, match="no answer from http://server"):
        ask_service(way.line())
    assert 5 < sum(way.waits) < 10


TREE = Checkpoint(ORIGIN, 9, bytes(range(32)))


def test_the_checkpoint_is_the_logs_own() -> None:
    way = road(says(200, TREE.sign(LOG)))
    note = ask_checkpoint(way.line(), ORGANIZATION, b"red-river")
    assert after_of(note, ORGANIZATION) == (9, bytes(range(32)))
    assert way.asked[0].headers["Authorization"] == "Bearer cmVkLXJpdmVy"
    with pytest.raises(DoesNotHold):
        ask_checkpoint(road(says(200, TREE.sign(OTHER))).line(), ORGANIZATION, b"")


def test_without_a_log_yet_there_is_no_after() -> None:
    assert ask_checkpoint(road(problem(404, "none")).line(), ORGANIZATION, b"") is None
    assert after_of(None, ORGANIZATION) is None
    assert after_of(Checkpoint(ORIGIN, 0, bytes(32)).sign(LOG), ORGANIZATION) is None
    with pytest.raises(Refused):
        ask_checkpoint(road(problem(403, "no")).line(), ORGANIZATION, b"")
