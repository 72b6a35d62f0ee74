"""A call through the organization's relay, and a server that tries to sit in the middle of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browsers import Phone, wait_for
from middle import Middle
from people import Attorney, Caller, picture_number, wait_for_text
from serving import running_server
from turn import TurnRelay, turn_relay

pytestmark = [pytest.mark.journey, pytest.mark.patient]

KEEP = """
window.connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};
"""
WAYS = """
async () => {
  const ways = [];
  for (const one of window.connections) {
    if (one.connectionState !== "connected") continue;
    const stats = new Map([...await one.getStats()]);
    for (const pair of stats.values()) {
      if (pair.type !== "candidate-pair" || !pair.nominated) continue;
      const ends = [pair.localCandidateId, pair.remoteCandidateId];
      const [own] = ends.map((id) => stats.get(id));
      ways.push([...ends.map((id) => stats.get(id).candidateType), own.relayProtocol]);
    }
  }
  return ways;
}
"""


VOICE = """
() => window.connections.filter((one) => one.connectionState === "connected").flatMap((one) => {
  const first = ({ sdp }) => {
    const [, type] = /^m=audio \\d+ \\S+ (\\d+)/m.exec(sdp);
    const name = new RegExp(`^a=rtpmap:${type} (\\\\w+)`, "m").exec(sdp)[1];
    return [name, /^a=fmtp:\\d+ .*useinbandfec=1/m.test(sdp)];
  };
  const [sender] = one.getSenders().filter(({ track }) => track?.kind === "audio");
  const { maxBitrate } = sender.getParameters().encodings[0];
  return [first(one.localDescription), first(one.remoteDescription), maxBitrate];
})
"""
"""What is said of sound first, here and there; whether Opus corrects itself; bits a second."""


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TurnRelay]:
    with turn_relay(tmp_path) as relay:
        for name, value in relay.settings.items():
            monkeypatch.setenv(name, value)
        yield relay


def until_picture(page: Page) -> None:
    """Wait until *page* shows the other side's picture."""
    wait_for(
        lambda: picture_number(page, "[data-testid=remote]") is not None,
        40,
        "for a picture through the relay",
    )


def test_a_call_goes_through_the_relay_and_nobody_sits_in_the_middle(
    relay: TurnRelay, attorney: Attorney, caller: Caller
) -> None:
    for one in (attorney, caller):
        one.page.add_init_script(KEEP)
    middle = Middle(caller.page)
    caller.page.reload()
    attorney.page.reload()
    attorney.page.get_by_role("button", name="Go off duty").wait_for()

    caller.press()
    attorney.page.get_by_role("button", name="Answer").wait_for()
    attorney.answer()
    wait_for_text(caller.page, "Somebody may be in the line. The call was refused.")
    assert caller.page.evaluate(WAYS) == []

    # The attorney's page offers again by itself; now nobody meddles.
    middle.meddling = False
    for page in (attorney.page, caller.page):
        until_picture(page)
        # Over UDP and, for a while, over TCP as well.
        ways = page.evaluate(WAYS)
        assert ways
        assert [one for one in ways if one[:2] != ["relay", "relay"] or one[2] == "tls"] == []
    assert caller.page.get_by_text("Somebody may be in the line").count() == 0

    # Neither side's own address was so much as told.
    assert middle.candidates
    assert [one for one in middle.candidates if " typ relay" not in one] == []
    assert [one for one in middle.candidates if re.search(r"raddr (?!0\.0\.0\.0)", one)] == []


def test_a_call_comes_through_where_nothing_but_tls_does(
    make_phone: Callable[..., Phone], tmp_path: Path, clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turn_relay(tmp_path) as relay:
        for name, value in relay.secure.items():
            monkeypatch.setenv(name, value)
        # Nobody signs certificates for 127.0.0.1: these browsers are told which key is the relay's.
        trust = (f"--ignore-certificate-errors-spki-list={relay.pin}",)
        given = {"video": clip.video, "audio": clip.audio, "flags": trust}
        with running_server(tmp_path / "data") as server:
            desk, phone = (make_phone(tmp_path / who, **given) for who in ("attorney", "caller"))
            attorney, caller = Attorney(desk, desk.start()), Caller(phone, phone.start())
            for one in (attorney, caller):
                one.page.add_init_script(KEEP)
            attorney.enrol(server.links["duty"])
            attorney.go_on_duty()
            caller.prepare(server.links["caller"])
            caller.press()
            attorney.page.get_by_role("button", name="Answer").wait_for(timeout=20_000)
            attorney.answer()
            for page in (attorney.page, caller.page):
                until_picture(page)
                ways = page.evaluate(WAYS)
                assert ways
                assert [one for one in ways if one != ["relay", "relay", "tls"]] == []
            # Voice goes twice in both directions, and Opus carries its own correction.
            twice = [["red", True], ["red", True], 32_000]
            for page in (attorney.page, caller.page):
                wait_for(lambda page=page: page.evaluate(VOICE) == twice, 20, "for RED and FEC")
            desk.close()
            phone.close()
