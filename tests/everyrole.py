"""One of every role, on a running server, each with what they show; and somebody else's things.

Not here: what is asked of them (`web/test_rights`, `web/test_rights_live`).
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from accompany.accounts.auditors import new_token
from accompany.accounts.passes import Pass, last_day
from accompany.accounts.passkeys import Site
from accompany.accounts.rights import PEOPLE, Role
from accompany.client.device import Device, locator_of
from accompany.dispatch.channels import Channel
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.evidence.age import HybridRecipient
from accompany.evidence.cosigning import witness_key
from accompany.evidence.notes import Signer, Verifier, open_note
from accompany.evidence.text import read_base64, write_base64
from accompany.ids import CardSerial, EncounterId
from accompany.telling.contacts import Contact, seal_contact
from authenticator import SoftPasskey
from house import Attorney, House, bearing, listening, new_id, sound

Whose = Literal["own", "others"]
STRANGER_ADDRESS = {"x-forwarded-for": "203.0.113.9"}
WRONG_CODE = "zzzz-zzzz"
ORIGIN = "http://rights.test"
SITE = Site("rights.test", ORIGIN)
ENGAGEMENT = "Advice in this call alone."
WITNESS = Signer.generate("w1")


@dataclass
class Phone:
    """A caller's secrets: each opens one thing."""

    device: Device
    press: dict[str, Any]
    locator: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    given: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """A pass, as its link shows it."""

    check_in: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    deletion: Signer = field(default_factory=lambda: Signer.generate("x"))

    @property
    def encounter(self) -> EncounterId:
        return EncounterId(self.press["encounter"])


@dataclass
class World:
    """A caller, another one, an attorney with the case of each, and one of every other role."""

    held: House
    people: dict[Role, Attorney]
    ben: Attorney
    own: Phone
    other: Phone
    left: Phone
    """Whose case the former attorney had."""
    token: str
    passkeys: dict[str, SoftPasskey] = field(default_factory=dict)
    """By whose they are."""
    channels: dict[str, str] = field(default_factory=dict)

    @property
    def desk(self) -> Any:
        return self.held.server.office.desk

    @property
    def now(self) -> int:
        return self.held.server.office.clock.now()

    @property
    def offered(self) -> bytes:
        """What witnesses are asked to cosign, by the log alone; a new round offers another."""
        offered = self.held.server.office.rounds.offered
        assert offered is not None
        text, _, signatures = offered.note.partition(b"\n\n")
        return text + b"\n\n" + signatures.splitlines(keepends=True)[0]

    def phone(self, role: Role, whose: Whose) -> Phone:
        if whose == "others":
            return self.other
        return self.left if role == "former" else self.own

    def shows(self, role: Role) -> dict[str, str]:
        """What a role shows with every request, without being asked."""
        if role == "operator":
            return {}
        if role in self.people:
            return {**STRANGER_ADDRESS, **self.people[role].headers}
        bearers = {
            "guest": self.held.server.guest_code,
            "caller": self.held.server.guest_code,
            "unlocked": self.own.locator,
            "contact": self.own.given,
            "auditor": read_base64(self.token, 32),
        }
        return {**STRANGER_ADDRESS, **(bearing(bearers[role]) if role in bearers else {})}

    def code(self, role: Role) -> str:
        phone = role in ("guest", "caller", "unlocked")
        return self.held.server.guest_code if phone else WRONG_CODE

    def check_in(self, role: Role, whose: Whose) -> dict[str, str]:
        mine = whose == "own" and role in ("caller", "unlocked")
        secret = self.own.check_in if mine else secrets.token_bytes(32)
        return {**STRANGER_ADDRESS, **bearing(secret)}

    def keep_passkey(self, who: Attorney) -> SoftPasskey:
        """Make a passkey for somebody, past the right to make one."""
        office, passkey = self.held.server.office, SoftPasskey(ORIGIN)
        person = office.people.person(who.serial)
        assert person is not None
        for old in office.passkeys.kept.of(person.id)[1:]:
            office.passkeys.kept.remove(person.id, old.id)
        options = office.passkeys.to_register(person, SITE, "us", self.now)
        office.passkeys.register(person, SITE, passkey.create(options), "one", b"", self.now)
        return passkey

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.held.request(method, path, **more)
        self.held.client.cookies.clear()
        return answer


