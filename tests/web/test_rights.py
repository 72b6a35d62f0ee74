"""Every address in the table of rights, asked of a running server as each role: for what is the
role's own, and for somebody else's. What is granted and refused must be what the row says.

An act without a way to ask it here fails: a new route needs both, its row and its question.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from accompany.accounts.charter import HOLDING
from accompany.accounts.enrolment import Applicant
from accompany.accounts.passes import Pass, last_day
from accompany.accounts.people import GuestCode, Person
from accompany.accounts.rights import EVERYBODY, PEOPLE, RIGHTS, ROLES, Role
from accompany.accounts.tokens import BATCH
from accompany.dispatch.documents import Document, DocumentId
from accompany.dispatch.events import Promised
from accompany.dispatch.numbers import SealedNumber
from accompany.dispatch.ports import Pressed
from accompany.dispatch.roster import OnDuty, Press
from accompany.evidence.age import HybridIdentity, encrypt
from accompany.evidence.callback_numbers import CallbackNumber, seal_number
from accompany.evidence.cards import Card, License
from accompany.evidence.cosigning import cosign
from accompany.evidence.deletions import DELETION, UNDELETION, write_wish
from accompany.evidence.notes import Note, Signer
from accompany.evidence.text import read_base64, write_base64, write_lines, write_time
from accompany.ids import CardSerial, EncounterId, PersonId
from accompany.telling.release import Release
from authenticator import SoftPasskey, b64
from everyrole import ORIGIN, SITE, WITNESS, Whose, World, sealed_contact, world_in
from house import bearing, new_id, sound

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world_in(tmp_path_factory.mktemp("rights")) as world:
        yield world


# One question for every act: what is sent, by a role, for what is whose. None: no such question,
# where nothing in it could be somebody else's.

Asked = tuple[str, dict[str, Any]] | None
Asking = Callable[[World, Role, Whose], Asked]


def _plain(path: str, **more: Any) -> Asking:
    """An address without an object."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        del world, role
        return (path, dict(more)) if whose == "own" else None

    return ask


def _callback(world: World, role: Role, whose: Whose) -> Asked:
    """A press that nobody answered: of the caller's own, or of somebody else's."""
    mine = role in ("caller", "unlocked") and whose == "own"
    encounter, secret = _owed(world, CardSerial(world.ben.serial))
    shown = bearing(secret) if mine else world.shows(role)
    return f"/api/callbacks/{encounter}", {"headers": shown, "json": _left(world.ben.serial)}


def _number(world: World, role: Role, whose: Whose) -> Asked:
    serial = world.people.get(role, world.ben).serial
    owner = world.ben.serial if whose == "others" or role == "coordinator" else serial
    encounter, _ = _owed(world, CardSerial(owner))
    copy = _left(owner)["copies"][0]
    given = SealedNumber(encounter, CardSerial(owner), read_base64(copy["sealed"]))
    world.held.server.office.numbers.put([given])
    headers = world.shows(role)
    return f"/api/callbacks/{encounter}/number", {"headers": headers, "json": copy}


def _owed(world: World, owner: CardSerial) -> tuple[EncounterId, bytes]:
    """Return a press whose callback *owner* owes, and its secret."""
    encounter, secret = EncounterId(new_id()), secrets.token_bytes(32)
    press = Press("NV", "en", world.now)
    world.desk.begin(Pressed(encounter, press, sha256(secret).digest()))
    world.desk.append(encounter, Promised(owner, world.now + 60_000, world.now))
    world.desk.end(encounter, "caller", world.now)
    return encounter, secret


def _left(holder: str) -> dict[str, Any]:
    number = CallbackNumber(EncounterId("a" * 32), "+15550107071")
    sealed = seal_number(number, HybridIdentity.generate().recipient)
    return {"copies": [{"holder": holder, "sealed": write_base64(sealed)}]}


def _of_recording(rest: str = "") -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        headers = world.shows(role)
        return f"/api/recordings/{world.phone(role, whose).device.recording}{rest}", {
            "headers": headers
        }

    return ask


def _create(world: World, role: Role, whose: Whose) -> Asked:
    device = world.held.device(world.phone(role, whose).encounter)
    new = world.held.new_recording(device, admission={"guest_code": world.code(role)})
    return "/api/recordings", {"json": new}


