"""Time stamps in a package, by real authorities, from a real server's custody; and bent ones."""

import asyncio
import io
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.custody.rounds import Rounds, Token
from accompany.evidence import layout
from accompany.evidence.checkpoints import Policy
from accompany.evidence.report import Report, as_json, as_text
from accompany.evidence.timestamps import (
    Stamp,
    chain_of,
    check_stamp,
    read_certificates,
    write_certificates,
)
from accompany.evidence.verify_stamps import Believed, Told, brackets, not_after, not_before
from authorities import Authority, certify
from custodial import LOG, NOW, POLICY, MadeUpClock, film, sequenced, whole
from evidence import making
from evidence.making import codes

PERIOD = 600_000
BOUNDARY = NOW // PERIOD * PERIOD + PERIOD
TSR = "data/log/timestamps/one-7.tsr"


@dataclass
class Local:
    """A `TimeAuthority` that needs no HTTP."""

    authority: Authority

    @property
    def name(self) -> str:
        return self.authority.folder.name

    async def stamp(self, text: str) -> Token:
        token = self.authority.stamp(text.encode())
        chain = chain_of(token, read_certificates(self.authority.roots))
        return Token(token, write_certificates(chain))


class Silent:
    def answered(self, kind: str, name: str, time: int) -> None: ...
    def failed(self, kind: str, name: str, time: int, why: str) -> None:
        raise AssertionError(f"{kind} {name}: {why}")


