"""Every part made and given what it needs, once."""

from pathlib import Path

from accompany.accounts.admission import Admission
from accompany.accounts.charter import Charter, Founded
from accompany.accounts.enrolment import Codes, Enrolment
from accompany.accounts.passkeys import Passkeys
from accompany.accounts.recovery import Recoveries
from accompany.accounts.sessions import Sessions
from accompany.accounts.tokens import Tokens
from accompany.accounts.tries import Tries
from accompany.adapters.apart import Readings
from accompany.adapters.auditors import SqliteAuditors
from accompany.adapters.bells import reach_for
from accompany.adapters.charter import (
    SqliteApplications,
    SqliteKeys,
    founded_in,
    keep_founded,
)
from accompany.adapters.check_ins import SqliteTellings
from accompany.adapters.checkpoints import SqliteCheckpoints
from accompany.adapters.closed_log import closed_logs, policy_lines
from accompany.adapters.disk import keep_durably, write_durably
from accompany.adapters.documents import SqliteDocuments
from accompany.adapters.keeper import JournalKeeper, check_tree
from accompany.adapters.keys import ServerKeys, telling_identity
from accompany.adapters.lookout import Lookout
from accompany.adapters.numbers import SqliteNumbers
from accompany.adapters.papers import SqlitePapers
from accompany.adapters.passes import SqlitePasses
from accompany.adapters.passkeys import SqlitePasskeys
from accompany.adapters.people import SqlitePeople
from accompany.adapters.releases import SqliteReleases
from accompany.adapters.shelf import shelf_at
from accompany.adapters.sqlite import (
    Database,
    SqlitePresses,
)
from accompany.adapters.tokens import SqliteTokens
from accompany.adapters.webhooks import SqliteHooks
from accompany.adapters.wishes import SqliteWishes
from accompany.calls.relay import Relay
from accompany.calls.signaling import Rooms
from accompany.config import Settings
from accompany.custody.courtesy import Courtesy
from accompany.custody.deletion import DAY, Deletions
from accompany.custody.export import Export
from accompany.custody.intake import Intake
from accompany.custody.leaves import Leaves
from accompany.custody.leaving import Leaving
from accompany.custody.looking import Looking
from accompany.custody.old import Old
from accompany.custody.revocations import Revocations
from accompany.custody.sequencer import Sequencer
from accompany.dispatch.books import Books
from accompany.dispatch.roster import OnDuty
from accompany.dispatch.rules import Rules
from accompany.dispatch.runner import Desk
from accompany.errors import Unknown
from accompany.evidence.cards import Organization
from accompany.evidence.checkpoints import open_checkpoint
from accompany.evidence.merkle import root
from accompany.ids import CardSerial, EncounterId
from accompany.telling.allowance import Allowance
from accompany.telling.contacts import write_service_text
from accompany.telling.teller import Teller
from accompany.web.app import create_app
from accompany.web.engagement import read_engagement
from accompany.web.live import Live
from accompany.web.metrics import Metrics
from accompany.web.office import Office
from accompany.web.officer_card import read_officer_card
from accompany.wiring.clock import SystemClock
from accompany.wiring.first_start import INVITED, kept_code, kept_invitation
from accompany.wiring.server import Server
from accompany.wiring.vouching import Vouching, vouching_for


