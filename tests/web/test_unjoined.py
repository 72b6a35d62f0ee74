"""Two encounters of one caller cannot be joined from the server's files: tried by every column,
order, size and time there is, by somebody who has the data folder with its write-ahead logs."""

import os
import random
import secrets
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from accompany.accounts.tokens import BATCH
from accompany.adapters.drawers import Drawers
from accompany.adapters.sqlite import Database
from accompany.adapters.tokens import SqliteTokens
from accompany.client.device import Device, Purpose, Signed, locator_of
from accompany.dispatch.events import Promised
from accompany.dispatch.numbers import SealedNumber
from accompany.evidence.age import HybridIdentity, HybridRecipient, encrypt
from accompany.evidence.callback_numbers import CallbackNumber, seal_number
from accompany.evidence.notes import Signer, Verifier, open_note
from accompany.evidence.text import read_base64, write_base64, write_lines, write_time
from accompany.ids import CardSerial, EncounterId
from accompany.telling.contacts import Contact, seal_contact
from accompany.telling.release import HEARD_AGAIN
from accompany.telling.teller import FORGOTTEN, MINUTES
from accompany.web.callbacks import tidy_numbers
from accompany.web.office import Office
from accompany.web.releasing import look, tidy
from answered import recipient_of
from house import Attorney, House, Live, bearing, listening, new_id, sound
from joiner import joining, traits_of
from thief import holding

pytestmark = pytest.mark.anyio
CALLERS, TIMES = 6, 4
FOR_A_DAY = ("accompany.tellings", "accompany.telling_events")
FOR_WHOEVER_IS_NAMED = ("accompany.releases", "accompany.withheld")
HELPER = HybridIdentity.generate()
"""Whom those who name somebody name: one for all, as making one costs some."""


@dataclass(frozen=True)
class Place:
    """What one encounter of an enrolled phone needs (webapp/src/own/kept.ts)."""

    token: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    deletion: Signer = field(default_factory=lambda: Signer.generate("deletion"))

    @property
    def digest(self) -> bytes:
        return sha256(self.token).digest()