def _hand_in(world: World, role: Role, whose: Whose) -> Asked:
    del whose
    digests = [secrets.token_hex(32) for _ in range(BATCH)]
    return "/api/tokens", {"json": {"digests": digests, "guest_code": world.code(role)}}


def _give_pass(world: World, role: Role, whose: Whose) -> Asked:
    path = f"/api/recordings/{world.phone(role, whose).device.recording}/passes"
    body = {"digest": secrets.token_hex(32), "days": 7}
    return path, {"json": body, "headers": world.shows(role)}


def _end_pass(world: World, role: Role, whose: Whose) -> Asked:
    phone, digest = world.phone(role, whose), secrets.token_bytes(32)
    office = world.held.server.office
    office.passes.add(Pass(digest, phone.device.recording, last_day(world.now, 7)))
    path = f"/api/recordings/{phone.device.recording}/passes/{digest.hex()}"
    return path, {"headers": world.shows(role)}


def _say_privilege(world: World, role: Role, whose: Whose) -> Asked:
    path = f"/api/recordings/{world.phone(role, whose).device.recording}/privilege"
    return path, {"json": {"privilege": "kept"}, "headers": world.shows(role)}


def _filed(world: World, role: Role, whose: Whose) -> Asked:
    """Only who unlocked can derive a locator's secret; somebody else's nobody can."""
    mine = role == "unlocked" and whose == "own"
    secret = world.own.locator if mine else secrets.token_bytes(32)
    return "/api/filed", {"json": {"secrets": [write_base64(secret)]}}


def _put(word: str) -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        phone = world.phone(role, whose)
        mine = role == "caller" and whose == "own"
        # Somebody else's key, over what would be the next statement.
        forger = Signer(phone.device.signer.name, Signer.generate("x").private)
        device = phone.device if mine else replace(phone.device, signer=forger)
        signed = sound(device)
        path = f"/api/recordings/{phone.device.recording}/{word}/{signed.number}"
        if word == "statements":
            return path, {"content": signed.note}
        headers = {"statement": write_base64(signed.note)}
        return path, {"content": signed.sealed, "headers": headers}

    return ask


def _hand_over(world: World) -> None:
    """Ben accepts to take over the attorney's case."""
    desk, now, ben = world.desk, world.now, CardSerial(world.ben.serial)
    by = CardSerial(world.people["attorney"].serial)
    desk.go_on_duty(OnDuty(ben, "Ben", frozenset({"TX"}), ("en",), now))
    if desk.standing(world.own.encounter).ringing.hand is None:
        desk.hand(world.own.encounter, by, ben, now)
        desk.stand_beside(world.own.encounter, ben, now)


def _grant(world: World, role: Role, whose: Whose) -> Asked:
    phone = world.phone(role, whose)
    grant = encrypt(b"identity", [HybridIdentity.generate().recipient])
    headers = world.shows(role)
    signers = {name: one.signer for name, one in world.people.items()}
    signers["caller"] = world.own.device.signer
    if role in signers:
        lines = [
            ("recording", phone.device.recording), ("sha256", sha256(grant).hexdigest()),
            ("time", write_time(world.now)),
        ]  # fmt: skip
        note = signers[role].sign(write_lines("accompany/grant/v1", lines))
        headers = {**headers, "statement": write_base64(note)}
    if role == "attorney" and whose == "own":
        _hand_over(world)
    return f"/api/recordings/{phone.device.recording}/grants", {
        "content": grant,
        "headers": headers,
    }


def _of_case(rest: str) -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        encounter = world.phone(role, whose).encounter
        return f"/api/cases/{encounter}{rest}", {"headers": world.shows(role)}

    return ask


def _write_note(world: World, role: Role, whose: Whose) -> Asked:
    person = world.people.get(role, world.people["attorney"]).serial
    sealed = write_base64(encrypt(b"a note", [HybridIdentity.generate().recipient]))
    body = {"holder": person, "author": person, "sealed": sealed}
    path, more = _of_case("/notes")(world, role, whose) or ("", {})
    return path, {**more, "json": body}