def assemble(
    settings: Settings,
    clock: SystemClock,
    keys: ServerKeys,
    database: Database,
    checkpoints: SqliteCheckpoints,
    keeper: JournalKeeper,
    second: Path | None,
    authority: Path | None,
    books: Books,
    hooks: SqliteHooks,
    lookout: Lookout,
) -> tuple[Server, Live, Sequencer, Vouching]:
    folder = settings.data
    people, presses = SqlitePeople(database), SqlitePresses(database, hooks)
    compare(keeper, keys, checkpoints)
    leaves = Leaves(keys.origin, keys.receipts, keeper, clock)
    sequencer = Sequencer(keeper, leaves, keys.log, checkpoints, clock)
    organization = Organization(
        settings.organization,
        str(keys.custodian.recipient),
        keys.log.verifier,
        keys.receipts.verifier,
    )
    # What is signed must be what a phone will take.
    Organization.read(str(organization))
    identity = telling_identity(folder / "keys")
    # Its own connection: the sequencer's is used in another thread.
    others = SqliteCheckpoints(folder / "checkpoints", clock.now, second)
    vouching = vouching_for(settings, clock, keys, database, keeper, leaves, sequencer, others)
    courtesy = Courtesy(lambda: keeper.size)
    closed = closed_logs(folder, settings.second_place, courtesy)
    ended = policy_lines(closed)
    charter = Charter(
        keys.organization,
        organization,
        write_service_text(keys.origin, identity.recipient),
        founded_in(folder / "keys"),
        lambda key: vouching.policy(key) + ended,
    )
    rounds = vouching.rounds
    live = Live()
    begun: list[Desk] = []

    def coordinators() -> list[CardSerial]:
        everybody = [
            OnDuty(one.serial, one.name, frozenset(), (), 0, role="coordinator")
            for one in people.people()
            if one.role == "coordinator" and not one.removed
        ]
        # A desk that is still beginning knows no shifts yet: all of them, then.
        if not begun:
            return [one.serial for one in everybody]
        return begun[0].people.summoned(everybody, clock.now())

    post, bells, reach = reach_for(settings, database, clock, coordinators)
    desk = Desk(presses, live.show, Rules.of(settings), bells, now=clock.now())
    begun.append(desk)

    def card_of(encounter: str) -> bytes | None:
        try:
            attorney = desk.standing(EncounterId(encounter)).last
        except Unknown:
            return None
        row = keeper.card(attorney) if attorney else None
        return row.data if row else None

    teller = Teller(
        SqliteTellings(database),
        post,
        shelf_at(settings.shelf),
        identity,
        Allowance(settings.messages_an_hour),
        clock.now,
    )
    policy_path, applications = folder / "policy", SqliteApplications(database)

    def found(founded: Founded) -> None:
        keep_founded(folder / "keys", founded)
        charter.founded = founded
        write_durably(policy_path, charter.policy.encode(), 0o644)

    enrolment = Enrolment(people, charter, applications, clock.now)
    leaving = Leaving(keeper)
    intake = Intake(keeper, leaves, settings.segment_bytes, leaving, Looking(lookout))
    old = Old(closed, keeper, leaves, keys.receipts, lambda: charter.policy, clock, leaving)
    deletions = Deletions(
        keeper,
        leaves,
        keys.receipts,
        SqliteWishes(database),
        leaving,
        intake.arriving,
        clock,
        round(settings.deletion_days * DAY),
        {kind: days * DAY for kind, days in settings.keep_days.items()},
        old,
    )
    wrong = settings.wrong_codes_a_minute
    codes = Codes(people, wrong, settings.code_encounters_a_minute)
    kept, tries = SqlitePasskeys(database), Tries("wrong answers", wrong)
    office = Office(
        settings,
        clock,
        keeper,
        leaves,
        intake,
        sequencer,
        Export(
            keeper,
            leaves,
            sequencer,
            keys.receipts,
            lambda: charter.policy,
            card_of,
            clock,
            Readings(folder, courtesy).begin,
            lambda: rounds.cosigned,
            leaving,
        ),
        codes,
        Admission(codes, Tokens(SqliteTokens(database), Tries("wrong tokens", wrong))),
        enrolment,
        Sessions(people, lambda: charter.key, settings.session_hours * 3_600_000),
        people,
        Passkeys(kept),
        Recoveries(kept, people, tries),
        SqlitePasses(database),
        tries,
        desk,
        Rooms(),
        charter,
        SqliteKeys(database),
        applications,
        found,
        SqliteAuditors(database),
        rounds,
        leaving,
        deletions,
        lambda: write_durably(folder / "heartbeat", b"written to see that it can be\n"),
        teller,
        old,
        read_officer_card(settings.officer_card),
        read_engagement(settings.engagement),
        reach,
        books,
        Relay.of(settings.ice, settings.relay_secret),
        Revocations(keeper, leaves, keys.receipts, clock),
        SqlitePapers(database),
        SqliteDocuments(database),
        SqliteReleases(database),
        SqliteNumbers(database),
    )
    live.open(office)
    keep_durably(policy_path, charter.policy.encode(), 0o644)
    code = kept_code(folder, people)
    invitation, coordinator = (
        # Whom an organization of its own invites, its coordinators say.
        kept_invitation(folder / name, enrolment, role) if charter.demonstration else ""
        for name, role in INVITED
    )
    metrics = Metrics()
    app = create_app(office, live, metrics, authority)
    server = Server(
        app, keys, code, invitation, coordinator, policy_path, office, metrics, keeper.way
    )
    return server, live, sequencer, vouching


def compare(keeper: JournalKeeper, keys: ServerKeys, checkpoints: SqliteCheckpoints) -> None:
    """Raise Damaged unless the tree still holds every checkpoint that was signed."""
    for kind in ("live", "public"):
        note = checkpoints.newest(kind)
        if note is None:
            continue
        signed = open_checkpoint(note, keys.log.verifier)
        found = root(signed.size, keeper.node) if signed.size <= keeper.size else None
        check_tree(keeper, signed.size, signed.root, found)