def sealed_contact(held: House) -> bytes:
    office = held.server.office
    note = open_note(office.telling_note, Verifier.parse(office.organization_key))
    recipient = HybridRecipient.parse(note.split("recipient ")[1].strip())
    return seal_contact(Contact("sms", "+15550107071", "a", "b", "c", "d"), recipient)


async def begin_phone(held: House, attorney: Attorney) -> Phone:
    """A press that *attorney* answered, with a recording and a check-in."""
    press = held.press()
    phone = Phone(held.device(press["encounter"]), press)
    desk, now = held.server.office.desk, held.server.office.clock.now()
    secret = sha256(read_base64(press["secret"], 32)).digest()
    serial = CardSerial(attorney.serial)
    desk.go_on_duty(OnDuty(serial, "A", frozenset({"TX"}), ("en",), now))
    desk.begin(Pressed(phone.encounter, Press("TX", "en", now), secret))
    assert desk.answer(phone.encounter, serial, now)
    desk.end(phone.encounter, "attorney", now)
    desk.ready(serial, now)
    new = held.new_recording(
        phone.device,
        locator=locator_of(phone.locator).hex(),
        deletion=write_base64(phone.deletion.verifier.key),
    )
    assert (await held.client.post("/api/recordings", json=new)).status_code == 201
    assert (await held.put(phone.device, sound(phone.device))).status_code == 201
    passed = Pass(sha256(phone.given).digest(), phone.device.recording, last_day(now, 7))
    held.server.office.passes.add(passed)
    held.server.office.teller.begin(
        sha256(phone.check_in).digest(), phone.encounter, [sealed_contact(held)], 15
    )
    return phone


@asynccontextmanager
async def world_in(folder: Path) -> AsyncIterator[World]:
    """A running server with somebody of every role, two callers' recordings and two cases."""
    channels = folder / "channels.toml"
    channels.write_text(
        "[channels]\nsms = 'json://127.0.0.1:1/{address}'\n"
        "[attorneys]\nschemes = ['json']\nhosts = ['127.0.0.1:1']\n"
    )
    (folder / "data").mkdir()
    (folder / "data" / "witnesses").write_text(
        f"witness w1 {witness_key('w1', WITNESS.verifier.key)}\nquorum w1\n"
    )
    (folder / "engagement.txt").write_text(f"{ENGAGEMENT}\n")
    authority = folder / "authority.crt"
    authority.write_text("a certificate")
    settings = {"channels": str(channels), "wrong_codes_a_minute": 1_000_000, "address": ORIGIN}
    settings["engagement"] = str(folder / "engagement.txt")
    async with listening(folder, authority=authority, **settings) as held:
        office = held.server.office
        people: dict[Role, Attorney] = {
            role: await held.person(role, f"The {role}") for role in sorted(PEOPLE)
        }
        ben, fred = await held.attorney(name="Ben"), await held.attorney(name="Fred")
        own, other, left = [await begin_phone(held, one) for one in (people["attorney"], ben, fred)]
        assert office.people.remove_person(fred.serial, office.clock.now())
        people["former"] = fred
        token = new_token(office.auditors, "Auditor", office.clock.now())
        office.rounds._next = 0
        await office.rounds.step()
        world = World(held, people, ben, own, other, left, token)
        for one in (*people.values(), ben):
            # With a number none of the others has: the address is what tells them apart.
            fresh = Channel(new_id(), CardSerial(one.serial), "apprise", "json://127.0.0.1:1/a")
            office.reach.channels.add(fresh)
            world.channels[one.serial] = fresh.id
            world.passkeys[one.serial] = world.keep_passkey(one)
            token_of = sha256(one.serial.encode()).digest()
            person = office.people.person(one.serial)
            assert person is not None
            office.recoveries.keep(person, token_of, b"sealed", office.clock.now())
            office.sessions.verify(one.cookie.partition("=")[2].strip('"'), office.clock.now())
        yield world