def _send_letter(world: World, role: Role, whose: Whose) -> Asked:
    sealed = write_base64(encrypt(b"a letter", [HybridIdentity.generate().recipient]))
    body = {"recording": world.phone(role, whose).device.recording, "sealed": sealed}
    path, more = _of_case("/letter")(world, role, whose) or ("", {})
    return path, {**more, "json": body}


def _file_document(world: World, role: Role, whose: Whose) -> Asked:
    sealed = encrypt(b"a document", [HybridIdentity.generate().recipient])
    path, more = _of_case("/documents")(world, role, whose) or ("", {})
    headers = {**more["headers"], "Document": write_base64(sealed)}
    return path, {"content": sealed, "headers": headers}


def _document(give: bool = False) -> Asking:
    """Ask for one that whoever asks was given, where the case is theirs."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        office = world.held.server.office
        encounter = EncounterId(world.phone(role, whose).encounter)
        holder = CardSerial(world.people.get(role, world.people["attorney"]).serial)
        sealed = encrypt(b"a document", [HybridIdentity.generate().recipient])
        one = DocumentId(new_id())
        row = Document(one, encounter, holder, holder, world.now, len(sealed), sealed)
        office.documents.put(row, sealed)
        path, more = _of_case(f"/documents/{one}")(world, role, whose) or ("", {})
        body = {"json": {"holder": holder, "sealed": write_base64(sealed)}} if give else {}
        return path, {**more, **body}

    return ask


def _delete(magic: str, rest: str = "") -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        recording = world.phone(role, whose).device.recording
        signer = world.own.deletion if role == "unlocked" else Signer.generate("x")
        note = write_wish(magic, recording, world.now, signer)
        headers = world.shows(role)
        return f"/api/recordings/{recording}{rest}", {"content": note, "headers": headers}

    return ask


def _tell(world: World, role: Role, whose: Whose) -> Asked:
    mine = role == "caller"
    body = {
        "encounter": world.phone(role, whose).encounter,
        "secret": world.own.press["secret"] if mine else write_base64(secrets.token_bytes(32)),
        "check_in": write_base64(world.own.check_in),
        "contacts": [write_base64(sealed_contact(world.held))],
        "minutes": 15,
    }
    return "/api/tellings", {"json": body, "headers": world.shows(role)}


def _check_in(path: str, body: bool = True) -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        more: dict[str, Any] = {"headers": world.check_in(role, whose)}
        return path, {**more, "json": {"contacts": []}} if body else more

    return ask


def _tell_test(world: World, role: Role, whose: Whose) -> Asked:
    del whose
    body = {"guest_code": world.code(role), "contact": write_base64(sealed_contact(world.held))}
    return "/api/tellings/tests", {"json": body, "headers": world.shows(role)}


def _withhold(world: World, role: Role, whose: Whose) -> Asked:
    """A grant for whoever was named, with a check-in that nobody has answered yet."""
    phone, office = world.phone(role, whose), world.held.server.office
    teller, releases = office.teller, office.releases
    if (standing := teller.of(phone.encounter)) is not None:
        teller._kept.forget(standing.telling.digest)
        del teller._open[standing.telling.digest]
    if (release := releases.of_encounter(phone.encounter)) is not None:
        releases.forget(release.check_in)
    digest = sha256(phone.check_in).digest()
    teller.begin(digest, phone.encounter, [sealed_contact(world.held)], 15)
    grant = phone.device.grants[0]
    lines = [
        ("recording", phone.device.recording),
        ("sha256", sha256(grant).hexdigest()),
        ("time", write_time(world.now)),
    ]
    note = phone.device.signer.sign(write_lines("accompany/grant/v1", lines))
    body = {
        "pass": secrets.token_hex(32), "recording": phone.device.recording,
        "grant": write_base64(grant), "note": write_base64(note),
    }  # fmt: skip
    return "/api/tellings/releases", {"json": body, "headers": world.check_in(role, whose)}


def _released(world: World, role: Role, whose: Whose) -> Asked:
    """Only who was given the link can derive its passes; somebody else's nobody can."""
    releases, encounter = world.held.server.office.releases, world.own.encounter
    if (before := releases.of_encounter(encounter)) is not None:
        releases.forget(before.check_in)
    check_in, pass_ = sha256(world.own.check_in).digest(), secrets.token_bytes(32)
    assert releases.begin(Release(check_in, encounter, pass_))
    assert releases.give(check_in, world.now)
    mine = role == "contact" and whose == "own"
    shown = pass_ if mine else secrets.token_bytes(32)
    return "/api/released", {"json": {"passes": [shown.hex()]}}