@dataclass(eq=False)
class Phone:
    """An enrolled caller's phone. What is here stays the same from one encounter to the next; its
    clock is *off* by so many milliseconds."""

    held: House
    name: str
    contacts: int
    minutes: int
    off: int
    sets_its_clock: bool = True
    """As the page does (webapp/src/clock.ts)."""
    named: bool = False
    """Whether somebody is named to get the recordings where the caller is missed."""
    own: HybridIdentity = field(default_factory=HybridIdentity.generate)
    places: list[Place] = field(default_factory=list)
    encounters: list[tuple[str, Place, Device]] = field(default_factory=list)
    waited_for: list[bytes] = field(default_factory=list)
    """Check-ins of encounters after which the caller has not said to be safe."""
    unsent: list[tuple[str, Place, Device, list[Signed]]] = field(default_factory=list)

    async def refill(self) -> None:
        self.places = [Place() for _ in range(BATCH)]
        digests = [one.digest.hex() for one in self.places]
        body = {"digests": digests, "guest_code": self.held.server.guest_code}
        assert (await self.held.client.post("/api/tokens", json=body)).status_code == 204

    def clock(self) -> int:
        return self.held.server.office.clock.now() + self.off

    async def heard(self) -> int:
        """Return by how much the service's clock is ahead of this one, as the page hears it."""
        asked = self.clock()
        said = (await self.held.get("/api/service")).json()["time"]
        told = round(datetime.fromisoformat(said).timestamp() * 1000)
        return told - (asked + self.clock()) // 2 if self.sets_its_clock else 0

    async def meet(self, console: Live, chance: random.Random) -> None:
        """Press, be answered, record, tell people, end."""
        held, place, encounter = self.held, self.places.pop(), new_id()
        ahead = await self.heard()
        press = held.press(encounter=encounter, guest_code="", token=write_base64(place.token))
        async with held.phone() as phone:
            await phone.say(**press)
            await phone.until("standing")
            await console.until("desk", lambda desk: desk["rings"])
            await console.say(type="answer", encounter=encounter, note="", description={})
            device = self._device(encounter, self.clock() + ahead)
            given = {
                "admission": {"token": write_base64(place.token)},
                "locator": locator_of(place.secret).hex(),
                "deletion": write_base64(place.deletion.verifier.key),
            }
            new = held.new_recording(device, **given)
            assert (await held.client.post("/api/recordings", json=new)).status_code == 201
            check_in = await self._tell(press, device) if self.contacts or self.named else None
            for _ in range(chance.randint(2, 6)):
                await held.put(device, sound(device, self.clock() + ahead))
            if chance.random() < 0.6:
                await self._chat(encounter, given, ahead, chance.randint(1, 4))
            await phone.say(type="end")
            await console.until("ended")
        await console.say(type="ready")
        await console.until("desk", lambda desk: desk["wrap_up"] is None)
        if check_in is not None and chance.random() < 0.5:
            await self._safe(check_in)
        elif check_in is not None:
            self.waited_for.append(check_in)
        self.encounters.append((encounter, place, device))
        # In the middle of the night: nothing says which token the press was let in by.
        data = held.server.office.settings.data
        files = [path.read_bytes() for path in data.glob("accompany.sqlite*")]
        assert not any(place.digest in one for one in files)

    async def _chat(self, encounter: str, given: dict[str, Any], ahead: int, lines: int) -> None:
        """Keep some lines of a chat (webapp/src/chat-kept.ts), which are as long as each other."""
        device = self._device(encounter, self.clock() + ahead, "notes", "application/x-ndjson")
        new = self.held.new_recording(device, **given)
        assert (await self.held.client.post("/api/recordings", json=new)).status_code == 201
        for offset in range(lines + 1):
            line = device.segment(
                b" " * 1024, self.clock() + ahead, offset, duration=min(offset, 1)
            )
            assert (await self.held.put(device, line)).status_code == 201
        end = device.closing(self.clock() + ahead, lines + 1, "stopped")
        assert (await self.held.state(device, end)).status_code == 201

    def record_without_a_line(self, chance: random.Random) -> None:
        """Press where no server is reached: what is made waits on the phone, by its own clock."""
        place, encounter = self.places.pop(), new_id()
        ago = chance.randint(60, 7200) * 1000
        device = self._device(encounter, self.clock() - ago)
        sealed = [sound(device, self.clock() - ago) for _ in range(chance.randint(2, 6))]
        self.unsent.append((encounter, place, device, sealed))

    async def send_one(self) -> None:
        """Send what waited, as a page does that is opened later."""
        encounter, place, device, sealed = self.unsent.pop()
        given = {
            "admission": {"token": write_base64(place.token)},
            "locator": locator_of(place.secret).hex(),
            "deletion": write_base64(place.deletion.verifier.key),
        }
        new = self.held.new_recording(device, **given)
        assert (await self.held.client.post("/api/recordings", json=new)).status_code == 201
        for one in sealed:
            assert (await self.held.put(device, one)).status_code == 201
        self.encounters.append((encounter, place, device))

    async def _safe(self, check_in: bytes) -> None:
        headers = bearing(check_in)
        answer = await self.held.client.post(
            "/api/tellings/safe", json={"contacts": []}, headers=headers
        )
        assert answer.status_code == 200, answer.text

    def _device(
        self, encounter: str, time: int, kind: str = "sound", media: str = "audio/mp4"
    ) -> Device:
        office = self.held.server.office
        after = office.sequencer.live.checkpoint
        purpose = Purpose(
            kind, media, EncounterId(encounter), self.held.server.keys.origin,
            (after.size, after.root) if after.size else None, "test/1 none",
        )  # fmt: skip
        return Device.open(purpose, (self.own.recipient, office_key(self.held)), time)

    async def _tell(self, press: dict[str, str], device: Device) -> bytes:
        """Have contacts told, withhold the recording for whoever was named; return the check-in."""
        office = self.held.server.office
        note = open_note(office.telling_note, Verifier.parse(office.organization_key))
        recipient = HybridRecipient.parse(note.split("recipient ")[1].strip())
        one = Contact("sms", "+15550107071", self.name, "pressed", "safe", "late")
        check_in = secrets.token_bytes(32)
        given = {
            "encounter": press["encounter"],
            "secret": press["secret"],
            "check_in": write_base64(check_in),
            "contacts": [write_base64(seal_contact(one, recipient))] * self.contacts,
            "minutes": self.minutes,
        }
        answer = await self.held.client.post("/api/tellings", json=given)
        assert answer.status_code == 201, answer.text
        if self.named:
            await self._withhold(check_in, device)
        return check_in

    async def _withhold(self, check_in: bytes, device: Device) -> None:
        grant = encrypt(f"{device.identity}\n".encode(), [HELPER.recipient])
        lines = [
            ("recording", device.recording),
            ("sha256", sha256(grant).hexdigest()),
            ("time", write_time(self.held.server.office.clock.now())),
        ]
        note = device.signer.sign(write_lines("accompany/grant/v1", lines))
        given = {
            "pass": secrets.token_bytes(32).hex(),
            "recording": device.recording,
            "grant": write_base64(grant),
            "note": write_base64(note),
        }
        answer = await self.held.client.post(
            "/api/tellings/releases", json=given, headers=bearing(check_in)
        )
        assert answer.status_code == 201, answer.text


