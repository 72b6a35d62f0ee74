"""Who may do what, in one table. Pure: who asks, and whose the object is, come as parameters.

Each address and each live message has its row; an address without one is refused at start. A row
says which roles may do it to what is theirs, and which to somebody else's. Whose a thing is, the
routes find out (`web.rights`); that nobody may, they learn here. docs/routes.md shows this table.

Uploading needs no right but the recording's signature. A contact's grant is a file the server
cannot tell from others: it opens film that somebody hands over, and asks for nothing here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal[
    "stranger",
    "guest",
    "caller",
    "unlocked",
    "contact",
    "attorney",
    "interpreter",
    "responder",
    "coordinator",
    "custodian",
    "auditor",
    "witness",
    "operator",
    "former",
]

ROLES: tuple[Role, ...] = get_args(Role)

MEANING: Mapping[Role, str] = {
    "stranger": "shows nothing",
    "guest": "has a guest code",
    "caller": "a phone before unlocking: its code, its press's secret, its recording's key",
    "unlocked": "a caller after unlocking: the locator's secret, the deletion key",
    "contact": "holds a link the caller gave: a grant and a pass; the server knows no contacts",
    "attorney": "a session; a case is theirs once they answered it",
    "interpreter": "a session",
    "responder": "a session; gives support that is not advice",
    "coordinator": "a session; plans duty, invites and removes people",
    "custodian": "a session; keeps the organization's keys",
    "auditor": "a token for the live log",
    "witness": "cosigns checkpoints with a key the operator named",
    "operator": "asks from the machine itself, or with the metrics token",
    "former": "was one of the people above and was removed",
}

PersonRole = Literal["attorney", "interpreter", "responder", "coordinator", "custodian"]
"""What a session can be: for these there are invitations."""

PERSON_ROLES: tuple[PersonRole, ...] = get_args(PersonRole)
ON_CARDS: tuple[PersonRole, ...] = ("attorney", "interpreter", "responder")
"""Those who go on duty: their keys stand on a card that the organization signs."""

EVERYBODY: frozenset[Role] = frozenset(ROLES)
NOBODY: frozenset[Role] = frozenset()
PEOPLE: frozenset[Role] = frozenset(PERSON_ROLES)
PHONE: frozenset[Role] = frozenset({"guest", "caller", "unlocked"})


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do it to what is theirs, and to somebody else's; *by* says what shows it."""

    own: frozenset[Role]
    others: frozenset[Role]
    by: str

    @property
    def session(self) -> bool:
        """Whether nothing but a person's session can give the right."""
        return NOBODY < self.own | self.others <= PEOPLE


def _only(*roles: Role, by: str) -> Rule:
    return Rule(frozenset(roles), NOBODY, by)


def _people(*roles: Role, by: str = "session") -> Rule:
    return Rule(frozenset(roles) if roles else PEOPLE, NOBODY, by)


_OPEN = Rule(EVERYBODY, EVERYBODY, "nothing")
_LOG = Rule(EVERYBODY, EVERYBODY, "nothing: strangers see it as of the day, others live")
_KNOWN = Rule(EVERYBODY, EVERYBODY, "the id")
_INVITED = Rule(EVERYBODY, NOBODY, "the invitation")
_THIRDS: frozenset[Role] = frozenset({"interpreter", "responder"})
_CARD = Rule(frozenset(ON_CARDS), NOBODY, "session")
_RUNG = Rule(_CARD.own | {"coordinator"}, NOBODY, "session")
_READ = _only("unlocked", "contact", "attorney", by="the locator's secret, a pass, or session")
_UPLOAD = _only("caller", by="the recording's key signs")
_DELETE = _only("unlocked", by="the deletion key signs")
_CHECK_IN = _only("caller", "unlocked", by="the check-in's secret")
_AGAIN = "session; proved within five minutes once there is a passkey or a sheet"
_KEEPERS: frozenset[Role] = frozenset({"coordinator"})
_NEEDED = Rule(_KEEPERS, NOBODY, "session; the case's attorney is gone, or has no keys of it")
_CALLBACK = _only("caller", "unlocked", by="the press's secret, or the locator's")
_CODE = Rule(PHONE, PHONE, "a guest code, or a press token")

