"""The ASGI application: routes and pages, the uplink before them. No address is logged."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from accompany.errors import AccompanyError
from accompany.web.boards import Boards
from accompany.web.case_documents import CaseDocuments
from accompany.web.case_letters import CaseLetters
from accompany.web.case_notes import CaseNotes
from accompany.web.channels import ChannelRoutes
from accompany.web.charter import CharterRoutes
from accompany.web.closed import ClosedLogs
from accompany.web.codes import CodeRoutes
from accompany.web.custodians import CustodianRoutes
from accompany.web.deletion import DeletionRoutes
from accompany.web.desk import DeskRoutes
from accompany.web.handovers import Colleagued
from accompany.web.headers import Headers
from accompany.web.health import HealthRoutes
from accompany.web.live import Live
from accompany.web.log import Log
from accompany.web.members import MemberRoutes
from accompany.web.metrics import Metrics
from accompany.web.numbers import NumberRoutes
from accompany.web.office import Office
from accompany.web.own import OwnRoutes
from accompany.web.pages import Pages
from accompany.web.passkeys import PasskeyRoutes
from accompany.web.people import PeopleRoutes
from accompany.web.posters import PosterRoutes
from accompany.web.problems import on_error, on_fault, on_gone, on_status
from accompany.web.records import Records
from accompany.web.relay import RelayRoutes
from accompany.web.releasing import ReleaseRoutes
from accompany.web.rights import Endpoint, guarded
from accompany.web.rights_cards import CardRoutes
from accompany.web.rosters import RosterRoutes
from accompany.web.telling import TellingRoutes
from accompany.web.uplink import Uplink
from accompany.web.voices import VoiceRoutes
from accompany.web.webhooks import WebhookRoutes

STATIC = Path(__file__).parent / "static"


def create_app(
    office: Office, live: Live, metrics: Metrics, authority: Path | None = None
) -> Uplink:
    """Return the application; *authority* is the certificate to offer where `--tls` made one."""
    records, log, people = Records(office), Log(office), PeopleRoutes(office)
    passkeys, members = PasskeyRoutes(office), MemberRoutes(office)
    deletion, health = DeletionRoutes(office), HealthRoutes(office, metrics)
    closed, colleagued = ClosedLogs(office), Colleagued(office)
    charter = CharterRoutes(office)
    telling, channels = TellingRoutes(office, live), ChannelRoutes(office)
    releases, custodian = ReleaseRoutes(office), CustodianRoutes(office)
    codes, numbers = CodeRoutes(office), NumberRoutes(office, live)
    pages, cards, voices = Pages(STATIC), CardRoutes(office), VoiceRoutes(office)
    desk, roster, hooks = DeskRoutes(office), RosterRoutes(office), WebhookRoutes(office)
    own, written, filed = OwnRoutes(office), CaseNotes(office), CaseDocuments(office)
    served: list[BaseRoute] = [
        Route("/api/tokens", own.hand_in, methods=["POST"]),
        Route("/api/filed", own.filed, methods=["POST"]),
        Route("/api/recordings", records.create, methods=["POST"]),
        Route("/api/recordings/{id}", records.state),
        Route("/api/recordings/{id}", deletion.ask, methods=["DELETE"]),
        Route("/api/recordings/{id}/deletion", deletion.take_back, methods=["DELETE"]),
        # Taken by the uplink before they come here; named so that other methods are refused.
        Route("/api/recordings/{id}/statements/{n}", records.elsewhere, methods=["PUT"]),
        Route("/api/recordings/{id}/segments/{n}", records.elsewhere, methods=["PUT"]),
        Route("/api/recordings/{id}/segments/{n}", records.get_segment),
        Route("/api/recordings/{id}/proofs/{n}", records.get_proof),
        Route("/api/recordings/{id}/grants", records.grants),
        Route("/api/recordings/{id}/grants", records.add_grant, methods=["POST"]),
        Route("/api/recordings/{id}/package", records.get_package),
        Route("/api/recordings/{id}/passes", own.give_pass, methods=["POST"]),
        Route("/api/recordings/{id}/privilege", own.say_privilege, methods=["POST"]),
        Route("/api/recordings/{id}/passes/{digest}", own.end_pass, methods=["DELETE"]),
        Route("/api/callbacks/{encounter}", numbers.state),
        Route("/api/callbacks/{encounter}", numbers.leave, methods=["PUT"]),
        Route("/api/callbacks/{encounter}", numbers.take_back, methods=["DELETE"]),
        Route("/api/callbacks/{encounter}/number", numbers.read),
        Route("/api/callbacks/{encounter}/number", numbers.give, methods=["PUT"]),
        Route("/api/tellings", telling.begin, methods=["POST"]),
        Route("/api/tellings", telling.state),
        Route("/api/tellings/safe", telling.safe, methods=["POST"]),
        Route("/api/tellings/contacts", telling.hand_in, methods=["POST"]),
        Route("/api/tellings/tests", telling.test, methods=["POST"]),
        Route("/api/tellings/releases", releases.withhold, methods=["POST"]),
        Route("/api/released", releases.released, methods=["POST"]),
        Route("/api/channels", channels.list),
        Route("/api/channels", channels.add, methods=["POST"]),
        Route("/api/channels/tests", channels.test, methods=["POST"]),
        Route("/api/channels/{id}", channels.remove, methods=["DELETE"]),
        Route("/api/limits", records.limits),
        Route("/api/service", people.service),
        Route("/api/relay", RelayRoutes(office).name, methods=["POST"]),
        Route("/api/cards/{language}", cards.cards),
        Route("/api/voices/{language}", voices.voices),
        Route("/api/invitations/{code}", people.invitation),
        Route("/api/invitations/{code}", people.accept, methods=["POST"]),
        Route("/api/sessions/challenge", people.challenge),
        Route("/api/sessions", people.begin_session, methods=["POST"]),
        Route("/api/sessions", people.end_session, methods=["DELETE"]),
        Route("/api/sessions", passkeys.sessions),
        Route("/api/sessions/others", passkeys.end_others, methods=["DELETE"]),
        Route("/api/sessions/{number}", passkeys.end_one, methods=["DELETE"]),
        Route("/api/me", people.me),
        Route("/api/passkeys", passkeys.list),
        Route("/api/passkeys", passkeys.add, methods=["POST"]),
        Route("/api/passkeys/challenge", passkeys.challenge, methods=["POST"]),
        Route("/api/passkeys/{id}", passkeys.remove, methods=["DELETE"]),
        Route("/api/sign-in", passkeys.ask),
        Route("/api/sign-in", passkeys.sign_in, methods=["POST"]),
        Route("/api/step-up", passkeys.step_up, methods=["POST"]),
        Route("/api/recovery", passkeys.put_recovery, methods=["PUT"]),
        Route("/api/recovery", passkeys.recover, methods=["POST"]),
        Route("/api/invitations", members.invite, methods=["POST"]),
        Route("/api/invitations", members.invitations),
        Route("/api/invitations/{id}", members.take_back, methods=["DELETE"]),
        Route("/api/people", members.list),
        Route("/api/people/{id}", members.show),
        Route("/api/people/{id}", members.remove, methods=["DELETE"]),
        Route("/api/organization", charter.show),
        Route("/api/organization", charter.found, methods=["POST"]),
        Route("/api/organization/keys", charter.keep, methods=["PUT"]),
        Route("/api/organization/drills", charter.drill, methods=["POST"]),
        Route("/api/desk/cards", charter.waiting),
        Route("/api/desk/cards/{id}", charter.sign, methods=["POST"]),
        Route("/api/custody/cases", custodian.cases),
        Route("/api/custody/cases/{encounter}", custodian.grants),
        Route("/api/custody/cases/{encounter}", custodian.give, methods=["POST"]),
        Route("/api/cases", people.cases),
        Route("/api/cases/{encounter}/colleagues", colleagued.colleagues),
        Route("/api/cases/{encounter}/notes", written.notes),
        Route("/api/cases/{encounter}/notes", written.write, methods=["PUT"]),
        Route("/api/cases/{encounter}/letter", CaseLetters(office).send, methods=["PUT"]),
        Route("/api/cases/{encounter}/documents", filed.list),
        Route("/api/cases/{encounter}/documents", filed.add, methods=["POST"]),
        Route("/api/cases/{encounter}/documents/{document}", filed.get),
        Route("/api/cases/{encounter}/documents/{document}", filed.give, methods=["PUT"]),
        Route("/api/cases/{encounter}/documents/{document}", filed.remove, methods=["DELETE"]),
        Route("/api/conflicts", written.names),
        Route("/api/conflicts", written.keep_names, methods=["PUT"]),
        Route("/api/desk/figures", desk.figures),
        Route("/api/desk/coverage", desk.coverage),
        Route("/api/desk/coverage.svg", desk.picture),
        Route("/api/desk/files/{name}", desk.file),
        Route("/api/desk/roster", roster.show),
        Route("/api/desk/roster", roster.take, methods=["POST"]),
        Route("/api/desk/roster", roster.undo, methods=["DELETE"]),
        Route("/api/desk/posters", PosterRoutes(office).draw, methods=["POST"]),
        Route("/api/desk/codes", codes.show),
        Route("/api/desk/codes", codes.make, methods=["POST"]),
        Route("/api/desk/codes/{id}", codes.change, methods=["PUT"]),
        Route("/api/desk/codes/{id}/replacements", codes.replace, methods=["POST"]),
        Route("/api/desk/webhooks", hooks.list),
        Route("/api/desk/webhooks", hooks.add, methods=["POST"]),
        Route("/api/desk/webhooks/{id}", hooks.end, methods=["DELETE"]),
        Route("/api/desk/webhooks/{id}/tests", hooks.test, methods=["POST"]),
        Route("/api/desk/webhooks/{id}/replays", hooks.replay, methods=["POST"]),
        WebSocketRoute("/api/live/caller", live.caller),
        WebSocketRoute("/api/live/duty", live.duty),
        WebSocketRoute("/api/live/desk", Boards(office, live).desk),
        Route("/log/checkpoint", log.checkpoint),
        Route("/log/policy", log.policy),
        Route("/log/closed", closed.names),
        Route("/log/closed/{log}/checkpoint", closed.checkpoint),
        Route("/log/closed/{log}/policy", closed.policy),
        Route("/log/closed/{log}/tile/entries/{path:path}", closed.entries),
        Route("/log/closed/{log}/tile/{level}/{path:path}", closed.tile),
        Route("/log/offered", log.offered),
        Route("/log/cosignatures", log.cosignatures, methods=["POST"]),
        Route("/log/tile/entries/{path:path}", log.entries),
        Route("/log/tile/{level}/{path:path}", log.tile),
        Route("/health", health.health),
        Route("/metrics", health.metrics),
        Route("/", pages.caller),
        Route("/duty", pages.duty),
        Route("/desk", pages.desk),
        Route("/verify", pages.verify),
        Route("/sw.js", pages.worker),
    ]
    if authority is not None:
        served.append(Route("/authority.crt", _file(authority, "application/x-x509-ca-cert")))
    routes = guarded(office, served)
    handlers = {
        AccompanyError: on_error,
        HTTPException: on_status,
        ClientDisconnect: on_gone,
        Exception: on_fault,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    # Not a route: as one it would answer for every address that exists for another method.
    app.router.default = pages
    return Uplink(Headers(app), office)


def _file(path: Path, media_type: str) -> Endpoint:
    async def file(request: Request) -> Response:
        del request
        return FileResponse(path, media_type=media_type)

    return file