def office_key(held: House) -> HybridRecipient:
    return held.server.keys.custodian.recipient


def phones_of(held: House, chance: random.Random) -> list[Phone]:
    """Everybody in the same state and language: these are known, and said to be."""
    waits = [one for one in MINUTES if one]
    return [
        Phone(
            held,
            f"caller {n}",
            max(0, n - 1),
            waits[n % len(waits)],
            chance.randint(-9999, 9999),
            named=n % 2 == 0,
        )
        for n in range(CALLERS)
    ]


async def night(
    held: House, phones: list[Phone], chance: random.Random, times: int = TIMES
) -> None:
    """Have every phone meet an attorney some times, never one twice in a row; they are enrolled,
    and hand in more tokens, in between. What waits on a phone is sent at some moment, but not just
    beside a press of its own: that joins, as docs/threats.md says."""
    async with held.console(await held.attorney()) as console:
        await console.say(type="duty", on=True, languages=["en"])
        await console.until("desk", lambda desk: desk["on"])
        last: list[Phone] = []
        for _ in range(times):
            order = chance.sample(phones, len(phones))
            while order[:1] == last:
                order = chance.sample(phones, len(phones))
            for phone, following in pairwise([*order, None]):
                if not phone.encounters or chance.random() < 0.3:
                    await phone.refill()
                await phone.meet(console, chance)
                waiting = [one for one in phones if one.unsent and one not in (phone, following)]
                if waiting and following and chance.random() < 0.7:
                    await chance.choice(waiting).send_one()
            last = order[-1:]


def joined(folder: Path, phones: list[Phone]) -> set[str]:
    whose = {name: phone.name for phone in phones for name, _, _ in phone.encounters}
    return set(joining(traits_of(folder, whose), whose))


def channels(folder: Path) -> str:
    path = folder / "channels.toml"
    # Nobody listens there: what is told is not what is looked at.
    path.write_text('[channels]\nsms = "json://127.0.0.1:9/to/{address}"\n')
    return str(path)


async def again_and_again(look: Callable[[Path], Awaitable[set[str]]], folder: Path) -> set[str]:
    """Return what joins encounters in one night and, if anything does, in another night as well.

    Of some hundred traits one joins by chance alone in about every fiftieth night; what the server
    keeps that it should not, joins in each."""
    found = await look(made(folder / "one night"))
    return found and found & await look(made(folder / "another night"))


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_two_encounters_of_one_caller_cannot_be_joined_from_the_servers_files(
    tmp_path: Path,
) -> None:
    assert await again_and_again(what_joins_unforeseen, tmp_path) == set()


async def what_joins_unforeseen(folder: Path) -> set[str]:
    """Return what joins encounters though docs/threats.md does not say so: after a night, after
    another day, and after a sitting with the recordings."""
    data, chance = folder / "data", random.Random(1)
    async with listening(folder, channels=channels(folder)) as held:
        phones = phones_of(held, chance)
        for phone in phones:
            await phone.refill()
            for _ in range(2):
                phone.record_without_a_line(chance)
        await night(held, phones, chance)
        # For a day there is how many contacts are told, after how many minutes somebody is missed,
        # and whether somebody was named: docs/threats.md says so. Nothing else joins.
        found = joined(data, phones)
        assert found, "the joiner finds what is there"
        unforeseen = other_than(found, *FOR_A_DAY, *FOR_WHOEVER_IS_NAMED)
        # The key is unlocked, and everything of its own is found, in one go; a day goes by.
        for phone in phones:
            secrets_ = [write_base64(place.secret) for _, place, _ in phone.encounters]
            answer = await held.client.post("/api/filed", json={"secrets": secrets_})
            assert len(answer.json()) == len(secrets_) > TIMES
        clock = held.server.office.clock
        clock.never_before(clock.now() + 4 * 3_600_000)  # type: ignore[attr-defined]
        await until_released(held, phones)
        await until_forgotten(held)
        unforeseen |= joined(data, phones)
        # What a caller does with some recordings in one sitting stands in each chain of custody,
        # with its time: that joins them, and docs/threats.md says so.
        for phone in phones:
            clock.never_before(clock.now() + 60_000)  # type: ignore[attr-defined]
            for _, place, device in phone.encounters[:3]:
                path = f"/api/recordings/{device.recording}/package"
                assert (await held.get(path, headers=bearing(place.secret))).status_code == 200
        sitting = joined(data, phones)
        assert sitting
        return unforeseen | other_than(sitting, "named", "Kept")