@dataclass(frozen=True)
class Stamped:
    package: making.Package
    one: Authority
    two: Authority

    def check(self, files: Mapping[str, bytes | None] | None = None, **trust: object) -> Report:
        package = self.package.having(files) if files else self.package
        given = {"policy": POLICY, "anchors": self.anchors, "open_ended": True, **trust}
        return making.check(package, **given)

    @property
    def anchors(self):
        return (self.one.root.certificate, self.two.root.certificate)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Stamped:
    folder = tmp_path_factory.mktemp("stamped")
    one, two = Authority(folder / "one"), Authority(folder / "two")
    data, recording = asyncio.run(_recorded(folder / "data", [Local(one), Local(two)]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        files = {name.partition("/")[2]: archive.read(name) for name in names}
    return Stamped(making.Package(recording, files), one, two)


async def _recorded(folder: Path, authorities: list[Local]) -> tuple[bytes, str]:
    async with sequenced(folder, MadeUpClock()) as custody:
        rounds = Rounds(
            custody.keeper, custody.leaves, custody.sequencer, custody.checkpoints, LOG.verifier,
            Policy(), authorities, (), Silent(), custody.clock, PERIOD,
        )  # fmt: skip

        async def round_at(number: int) -> None:
            custody.clock.time = BOUNDARY + number * PERIOD
            await rounds.step()

        await custody.opened(encounter="f" * 32)  # entries 0 and 1
        await round_at(0)  # over 2; tokens 2 and 3
        live = (await custody.sequencer.covering(3)).checkpoint
        phone = custody.phone(after=(live.size, live.root))
        await custody.open(phone)  # 4 and 5
        await custody.segment(phone, film(phone))  # 6
        await round_at(1)  # over 7; tokens 7 and 8
        await custody.segment(phone, film(phone))  # 9
        await round_at(2)  # over 10; tokens 10 and 11
        package = await custody.export.package(phone.recording, "test")
        return await whole(package), phone.recording


def test_stamps_that_hold_bracket_every_statement(stamped: Stamped) -> None:
    report = stamped.check()
    assert codes(report, "fails") == []
    assert [f.code for f in report.findings if f.verdict.value == "could not be checked"] == [
        "no-closing"
    ]
    (held,) = [finding for finding in report.findings if finding.code == "stamps-hold"]
    assert held.values == {"count": 6, "names": "one, two"}
    facts = report.facts
    assert facts.not_before is not None
    assert facts.not_after is not None
    assert facts.not_before[1] in ("one-2", "two-2")
    assert facts.not_after[1] in ("one-10", "two-10")
    assert [(one.first, one.last) for one in facts.brackets] == [(0, 1), (2, 2)]
    # The first one over statements 0 and 1 came before the one over 2, by the real clock.
    first, second = facts.brackets
    assert first.not_after is not None
    assert second.not_after == facts.not_after[0]
    assert facts.not_before[0] < first.not_after <= second.not_after


def test_the_report_prints_the_bracket_beside_the_devices_time(stamped: Stamped) -> None:
    report = stamped.check()
    page = " ".join(as_text(report).split())
    assert "WHEN - Statements 0 to 1: after" in page
    assert "device 2026-11-21" in page
    assert "stood in the log by" in page
    assert "so it was made after" in page
    shown = as_json(report)["facts"]
    assert [one["first"] for one in shown["brackets"]] == [0, 2]
    assert shown["not_after"]["time"] == shown["brackets"][1]["not_after"]
    assert shown["not_before"]["stamp"].endswith("-2")


def test_without_anchors_nothing_is_bracketed(stamped: Stamped) -> None:
    report = stamped.check(anchors=())
    assert "stamps" in codes(report, "could not be checked")
    assert report.exit == 2
    assert (report.facts.not_before, report.facts.not_after) == (None, None)
    assert report.facts.brackets == ()


def test_an_unknown_authority_is_left_open_and_gives_no_time(stamped: Stamped) -> None:
    report = stamped.check(anchors=(stamped.one.root.certificate,))
    assert codes(report, "fails") == []
    assert codes(report, "could not be checked").count("stamp-anchor") == 3
    assert report.exit == 2
    assert report.facts.not_after is not None
    assert report.facts.not_after[1] == "one-10"
    stranger = stamped.check(anchors=(certify("stranger").certificate,))
    assert stranger.facts.not_after is None
    assert codes(stranger, "could not be checked").count("stamp-anchor") == 6


def other_time(stamped: Stamped) -> dict[str, bytes]:
    return {TSR: stamped.package.files["data/log/timestamps/one-10.tsr"]}


def forged(stamped: Stamped) -> dict[str, bytes]:
    """An attacker's own authority stamps the same text, its chain beside it."""
    attacker = Authority(stamped.one.folder.with_name("attacker"))
    text = stamped.package.files["data/log/timestamps/one-7.checkpoint"].partition(b"\n\n")[0]
    token = attacker.stamp(text + b"\n")
    chain = chain_of(token, read_certificates(attacker.roots))
    path = "data/log/timestamps/one-7"
    return {f"{path}.tsr": token, f"{path}.pem": write_certificates(chain)}


BENT: dict[str, tuple[Callable[[Stamped], dict[str, bytes]], str, set[str]]] = {
    "a token over another checkpoint": (
        other_time,
        TSR,
        {"stamp-token", "listed-sha256"},
    ),
    "no token at all": (lambda _: {TSR: b"\x30\x00"}, TSR, {"stamp-token", "listed-sha256"}),
    "the checkpoint of another size": (
        lambda s: {
            "data/log/timestamps/one-7.checkpoint": s.package.files[
                "data/log/timestamps/one-10.checkpoint"
            ]
        },
        "data/log/timestamps/one-7.checkpoint",
        {"stamp-checkpoint", "listed-sha256"},
    ),
    "a consistency proof of another size": (
        lambda s: {
            "data/log/timestamps/one-7.consistency": s.package.files[
                "data/log/timestamps/one-10.consistency"
            ]
        },
        "data/log/timestamps/one-7.consistency",
        {"stamp-consistency", "listed-sha256"},
    ),
    "the proof of another token": (
        lambda s: {
            "data/log/timestamps/one-7.tlog-proof": s.package.files[
                "data/log/timestamps/two-7.tlog-proof"
            ]
        },
        "data/log/timestamps/one-7.tlog-proof",
        {"proof", "listed-sha256"},
    ),
    "a chain without its root": (
        lambda s: {"data/log/timestamps/one-7.pem": s.one.signer.pem},
        "data/log/timestamps/one-7.tsr",
        {"stamp-token"},
    ),
    "another authority's chain": (
        lambda s: {"data/log/timestamps/one-7.pem": s.two.middle.pem + s.two.root.pem},
        "data/log/timestamps/one-7.tsr",
        {"stamp-token"},
    ),
    "an attacker's own authority": (
        forged,
        "data/log/timestamps/one-7.tlog-proof",
        {"proof"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BENT)
def test_a_bent_stamp_fails_and_gives_no_time(stamped: Stamped, what: str) -> None:
    change, path, expected = BENT[what]
    report = stamped.check(change(stamped))
    assert making.failures(report)[path] == expected
    assert "stamps-hold" not in codes(report)
    # The first bracket is the other authority's now.
    assert report.facts.brackets[0].by == "two-7"


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_byte_of_a_stamp_is_bent_it_never_exits_0(stamped: Stamped, data) -> None:
    paths = sorted(path for path in stamped.package.files if "/timestamps/" in path)
    path = data.draw(st.sampled_from(paths))
    bent = bytearray(stamped.package.files[path])
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= data.draw(st.integers(1, 255))
    assert stamped.check({path: bytes(bent)}).exit == 1


def test_a_stamp_by_a_later_expired_signer_is_judged_at_its_time(stamped: Stamped) -> None:
    for name in ("one-2", "two-7"):
        files = stamped.package.files
        text = files[f"data/log/timestamps/{name}.checkpoint"].decode().partition("\n\n")[0] + "\n"
        chain = read_certificates(files[f"data/log/timestamps/{name}.pem"])
        token = files[f"data/log/timestamps/{name}.tsr"]
        assert check_stamp(token, text, chain[-1:], chain[:-1]).time % 1000 == 0


def test_openssl_agrees_by_hand(stamped: Stamped, tmp_path) -> None:
    """What README.txt and docs/operating-log.md tell a clerk to run."""
    path = "data/log/timestamps/one-7"
    for part in ("tsr", "checkpoint", "pem"):
        (tmp_path / f"stamp.{part}").write_bytes(stamped.package.files[f"{path}.{part}"])
    (tmp_path / "root.pem").write_bytes(stamped.one.root.pem)
    command = (
        "sed '/^$/,$d' stamp.checkpoint > text && openssl ts -verify -in stamp.tsr -data text "
        "-CAfile root.pem -untrusted stamp.pem"
    )
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert "Verification: OK" in done.stdout


def believed(name: str, size: int, index: int, time: int) -> Believed:
    return Believed(name, size, index, Stamp(time, time - 1000, time + 1999))


stamps = st.lists(
    st.builds(believed, st.sampled_from(["a", "b"]), st.integers(0, 50), st.integers(0, 60),
              st.integers(0, 10_000)),
    max_size=6,
)  # fmt: skip


@given(stamps, st.lists(st.integers(0, 60), min_size=1, max_size=20).map(sorted))
def test_brackets_hold_every_statement_once_and_never_claim_too_much(found, indexes) -> None:
    told = [Told(number, index, 0, 0, None) for number, index in enumerate(indexes)]
    made = brackets(found, told)
    numbers = [number for one in made for number in range(one.first, one.last + 1)]
    assert numbers == list(range(len(indexes)))
    for one in made:
        for number in range(one.first, one.last + 1):
            covering = [b.stamp.latest for b in found if b.size > indexes[number]]
            assert one.not_after == min(covering, default=None)


@given(stamps, st.integers(0, 60))
def test_only_tokens_seen_before_show_what_came_after_them(found, after) -> None:
    seen = [one.stamp.earliest for one in found if one.index < after]
    earliest = not_before(found, after)
    assert (earliest[0] if earliest else None) == max(seen, default=None)
    assert not_before(found, None) is None
    assert not_after(found, None) is None


def test_a_package_without_its_first_stamps_still_holds_by_the_rest(stamped: Stamped) -> None:
    """Left out they are listed and missing: that shows."""
    gone = {path: None for path in stamped.package.files if "/timestamps/one-2." in path}
    report = stamped.check(gone)
    assert "listed-missing" in codes(report, "fails")
    assert replace(report.facts, brackets=()).not_after is not None


def test_the_paths_are_the_layouts(stamped: Stamped) -> None:
    names = {f"{who}-{size}" for who in ("one", "two") for size in (2, 7, 10)}
    expected = {layout.stamp_path(name, part) for name in names for part in layout.STAMP_PARTS}
    assert {path for path in stamped.package.files if "/timestamps/" in path} == expected