RIGHTS: Mapping[str, Rule] = {
    "POST /api/recordings": _CODE,
    "GET /api/recordings/{id}": _KNOWN,
    "DELETE /api/recordings/{id}": _DELETE,
    "DELETE /api/recordings/{id}/deletion": _DELETE,
    "PUT /api/recordings/{id}/statements/{n}": _UPLOAD,
    "PUT /api/recordings/{id}/segments/{n}": _UPLOAD,
    "GET /api/recordings/{id}/segments/{n}": _READ,
    "GET /api/recordings/{id}/proofs/{n}": _KNOWN,
    "GET /api/recordings/{id}/grants": _READ,
    "POST /api/recordings/{id}/grants": _only(
        "caller",
        "unlocked",
        "attorney",
        by="the recording's key signs, or the locator's secret, or who hands the case over signs",
    ),
    "GET /api/recordings/{id}/package": _READ,
    "POST /api/recordings/{id}/passes": _only("unlocked", by="the locator's secret"),
    "DELETE /api/recordings/{id}/passes/{digest}": _only("unlocked", by="the locator's secret"),
    "POST /api/recordings/{id}/privilege": _only("unlocked", by="the locator's secret"),
    "POST /api/tokens": _CODE,
    "POST /api/filed": _only("unlocked", by="the locators' secrets"),
    "GET /api/callbacks/{encounter}": _CALLBACK,
    "PUT /api/callbacks/{encounter}": _CALLBACK,
    "DELETE /api/callbacks/{encounter}": _CALLBACK,
    "GET /api/callbacks/{encounter}/number": Rule(
        frozenset({"attorney", "coordinator"}),
        frozenset({"coordinator"}),
        "session; the callback is owed, and one's own",
    ),
    "PUT /api/callbacks/{encounter}/number": Rule(
        _KEEPERS, _KEEPERS, "session; sealed to the owner of the callback"
    ),
    "POST /api/tellings": _only("caller", by="the press's secret"),
    "GET /api/tellings": _CHECK_IN,
    "POST /api/tellings/safe": _CHECK_IN,
    "POST /api/tellings/contacts": _CHECK_IN,
    "POST /api/tellings/tests": Rule(PHONE, PHONE, "a guest code"),
    "POST /api/tellings/releases": _CHECK_IN,
    "POST /api/released": _only("contact", by="the passes of a release"),
    "GET /api/channels": _RUNG,
    "POST /api/channels": _RUNG,
    "POST /api/channels/tests": _RUNG,
    "DELETE /api/channels/{id}": _RUNG,
    "GET /api/limits": _OPEN,
    "GET /api/service": _OPEN,
    "POST /api/relay": _only("caller", *ON_CARDS, by="the press's secret, or session"),
    "GET /api/cards/{language}": _OPEN,
    "GET /api/voices/{language}": _OPEN,
    "GET /api/invitations/{code}": _INVITED,
    "POST /api/invitations/{code}": _INVITED,
    "GET /api/sessions/challenge": _OPEN,
    "POST /api/sessions": _people(by="the card's key, or the person's, signs a challenge"),
    "DELETE /api/sessions": Rule(EVERYBODY, NOBODY, "session, if there is one"),
    "GET /api/sessions": _people(),
    "DELETE /api/sessions/others": _people(),
    "DELETE /api/sessions/{number}": _people(),
    "GET /api/me": _people(),
    "GET /api/passkeys": _people(),
    "POST /api/passkeys/challenge": _people(by=_AGAIN),
    "POST /api/passkeys": _people(by=_AGAIN),
    "DELETE /api/passkeys/{id}": _people(by="session, proved within five minutes"),
    "GET /api/sign-in": _OPEN,
    "POST /api/sign-in": _people(by="a passkey signs a challenge"),
    "POST /api/step-up": _people(by="session, and a passkey signs a challenge"),
    "PUT /api/recovery": _people(by=_AGAIN),
    "POST /api/recovery": _people(by="the words of the recovery sheet"),
    "POST /api/invitations": _people(
        "coordinator", by="session; proved within five minutes for a coordinator or custodian"
    ),
    "GET /api/invitations": _people("coordinator"),
    "DELETE /api/invitations/{id}": _people("coordinator"),
    "GET /api/people": _people("coordinator"),
    "GET /api/people/{id}": Rule(frozenset({"coordinator"}), frozenset({"coordinator"}), "session"),
    "DELETE /api/people/{id}": Rule(
        NOBODY, frozenset({"coordinator"}), "session, proved within five minutes"
    ),
    "GET /api/organization": _people("coordinator"),
    "POST /api/organization": _people("coordinator", by="session, proved within five minutes"),
    "PUT /api/organization/keys": _people(
        "coordinator", by="session, proved within five minutes; the organization's key signs"
    ),
    "POST /api/organization/drills": _people(
        "coordinator", by="session, and the organization's key signs"
    ),
    "GET /api/desk/cards": _people("coordinator"),
    "POST /api/desk/cards/{id}": _people(
        "coordinator", by="session, and the organization's key signs the card"
    ),
    "GET /api/custody/cases": _people("coordinator"),
    "GET /api/custody/cases/{encounter}": _NEEDED,
    "POST /api/custody/cases/{encounter}": Rule(
        _KEEPERS, NOBODY, "session, and the organization's key signs; the attorney is gone"
    ),
    "GET /api/cases": _people("attorney"),
    "GET /api/cases/{encounter}/colleagues": _people("attorney"),
    "GET /api/cases/{encounter}/notes": _people("attorney"),
    "PUT /api/cases/{encounter}/notes": _people("attorney"),
    "PUT /api/cases/{encounter}/letter": _people("attorney"),
    "GET /api/cases/{encounter}/documents": _people("attorney"),
    "POST /api/cases/{encounter}/documents": _people("attorney"),
    "GET /api/cases/{encounter}/documents/{document}": _people("attorney"),
    "PUT /api/cases/{encounter}/documents/{document}": _people("attorney"),
    "DELETE /api/cases/{encounter}/documents/{document}": _people("attorney"),
    "GET /api/conflicts": _people("attorney"),
    "PUT /api/conflicts": _people("attorney"),
    "GET /api/desk/figures": _people("coordinator"),
    "GET /api/desk/coverage": _people("coordinator"),
    "GET /api/desk/coverage.svg": _people("coordinator"),
    "GET /api/desk/files/{name}": _people("coordinator"),
    "GET /api/desk/roster": _people("coordinator"),
    "POST /api/desk/roster": _people("coordinator"),
    "DELETE /api/desk/roster": _people("coordinator"),
    "POST /api/desk/posters": _people("coordinator"),
    "GET /api/desk/codes": _people("coordinator"),
    "POST /api/desk/codes": _people("coordinator"),
    "PUT /api/desk/codes/{id}": _people("coordinator"),
    "POST /api/desk/codes/{id}/replacements": _people("coordinator"),
    "GET /api/desk/webhooks": _people("coordinator"),
    "POST /api/desk/webhooks": _people("coordinator"),
    "DELETE /api/desk/webhooks/{id}": _people("coordinator"),
    "POST /api/desk/webhooks/{id}/tests": _people("coordinator"),
    "POST /api/desk/webhooks/{id}/replays": _people("coordinator"),
    "WS /api/live/caller": _only("guest", "caller", "unlocked", by="a guest code, or the press"),
    "WS /api/live/duty": _CARD,
    "WS /api/live/desk": _people("coordinator"),
    "GET /log/checkpoint": _LOG,
    "GET /log/policy": _OPEN,
    "GET /log/closed": _OPEN,
    "GET /log/closed/{log}/checkpoint": _OPEN,
    "GET /log/closed/{log}/policy": _OPEN,
    "GET /log/closed/{log}/tile/entries/{path:path}": _OPEN,
    "GET /log/closed/{log}/tile/{level}/{path:path}": _OPEN,
    "GET /log/offered": Rule(
        PHONE | PEOPLE | {"auditor"}, NOBODY, "code, locator's secret, token or session"
    ),
    "POST /log/cosignatures": _only("witness", by="a named witness cosigned it"),
    "GET /log/tile/entries/{path:path}": _LOG,
    "GET /log/tile/{level}/{path:path}": _LOG,
    "GET /health": _only("operator", by="this machine, or the metrics token"),
    "GET /metrics": _only("operator", by="this machine, or the metrics token"),
    "GET /": _OPEN,
    "GET /duty": _OPEN,
    "GET /desk": _OPEN,
    "GET /verify": _OPEN,
    "GET /sw.js": _OPEN,
    "GET /authority.crt": _OPEN,
    # What the live sockets take, by the socket and the message's type.
    "caller press": _only("guest", "caller", "unlocked", by="a guest code; its secret to return"),
    "caller recording": _only("guest", "caller", "unlocked", by="the press before"),
    "caller signal": _only("guest", "caller", "unlocked", by="the press before"),
    "caller ahead": _only("guest", "caller", "unlocked", by="the press before"),
    "caller heard": _only("guest", "caller", "unlocked", by="the press before"),
    "caller shown": _only("guest", "caller", "unlocked", by="the press before"),
    "caller end": _only("guest", "caller", "unlocked", by="the press before"),
    "duty duty": _CARD,
    "duty answer": Rule(frozenset({"attorney"}), frozenset({"attorney"}), "session; first wins"),
    "duty decline": Rule(frozenset(ON_CARDS), frozenset(ON_CARDS), "session; for oneself alone"),
    "duty signal": _people("attorney", "interpreter", "responder"),
    "duty end": _people("attorney"),
    "duty invite": _people("attorney"),
    "duty dismiss": _people("attorney"),
    "duty join": Rule(_THIRDS, _THIRDS, "session; first wins"),
    "duty leave": _people(*_THIRDS),
    "duty extend": _CARD,
    "duty ready": _CARD,
    "duty hand": _people("attorney"),
    "duty take": _people("attorney", by="session; a colleague asked them to"),
    "duty arrived": _people("attorney"),
    "duty remain": _people("attorney"),
    "duty handed": _people("attorney"),
    "duty conflict": _people("attorney", by="session; rung for it, or has it"),
    "duty outcome": _people("attorney"),
    "duty shown": _people("attorney"),
    "duty brief": Rule(frozenset({"attorney"}), frozenset({"attorney"}), "session; in a surge"),
    "duty callback": Rule(
        frozenset({"attorney"}), frozenset({"attorney"}), "session; on duty, licensed there"
    ),
    "desk look": _people("coordinator"),
    "desk owed": _people("coordinator"),
    # Not an address: whether the log is shown as it is now, or as it was published for the day.
    "the live log": Rule(
        PHONE | PEOPLE | {"auditor"}, NOBODY, "code, locator's secret, token or session"
    ),
}
"""Every act by its name: method and address, socket and message."""


def may(act: str, roles: Iterable[Role], own: bool) -> bool:
    """Whether one of *roles* may do *act* to what is theirs (*own*), or to somebody else's."""
    rule = RIGHTS[act]
    return not (rule.own if own else rule.others).isdisjoint(roles)