async def test_a_number_that_is_left_each_time_joins_nothing(tmp_path: Path) -> None:
    """Nobody answers, and everybody leaves the number they always leave; one is changed, and one
    is read. A few are called back: of those nothing is left."""
    chance = random.Random(6)
    async with listening(tmp_path, wave_seconds=0.02) as held:
        ada, office = await held.attorney(), held.server.office
        phones = [replace(one, contacts=0, named=False) for one in phones_of(held, chance)]
        for _ in range(TIMES):
            for phone in chance.sample(phones, len(phones)):
                if not phone.encounters or chance.random() < 0.3:
                    await phone.refill()
                await leaves_a_number(phone, ada, chance)
        found = joined(tmp_path / "data", phones)
        assert found == set()
        for phone in phones:
            encounter = EncounterId(phone.encounters[0][0])
            office.desk.called_back(encounter, CardSerial(ada.serial), office.clock.now())
            assert encounter in office.numbers.left()
        tidy_numbers(office)
        assert len(office.numbers.left()) == CALLERS * (TIMES - 1)
        assert joined(tmp_path / "data", phones) == set()
        # It would be found: the same bytes, or of a length of their own.
        for planted_ in ("value", "size"):
            give_away(office, phones, planted_)
            assert any("callback_numbers" in one for one in joined(tmp_path / "data", phones))


async def leaves_a_number(phone: Phone, owner: Attorney, chance: random.Random) -> None:
    held, place, encounter = phone.held, phone.places.pop(), new_id()
    press = held.press(encounter=encounter, guest_code="", token=write_base64(place.token))
    async with held.phone() as line:
        await line.say(**press)
        await line.until("standing", lambda one: one["callback"] and one["callback"]["deadline"])
        desk, now = held.server.office.desk, held.server.office.clock.now()
        serial = CardSerial(owner.serial)
        desk.append(EncounterId(encounter), Promised(serial, now + 1_800_000, now))
        for _ in range(chance.choice((1, 1, 2))):
            number = CallbackNumber(EncounterId(encounter), f"+1555{1000000 + int(phone.name[-1])}")
            sealed = write_base64(seal_number(number, recipient_of(owner)))
            answer = await held.request(
                "PUT",
                f"/api/callbacks/{encounter}",
                json={"copies": [{"holder": serial, "sealed": sealed}]},
                headers=bearing(read_base64(press["secret"], 32)),
            )
            assert answer.status_code == 200, answer.text
        await line.say(type="end")
        await line.until("standing", lambda one: one["stage"] == "ended")
    path = f"/api/callbacks/{encounter}/number"
    assert (await held.get(path, headers=owner.headers)).status_code == 200
    device = phone._device(encounter, held.server.office.clock.now())
    phone.encounters.append((encounter, place, device))


def give_away(office: Office, phones: list[Phone], kind: str) -> None:
    """Keep numbers as a careless phone would seal them."""
    for size, phone in enumerate(phones):
        same = secrets.token_bytes(2000)
        for name, _, _ in phone.encounters:
            sealed = same if kind == "value" else secrets.token_bytes(2000 + 16 * size)
            copy = SealedNumber(EncounterId(name), CardSerial("custodian"), sealed)
            office.numbers.put([copy])


def other_than(found: set[str], *known: str) -> set[str]:
    return {one for one in found if not any(word in one for word in known)}


async def until_released(held: House, phones: list[Phone]) -> None:
    """Miss every caller who is waited for; what they withheld is handed out."""
    office = held.server.office
    office.teller.tick()
    office.clock.never_before(office.clock.now() + HEARD_AGAIN + 1)  # type: ignore[attr-defined]
    await look(office)
    given = [one for one in office.releases.all() if one.given is not None]
    assert len(given) == sum(len(phone.waited_for) for phone in phones if phone.named) > 0


