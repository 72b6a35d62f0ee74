"""A coordinator's browser: it makes an organization's keys and signs; it never gives them away."""

from dataclasses import dataclass
from typing import Any

from accompany.accounts.charter import HOLDING
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.cards import Card, License, Organization, organization_name
from accompany.evidence.notes import Signer, Verifier
from accompany.evidence.text import write_base64, write_lines, write_time
from accompany.ids import CardSerial
from coordinators import ask, coordinator
from house import Attorney, House

YEAR = 365 * 24 * 3600 * 1000


@dataclass
class Browser:
    """A coordinator's: it makes the keys, signs, and seals them to its sheet."""

    held: House
    who: Attorney
    signer: Signer
    custodian: HybridIdentity
    sheet: HybridIdentity

    @classmethod
    async def at(cls, held: House) -> "Browser":
        name = organization_name(held.server.keys.origin)
        who = await coordinator(held)
        identity, sheet = HybridIdentity.generate(), HybridIdentity.generate()
        return cls(held, who, Signer.generate(name), identity, sheet)

    @property
    def now(self) -> int:
        return self.held.server.office.clock.now()

    @property
    def sealed(self) -> str:
        return write_base64(encrypt(b"the keys", [self.sheet.recipient]))

    def proof(self, person: str = "", time: int = 0) -> str:
        lines = [("person", person or self.who.serial), ("time", write_time(time or self.now))]
        return self.signer.sign(write_lines(HOLDING, lines)).decode()

    async def founding(self, **bent: Any) -> dict[str, Any]:
        told = (await ask(self.held, self.who, "GET", "/api/organization")).json()
        log, receipts = Verifier.parse(told["log"]), Verifier.parse(told["receipts"])
        said = Organization("Our own", str(self.custodian.recipient), log, receipts)
        given = {
            "key": str(self.signer.verifier),
            "organization": self.signer.sign(str(said)).decode(),
            "telling": self.signer.sign(told["telling"]).decode(),
            "proof": self.proof(),
            "sealed": self.sealed,
        }
        return {**given, **bent}

    async def found(self) -> None:
        given = await self.founding()
        answer = await ask(self.held, self.who, "POST", "/api/organization", **given)
        assert answer.status_code == 201, answer.text

    def card(self, waits: dict[str, Any], **bent: Any) -> str:
        given = {
            "serial": CardSerial(waits["person"]), "name": waits["name"],
            "recipient": waits["recipient"], "key": Signer.generate("x").verifier.key,
            "licenses": (License("TX", write_time(self.now)[:10]),),
            "since": self.now - 1000, "until": self.now + YEAR,
        }  # fmt: skip
        card = Card(**{**given, "key": waits["raw"], **bent})
        return self.signer.sign(str(card)).decode()


async def applied(held: House, browser: Browser, name: str = "Ada") -> tuple[Attorney, Any]:
    """Somebody invited asks for a card; return them, signed in, and how the queue shows them."""
    made = await ask(held, browser.who, "POST", "/api/invitations", role="attorney", name=name)
    signer, identity = Signer.generate("x"), HybridIdentity.generate()
    application = held.application(signer, str(identity.recipient), licenses=["TX", "CA"])
    path = f"/api/invitations/{made.json()['code']}"
    answer = await held.client.post(path, json={**application, "name": name})
    assert (answer.status_code, answer.json()["card"]) == (201, None)
    id_ = answer.json()["person"]
    named = Signer(f"person/{id_}", signer.private)
    ada = await held.signed_in(Attorney(named, identity, b"", "", id_))
    queue = (await ask(held, browser.who, "GET", "/api/desk/cards")).json()
    (waits,) = [one for one in queue if one["person"] == id_]
    return ada, {**waits, "raw": signer.verifier.key}


async def carded(held: House, browser: Browser, name: str) -> Attorney:
    """Somebody whose card this organization's own key signed."""
    one, waits = await applied(held, browser, name)
    path, where = f"/api/desk/cards/{one.serial}", "State Bar of Texas, 24000000"
    signed = {"card": browser.card(waits), "where": where}
    answer = await ask(held, browser.who, "POST", path, **signed)
    assert answer.status_code == 201, answer.text
    return one