def _of_orphan(give: bool) -> Asking:
    """A case whose attorney was removed, and one whose attorney is there."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        phone = world.left if whose == "own" else world.other
        desk, former = world.desk, CardSerial(world.people["former"].serial)
        last = desk.standing(world.left.encounter).last
        if last != former:
            # Given to somebody by who asked before.
            assert desk.entrust(world.left.encounter, last, former, world.now)
        path, more = f"/api/custody/cases/{phone.encounter}", {"headers": world.shows(role)}
        if not give:
            return path, more
        grant = encrypt(b"an identity", [world.ben.identity.recipient])
        lines = [
            ("recording", phone.device.recording),
            ("sha256", sha256(grant).hexdigest()),
            ("time", write_time(world.now)),
        ]
        note = world.held.server.keys.organization.sign(write_lines("accompany/grant/v1", lines))
        one = {
            "recording": phone.device.recording,
            "grant": write_base64(grant),
            "note": write_base64(note),
        }
        return path, {**more, "json": {"to": world.ben.serial, "grants": [one]}}

    return ask


def _desk_with_code(method: str) -> Asking:
    """A code of the organization, each time another."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        if whose == "others":
            return None
        people, digest = world.held.server.office.people, secrets.token_bytes(32)
        people.add_code(digest, GuestCode(f"place {digest.hex()[:8]}", world.now))
        path, more = f"/api/desk/codes/{digest.hex()[:16]}", {"headers": world.shows(role)}
        if method == "PUT":
            return path, {**more, "json": {"name": new_id(), "a_minute": 5, "ends": None}}
        return f"{path}/replacements", {**more, "json": {"days": 3}}

    return ask