async def until_forgotten(held: House) -> None:
    """Let the time go by until nothing is left of any telling."""
    teller, clock = held.server.office.teller, held.server.office.clock
    for _ in range(3):
        teller._see_to_all()
        clock.never_before(clock.now() + FORGOTTEN + 1)  # type: ignore[attr-defined]
    teller._see_to_all()
    assert teller._kept.all() == []
    await tidy(held.server.office)


async def test_the_joiner_finds_a_clock_that_is_wrong_in_a_way_of_its_own(tmp_path: Path) -> None:
    """What the page's clock is for; and that the joiner above is not blind."""
    assert await again_and_again(what_joins_beside_the_clock, tmp_path) == set()


async def what_joins_beside_the_clock(folder: Path) -> set[str]:
    """Return what joins encounters but by the phones' clocks, which do."""
    chance = random.Random(2)
    async with listening(folder) as held:
        # Further from each other than a busy machine makes any two requests differ.
        clocks = range(-9_000, 9_000, 3_000)
        phones = [
            replace(one, contacts=0, named=False, off=off, sets_its_clock=False)
            for one, off in zip(phones_of(held, chance), clocks, strict=True)
        ]
        # Of two encounters each, one guess in seventy nights is as good as the clocks are.
        await night(held, phones, chance, times=3)
        found = joined(folder / "data", phones)
    assert any(
        "recordings.note: time 0 to " in one or " to index.recordings.note: time 0" in one
        for one in found
    )
    return {one for one in found if "note: time" not in one and "lags" not in one}


def planted(kind: str, phones: dict[str, list[str]], database: sqlite3.Connection) -> None:
    """Keep something that joins, as a careless server would."""
    names = [(number, one) for number, all_ in enumerate(phones.values()) for one in all_]
    if kind != "order":
        random.Random(3).shuffle(names)
    database.execute("CREATE TABLE visits (number INTEGER PRIMARY KEY, encounter TEXT, what)")
    for at, (caller, one) in enumerate(names):
        what = {
            "order": None,
            "value": f"caller {caller}",
            "size": secrets.token_bytes(40 + 8 * caller),
            "time": 1_795_000_000_000 + caller * 60_000 + at,
        }
        database.execute("INSERT INTO visits VALUES (?, ?, ?)", (at, one, what[kind]))
    database.commit()


def planted_files(kind: str, phones: dict[str, list[str]], folder: Path) -> None:
    """Write a file for each encounter, as a careless server would."""
    folder.mkdir()
    names = [(number, one) for number, all_ in enumerate(phones.values()) for one in all_]
    for caller, one in random.Random(5).sample(names, len(names)):
        path = folder / f"{one}.part"
        path.write_bytes(b"x" * (100 + 9 * caller) if kind == "file size" else b"x")
        if kind == "file content":
            path.write_text(f"from phone {caller}\nwith love\n")
    if kind == "file time":
        for caller, one in names:
            os.utime(folder / f"{one}.part", (1_795_000_000 + caller * 60,) * 2)


@pytest.mark.parametrize(
    "kind", ["order", "value", "size", "time", "file size", "file time", "file content", None]
)
def test_the_joiner_finds_what_is_planted_and_nothing_where_nothing_is(
    tmp_path: Path, kind: str | None
) -> None:
    callers = {f"caller {n}": [new_id() for _ in range(TIMES)] for n in range(CALLERS)}
    whose = {one: caller for caller, all_ in callers.items() for one in all_}
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal/uuid").write_text("3c8d1a2e-6b1f-4a57-9d3c-000000000000\n")
    with sqlite3.connect(tmp_path / "one.sqlite") as database:
        if kind is not None and kind.startswith("file"):
            planted_files(kind, callers, tmp_path / "spool")
        elif kind is None:
            planted(
                "order",
                {"everybody": list(random.Random(4).sample(sorted(whose), len(whose)))},
                database,
            )
        else:
            planted(kind, callers, database)
    found = joining(traits_of(tmp_path, whose), whose)
    assert (found == {}) == (kind is None)


def test_a_crash_between_spending_and_emptying_leaves_nothing_after_the_next_start(
    tmp_path: Path,
) -> None:
    path, place = tmp_path / "one.sqlite", Place()
    database = Database(path)
    tokens = SqliteTokens(database)
    assert tokens.add([place.digest], 30_000)
    with database.together():
        assert Drawers(database, "token_drawers").take(place.digest)
    assert holding(tmp_path, place.digest, exact=True) != []
    # As killed: nothing is closed.
    again = Database(path)
    SqliteTokens(again)
    assert holding(tmp_path, place.digest, exact=True) == []
    again.close()
    database.close()