def _make_code(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    return "/api/desk/codes", {"json": {"name": new_id()}, "headers": world.shows(role)}


def _session(path: str, **more: Any) -> Asking:
    """An address whose object is whoever asks."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        return (path, {"headers": world.shows(role), **more}) if whose == "own" else None

    return ask


def _remove_channel(world: World, role: Role, whose: Whose) -> Asked:
    who = world.people.get(role, world.people["attorney"]) if whose == "own" else world.ben
    return f"/api/channels/{world.channels[who.serial]}", {"headers": world.shows(role)}


def _invitation(accept: bool) -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        code = world.held.server.office.enrolment.invite() if whose == "own" else new_id()
        more: dict[str, Any] = {"headers": world.shows(role)}
        if accept:
            recipient = str(HybridIdentity.generate().recipient)
            more["json"] = world.held.application(Signer.generate("x"), recipient)
        return f"/api/invitations/{code}", more

    return ask


def _begin_session(world: World, role: Role, whose: Whose) -> Asked:
    who = world.people.get(role)
    nobody = Signer(f"attorney/{new_id()}", Signer.generate("x").private)
    signer = nobody if who is None else who.signer
    serial = world.ben.serial if whose == "others" else signer.name.partition("/")[2]
    if whose == "others":
        signer = Signer(f"attorney/{serial}", signer.private)
    challenge = world.held.server.office.sessions.challenge(world.now)
    lines = [("serial", serial), ("challenge", challenge), ("time", write_time(world.now))]
    note = signer.sign(write_lines("accompany/session/v1", lines)).decode()
    return "/api/sessions", {"json": {"note": note}, "headers": world.shows(role)}


def _end_session(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    office, headers = world.held.server.office, world.shows(role)
    if role in PEOPLE:
        person = office.people.person(world.people[role].serial)
        assert person is not None
        headers = {"cookie": f"accompany_session={office.sessions.open(person, world.now)}"}
    return "/api/sessions", {"headers": headers}


def _cosign(world: World, role: Role, whose: Whose) -> Asked:
    signer = WITNESS if role == "witness" and whose == "own" else Signer.generate("w1")
    line = cosign(signer, Note.parse(world.offered).text, world.now // 1000)
    return "/log/cosignatures", {"content": world.offered + line.encode()}


def _relay(world: World, role: Role, whose: Whose) -> Asked:
    headers = world.shows(role)
    if role in world.people:
        return ("/api/relay", {"json": {}, "headers": headers}) if whose == "own" else None
    encounter, secret = EncounterId(new_id()), secrets.token_bytes(32)
    kept = secret if role == "caller" and whose == "own" else bytes(32)
    press = Pressed(encounter, Press("TX", "en", world.now), sha256(kept).digest())
    world.desk.begin(press)
    given = {"encounter": encounter, "secret": write_base64(secret)}
    return "/api/relay", {"json": given, "headers": headers}


def _end_numbered(world: World, role: Role, whose: Whose) -> Asked:
    office, who = world.held.server.office, world.people.get(role)
    serial = world.ben.serial if whose == "others" or who is None else who.serial
    person = office.people.person(serial)
    assert person is not None
    office.sessions.open(person, world.now)
    sessions = office.people.sessions(serial, world.now)
    number = sessions[-1].number if sessions else 0
    return f"/api/sessions/{number}", {"headers": world.shows(role)}


def _add_passkey(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    person = world.held.server.office.people.person(world.people.get(role, world.ben).serial)
    assert person is not None
    options = world.held.server.office.passkeys.to_register(person, SITE, "us", world.now)
    given = {"credential": SoftPasskey(ORIGIN).create(options), "name": "another"}
    return "/api/passkeys", {"json": given, "headers": world.shows(role)}


def _remove_passkey(world: World, role: Role, whose: Whose) -> Asked:
    who = world.ben if whose == "others" else world.people.get(role, world.ben)
    id_ = world.keep_passkey(who).id
    return f"/api/passkeys/{b64(id_)}", {"headers": world.shows(role)}


def _prove(path: str) -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        if whose == "others" and path == "/api/sign-in":
            return None
        options = world.held.server.office.passkeys.to_prove(SITE, world.now)
        who = world.ben if whose == "others" else world.people.get(role)
        passkey = SoftPasskey(ORIGIN) if who is None else world.passkeys[who.serial]
        given = {"credential": passkey.get(options)}
        return path, {"json": given, "headers": world.shows(role)}

    return ask


_ROSTER = "kind,person,name,zone,licenses\nperson,ada,Ada,UTC,TX 2026-01-01\n"


def _desk_with_roster(path: str) -> Asking:
    """There are two rosters, so that one can be undone."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        rosters = world.held.server.office.books.rosters
        while rosters.before() is None:
            rosters.add(_ROSTER, world.now)
        number = f"?number={rosters.number()}"
        return (path + number, {"headers": world.shows(role)}) if whose == "own" else None

    return ask


def _recover(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    who = world.people.get(role)
    token = secrets.token_bytes(32) if who is None else sha256(who.serial.encode()).digest()
    return "/api/recovery", {"json": {"token": write_base64(token)}, "headers": world.shows(role)}


def _remove_person(world: World, role: Role, whose: Whose) -> Asked:
    own = world.people.get(role, world.ben).serial
    fresh = Person(PersonId(new_id()), "attorney", "Somebody else", world.now)
    world.held.server.office.people.add_person(fresh)
    id_ = own if whose == "own" else fresh.id
    return f"/api/people/{id_}", {"headers": world.shows(role)}


def _show_person(world: World, role: Role, whose: Whose) -> Asked:
    shown = world.people.get(role, world.ben) if whose == "own" else world.ben
    return f"/api/people/{shown.serial}", {"headers": world.shows(role)}


def _take_back(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    office = world.held.server.office
    code = office.enrolment.invite()
    id_ = sha256(code.encode()).hexdigest()[:16]
    return f"/api/invitations/{id_}", {"headers": world.shows(role)}


def _put_recovery(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    serial = world.people.get(role, world.ben).serial
    given = {"token": write_base64(sha256(serial.encode()).digest()), "sealed": None}
    return "/api/recovery", {"json": given, "headers": world.shows(role)}


def _desk_with_webhook(rest: str, **more: Any) -> Asking:
    def ask(world: World, role: Role, whose: Whose) -> Asked:
        if whose == "others":
            return None
        hooks = world.held.server.office.books.hooks
        for one in hooks.endpoints():
            if one.ended is None:
                hooks.end(one.id, world.now)
        made = hooks.add("https://one.example/", world.now)
        path = f"/api/desk/webhooks/{made.id}{rest}"
        return path, {"headers": world.shows(role), **more}

    return ask


def _with_holding(path: str) -> Asking:
    """Signed by the organization's key, which a demonstration has beside the server."""

    def ask(world: World, role: Role, whose: Whose) -> Asked:
        if whose == "others":
            return None
        person = world.people.get(role, world.ben).serial
        text = write_lines(HOLDING, [("person", person), ("time", write_time(world.now))])
        proof = world.held.server.keys.organization.sign(text).decode()
        sealed = write_base64(b"age-encryption.org/v1\nnot looked into")
        given = {"proof": proof, "sealed": sealed, "passkey": None}
        return path, {"json": given, "headers": world.shows(role)}

    return ask


def _sign_card(world: World, role: Role, whose: Whose) -> Asked:
    if whose == "others":
        return None
    office, organization = world.held.server.office, world.held.server.keys.organization
    fresh = Person(PersonId(new_id()), "attorney", "Fresh", world.now, WITNESS.verifier.key)
    recipient = str(HybridIdentity.generate().recipient)
    office.people.add_person(fresh)
    office.applications.ask(fresh, Applicant("Fresh", recipient, fresh.key, ("TX",), ("en",)))
    day = License("TX", write_time(world.now)[:10])
    card = Card(
        fresh.serial, fresh.name, recipient, fresh.key, (day,), world.now, world.now + 1000_000
    )
    given = {"card": organization.sign(str(card)).decode(), "where": "the bar's register"}
    return f"/api/desk/cards/{fresh.id}", {"json": given, "headers": world.shows(role)}


_NOT_FOUNDED = {
    "key": str(WITNESS.verifier), "organization": "", "telling": "", "proof": "",
    "sealed": write_base64(b"age-encryption.org/v1\n"),
}  # fmt: skip
_OWN_CHANNEL = {"kind": "apprise", "url": "json://127.0.0.1:1/b"}
_CLOSED = "/log/closed/none"

_POSTER = {"code": "", "language": "en", "kind": "poster", "paper": "a4"}

ASKING: dict[str, Asking] = {
    "POST /api/recordings": _create,
    "GET /api/recordings/{id}": _of_recording(),
    "DELETE /api/recordings/{id}": _delete(DELETION),
    "DELETE /api/recordings/{id}/deletion": _delete(UNDELETION, "/deletion"),
    "PUT /api/recordings/{id}/statements/{n}": _put("statements"),
    "PUT /api/recordings/{id}/segments/{n}": _put("segments"),
    "GET /api/recordings/{id}/segments/{n}": _of_recording("/segments/1"),
    "GET /api/recordings/{id}/proofs/{n}": _of_recording("/proofs/1"),
    "GET /api/recordings/{id}/grants": _of_recording("/grants"),
    "POST /api/recordings/{id}/grants": _grant,
    "GET /api/recordings/{id}/package": _of_recording("/package"),
    "POST /api/recordings/{id}/passes": _give_pass,
    "POST /api/recordings/{id}/privilege": _say_privilege,
    "DELETE /api/recordings/{id}/passes/{digest}": _end_pass,
    "POST /api/tokens": _hand_in,
    "POST /api/filed": _filed,
    "POST /api/tellings": _tell,
    "GET /api/tellings": _check_in("/api/tellings", body=False),
    "GET /api/callbacks/{encounter}": _callback,
    "PUT /api/callbacks/{encounter}": _callback,
    "DELETE /api/callbacks/{encounter}": _callback,
    "GET /api/callbacks/{encounter}/number": _number,
    "PUT /api/callbacks/{encounter}/number": _number,
    "POST /api/tellings/safe": _check_in("/api/tellings/safe"),
    "POST /api/tellings/contacts": _check_in("/api/tellings/contacts"),
    "POST /api/tellings/tests": _tell_test,
    "POST /api/tellings/releases": _withhold,
    "POST /api/released": _released,
    "GET /api/desk/codes": _session("/api/desk/codes"),
    "POST /api/desk/codes": _make_code,
    "PUT /api/desk/codes/{id}": _desk_with_code("PUT"),
    "POST /api/desk/codes/{id}/replacements": _desk_with_code("POST"),
    "GET /api/custody/cases": _session("/api/custody/cases"),
    "GET /api/custody/cases/{encounter}": _of_orphan(give=False),
    "POST /api/custody/cases/{encounter}": _of_orphan(give=True),
    "GET /api/channels": _session("/api/channels"),
    "POST /api/channels": _session("/api/channels", json=_OWN_CHANNEL),
    "POST /api/channels/tests": _session("/api/channels/tests"),
    "DELETE /api/channels/{id}": _remove_channel,
    "GET /api/limits": _plain("/api/limits"),
    "GET /api/service": _plain("/api/service"),
    "GET /api/cards/{language}": _plain("/api/cards/en"),
    "GET /api/voices/{language}": _plain("/api/voices/en"),
    "GET /api/invitations/{code}": _invitation(accept=False),
    "POST /api/invitations/{code}": _invitation(accept=True),
    "GET /api/sessions/challenge": _plain("/api/sessions/challenge"),
    "POST /api/sessions": _begin_session,
    "DELETE /api/sessions": _end_session,
    "POST /api/relay": _relay,
    "GET /api/sessions": _session("/api/sessions"),
    "DELETE /api/sessions/others": _session("/api/sessions/others"),
    "DELETE /api/sessions/{number}": _end_numbered,
    "GET /api/me": _session("/api/me"),
    "GET /api/passkeys": _session("/api/passkeys"),
    "POST /api/passkeys/challenge": _session("/api/passkeys/challenge"),
    "POST /api/passkeys": _add_passkey,
    "DELETE /api/passkeys/{id}": _remove_passkey,
    "GET /api/sign-in": _plain("/api/sign-in"),
    "POST /api/sign-in": _prove("/api/sign-in"),
    "POST /api/step-up": _prove("/api/step-up"),
    "PUT /api/recovery": _put_recovery,
    "POST /api/recovery": _recover,
    "POST /api/invitations": _session("/api/invitations", json={"role": "coordinator"}),
    "GET /api/invitations": _session("/api/invitations"),
    "DELETE /api/invitations/{id}": _take_back,
    "GET /api/people": _session("/api/people"),
    "GET /api/people/{id}": _show_person,
    "DELETE /api/people/{id}": _remove_person,
    "GET /api/cases/{encounter}/colleagues": _of_case("/colleagues"),
    "GET /api/cases/{encounter}/notes": _of_case("/notes"),
    "PUT /api/cases/{encounter}/notes": _write_note,
    "PUT /api/cases/{encounter}/letter": _send_letter,
    "GET /api/cases/{encounter}/documents": _of_case("/documents"),
    "POST /api/cases/{encounter}/documents": _file_document,
    "GET /api/cases/{encounter}/documents/{document}": _document(),
    "PUT /api/cases/{encounter}/documents/{document}": _document(give=True),
    "DELETE /api/cases/{encounter}/documents/{document}": _document(),
    "GET /api/conflicts": _session("/api/conflicts"),
    "PUT /api/conflicts": _session("/api/conflicts", json={"sealed": ""}),
    "GET /api/organization": _session("/api/organization"),
    "POST /api/organization": _session("/api/organization", json=_NOT_FOUNDED),
    "PUT /api/organization/keys": _with_holding("/api/organization/keys"),
    "POST /api/organization/drills": _with_holding("/api/organization/drills"),
    "GET /api/desk/cards": _session("/api/desk/cards"),
    "POST /api/desk/cards/{id}": _sign_card,
    "GET /api/cases": _session("/api/cases"),
    "GET /api/desk/figures": _session("/api/desk/figures"),
    "GET /api/desk/coverage": _session("/api/desk/coverage"),
    "GET /api/desk/coverage.svg": _desk_with_roster("/api/desk/coverage.svg"),
    "GET /api/desk/files/{name}": _session("/api/desk/files/presses.csv"),
    "GET /api/desk/roster": _session("/api/desk/roster"),
    "POST /api/desk/roster": _session(
        "/api/desk/roster", json={"text": _ROSTER, "keep": False, "number": 0}
    ),
    "DELETE /api/desk/roster": _desk_with_roster("/api/desk/roster"),
    "POST /api/desk/posters": _session("/api/desk/posters", json=_POSTER),
    "GET /api/desk/webhooks": _session("/api/desk/webhooks"),
    "POST /api/desk/webhooks": _session("/api/desk/webhooks", json={"url": "https://one.example/"}),
    "DELETE /api/desk/webhooks/{id}": _desk_with_webhook(""),
    "POST /api/desk/webhooks/{id}/tests": _desk_with_webhook("/tests"),
    "POST /api/desk/webhooks/{id}/replays": _desk_with_webhook(
        "/replays", json={"since": "2026-01-01T00:00:00.000Z"}
    ),
    "GET /log/checkpoint": _session("/log/checkpoint"),
    "GET /log/policy": _plain("/log/policy"),
    "GET /log/closed": _plain("/log/closed"),
    "GET /log/closed/{log}/checkpoint": _plain(f"{_CLOSED}/checkpoint"),
    "GET /log/closed/{log}/policy": _plain(f"{_CLOSED}/policy"),
    "GET /log/closed/{log}/tile/entries/{path:path}": _plain(f"{_CLOSED}/tile/entries/000"),
    "GET /log/closed/{log}/tile/{level}/{path:path}": _plain(f"{_CLOSED}/tile/0/000"),
    "GET /log/offered": _session("/log/offered"),
    "POST /log/cosignatures": _cosign,
    "GET /log/tile/entries/{path:path}": _session("/log/tile/entries/000.p/1"),
    "GET /log/tile/{level}/{path:path}": _session("/log/tile/0/000.p/1"),
    "GET /health": _session("/health"),
    "GET /metrics": _session("/metrics"),
    "GET /": _plain("/"),
    "GET /desk": _plain("/desk"),
    "GET /duty": _plain("/duty"),
    "GET /verify": _plain("/verify"),
    "GET /sw.js": _plain("/sw.js"),
    "GET /authority.crt": _plain("/authority.crt"),
}

FIRST = {"DELETE /api/recordings/{id}/deletion": "DELETE /api/recordings/{id}"}
"""What has to be granted before, or there is nothing to take back."""

FOUNDING = "POST /api/organization"
"""Sent bent: it would make another organization of the one that all others ask. Refused for that,
nobody is sent away for who they are."""

REFUSED = {401, 403, 404, 422}


async def granted(world: World, act: str, role: Role, whose: Whose) -> bool | None:
    """Ask; return whether it was granted, None where there is no such question."""
    question = ASKING[act](world, role, whose)
    if question is None:
        return None
    path, more = question
    more.setdefault("headers", world.shows(role))
    answer = await world.ask(act.partition(" ")[0], path, **more)
    assert answer.status_code < 400 or answer.status_code in {*REFUSED, 503}, (role, answer.text)
    if RIGHTS[act].others == EVERYBODY or act == FOUNDING:
        # Whether there is such a thing is another matter: nobody is sent away for who they are.
        return answer.status_code not in (401, 403)
    return answer.status_code < 400


ADDRESSES = [one for one in RIGHTS if one.partition(" ")[0].isupper() and "WS" not in one]


@pytest.mark.parametrize("act", ADDRESSES)
async def test_an_address_grants_what_its_row_says(world: World, act: str) -> None:
    rule, wrong = RIGHTS[act], []
    for whose, roles in (("others", rule.others), ("own", rule.own)):
        for role in ROLES:
            if act in FIRST:
                await granted(world, FIRST[act], role, whose)
            found = await granted(world, act, role, whose)
            if found is not None and found != (role in roles):
                wrong.append((role, whose, "granted" if found else "refused"))
    assert wrong == []


# The live log.


async def test_the_live_log_is_shown_to_whom_its_row_says(world: World) -> None:
    office, found = world.held.server.office, set()
    assert office.sequencer.live.checkpoint.size > office.sequencer.public.checkpoint.size
    for role in ROLES:
        answer = await world.ask("GET", "/log/checkpoint", headers=world.shows(role))
        size = int(answer.text.splitlines()[1])
        if size > office.sequencer.public.checkpoint.size:
            found.add(role)
    assert found == RIGHTS["the live log"].own
