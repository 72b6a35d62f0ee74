"""A call over a line of packets: what a phone's network does to it, with nothing faked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from browsers import Phone, wait_for
from journeys.conftest import Clip
from packetline import PacketLine, packet_line, possible
from people import Attorney, Caller, say_in_chat, wait_for_text
from poorline import Shape
from serving import RunningServer

pytestmark = [
    pytest.mark.journey,
    pytest.mark.patient,
    pytest.mark.skipif(not possible(), reason="a line of packets needs Linux, root, /dev/net/tun"),
]

KEEP = """
window.connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};
window.sockets = 0;
window.WebSocket = class extends window.WebSocket {
  constructor(...given) { super(...given); window.sockets += 1; }
};
"""

CALL = """
async () => {
  const call = { connection: 0, heard: 0, made_up: 0, samples: 0, again: 0, fmtp: "" };
  Object.assign(call, { twice: null, voice: null, picture: null });
  for (const one of window.connections) {
    if (one.connectionState !== "connected") continue;
    call.connection = window.connections.indexOf(one);
    const stats = new Map([...await one.getStats()]);
    for (const stat of stats.values()) {
      if (stat.type === "outbound-rtp" && stat.kind === "audio") {
        call.fmtp = stats.get(stat.codecId)?.sdpFmtpLine ?? "";
      }
      if (stat.type !== "inbound-rtp" || stat.kind !== "audio") continue;
      call.again += stat.fecPacketsReceived ?? 0;
      call.heard += stat.packetsReceived;
      call.made_up += stat.concealedSamples - stat.silentConcealedSamples;
      call.samples += stat.totalSamplesReceived;
    }
    const red = /^a=rtpmap:(\\d+) red\\/48000/m.exec(one.remoteDescription.sdp);
    call.twice = red && Number(red[1]);
    for (const sender of one.getSenders()) {
      const [encoding] = sender.getParameters().encodings;
      if (sender.track?.kind === "audio") call.voice = encoding.maxBitrate;
      if (sender.track?.kind === "video") call.picture = encoding.active ? encoding.maxBitrate : 0;
    }
  }
  return call;
}
"""
"""Of the connection that stands: which of the page's it is; packets of sound that came; samples
that were made up for those that did not, and all; how often sound came once more within a later
packet; how the sound sent is made; the payload type of sound sent twice; bits a second of both."""

ONCE = """
const prefer = RTCRtpTransceiver.prototype.setCodecPreferences;
RTCRtpTransceiver.prototype.setCodecPreferences = function (codecs) {
  prefer.call(this, codecs.filter(({ mimeType }) => mimeType.toLowerCase() !== "audio/red"));
};
"""
"""A browser that has no RED, as Firefox."""


SOCKETS = "() => window.sockets"
SIGNALING = "() => window.connections.map((one) => one.signalingState)"


@contextmanager
def far(
    server: RunningServer,
    make: Callable[..., Phone],
    folder: Path,
    clip: Clip,
    shape: Shape,
    script: str = "",
) -> Iterator[tuple[Caller, PacketLine]]:
    """A caller whose browser has nothing but a line of *shape*; *script* runs first in its page."""
    with packet_line(server.port, shape, folder) as line:
        phone = make(folder / "far", video=clip.video, audio=clip.audio, browser=line.browser)
        caller = Caller(phone, phone.start())
        caller.page.add_init_script(KEEP + script)
        link = server.links["caller"].replace(f"//127.0.0.1:{server.port}/", f"//{line.address}/")
        caller.prepare(link)
        yield caller, line
        phone.close()


@pytest.fixture
def ada(attorney: Attorney) -> Attorney:
    attorney.page.add_init_script(KEEP)
    attorney.page.reload()
    attorney.page.get_by_role("button", name="Go off duty").wait_for()
    return attorney


def call(page: Page) -> dict[str, Any]:
    found = page.evaluate(CALL)
    assert isinstance(found, dict)
    return found


def until_heard(ada: Attorney, caller: Caller, within: float = 60) -> None:
    """Wait until both hear each other: a second of sound has come."""
    for page in (ada.page, caller.page):
        wait_for(lambda page=page: call(page)["heard"] > 50, within, "for sound")


def begin_call(ada: Attorney, caller: Caller) -> None:
    """Press, answer, and wait until both hear each other."""
    caller.press()
    ada.page.get_by_role("button", name="Answer").wait_for(timeout=30_000)
    ada.answer()
    until_heard(ada, caller)


@pytest.mark.parametrize("prepared", [False, True], ids=["as it begins to ring", "prepared for"])
def test_a_network_that_changes_between_the_offer_and_the_answer_costs_no_call(
    own_server: RunningServer,
    ada: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
    prepared: bool,
) -> None:
    """The phone's address is gone, its socket looks open, and no browser says a word of it."""
    with far(own_server, make_phone, tmp_path, clip, Shape(way=0.02)) as (caller, line):
        caller.press()
        ada.page.get_by_role("button", name="Answer").wait_for(timeout=30_000)
        if prepared:
            wait_for(lambda: "stable" in ada.page.evaluate(SIGNALING), 20, "for a reply, prepared")
        line.move()
        ada.answer()
        # Nobody touches anything: the phone finds out, the console's offer comes, they connect.
        until_heard(ada, caller)
        wait_for_text(caller.page, f"{ada.name} is with you")
        assert caller.page.get_by_text("Somebody may be in the line").count() == 0


def heard_since(page: Page, before: dict[str, Any]) -> bool:
    """Return whether two seconds of sound came since *before*, be it by another connection."""
    now = call(page)
    same = now["connection"] == before["connection"]
    return bool(now["heard"] > 100 + (before["heard"] if same else 0))


@contextmanager
def far_console(
    server: RunningServer, make: Callable[..., Phone], folder: Path, clip: Clip
) -> Iterator[tuple[Attorney, PacketLine]]:
    """An attorney on duty whose browser has nothing but a good line."""
    with packet_line(server.port, Shape(way=0.02), folder) as line:
        phone = make(folder / "far", video=clip.video, audio=clip.audio, browser=line.browser)
        ada = Attorney(phone, phone.start())
        ada.page.add_init_script(KEEP)
        duty = server.links["duty"]
        ada.enrol(duty.replace(f"//127.0.0.1:{server.port}/", f"//{line.address}/"))
        ada.go_on_duty()
        yield ada, line
        phone.close()


def ring(ada: Attorney, caller: Caller) -> Locator:
    """Press; return the console's button to answer with, once it rings."""
    caller.page.add_init_script(KEEP)
    caller.page.reload()
    caller.press()
    answer = ada.page.get_by_role("button", name="Answer")
    answer.wait_for(timeout=30_000)
    return answer


@pytest.mark.parametrize("when", ["at once", "as a new socket is opened", "when it is back"])
def test_one_press_answers_a_ring_for_which_the_console_lost_its_network(
    own_server: RunningServer,
    caller: Caller,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
    when: str,
) -> None:
    """The answer goes into a network that is gone, or finds no socket: it is said again."""
    with far_console(own_server, make_phone, tmp_path, clip) as (ada, line):
        answer = ring(ada, caller)
        before = ada.page.evaluate(SOCKETS)
        line.cut = when == "as a new socket is opened"
        line.move()
        if when != "at once":
            wait_for(lambda: ada.page.evaluate(SOCKETS) > before, 60, "for another socket")
        if when == "when it is back":
            wait_for(lambda: "stable" in ada.page.evaluate(SIGNALING), 60, "for a reply, prepared")
        answer.click()
        ada.page.get_by_test_id("talk").wait_for()
        line.cut = False
        until_heard(ada, caller)
        wait_for_text(caller.page, f"{ada.name} is with you")


def test_a_console_whose_network_changes_in_a_call_hears_again(
    own_server: RunningServer,
    caller: Caller,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
) -> None:
    """The attorney's address is gone, and nobody touches anything."""
    with far_console(own_server, make_phone, tmp_path, clip) as (ada, line):
        ring(ada, caller).click()
        # The first time before sound has come for a second, so that its end means nothing yet.
        wait_for(lambda: call(ada.page)["heard"] > 0, 60, "for the first sound")
        for _ in range(2):
            pages = ada.page, caller.page
            before = [call(page) for page in pages]
            line.move()
            for page, then in zip(pages, before, strict=True):
                wait_for(lambda page=page, then=then: heard_since(page, then), 60, "for sound")
        wait_for_text(caller.page, f"{ada.name} is with you")


def test_voice_goes_twice_and_a_tenth_that_is_lost_is_hardly_missed(
    own_server: RunningServer,
    ada: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
) -> None:
    lossy = Shape(rate=20_000_000, way=0.02, loss=0.1)
    with far(own_server, make_phone, tmp_path, clip, lossy) as (caller, line):
        begin_call(ada, caller)
        first, sent = call(ada.page), line.sent.copy()
        wait_for(lambda: call(ada.page)["heard"] > first["heard"] + 500, 60, "for ten seconds")
        last = call(ada.page)
        # On the wire, whoever reads the statistics or not: sound is sent as RED (RFC 2198).
        kinds = (line.sent - sent).most_common()
        assert last["twice"] in dict(kinds)
        assert dict(kinds)[last["twice"]] > 500
        made_up = last["made_up"] - first["made_up"]
        assert made_up / (last["samples"] - first["samples"]) < 0.07
        # How many a browser counts as such varies, 14 to 116 of 555, with as little made up.
        assert last["again"] > first["again"]
        for page in (caller.page, ada.page):
            assert "useinbandfec=1" in call(page)["fmtp"]


def test_without_sending_twice_lost_words_come_again_within_the_packets_that_follow(
    own_server: RunningServer,
    ada: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
) -> None:
    """In-band FEC, alone: Opus writes a word that matters once more into the next packet."""
    lossy = Shape(rate=20_000_000, way=0.02, loss=0.15)
    with far(own_server, make_phone, tmp_path, clip, lossy, ONCE) as (caller, _line):
        begin_call(ada, caller)
        # Only what was reported lost makes the encoder do so: some seconds.
        wait_for(lambda: call(ada.page)["again"] > 50, 60, "for words that came again")
        found = call(ada.page)
        assert "useinbandfec=1" in call(caller.page)["fmtp"]
        assert found["twice"] is None


RUNGS = [
    # Bits a second upwards; of the call's picture and of its voice: FIELD.md's table. What a fuller
    # line carries depends on what this machine has time for: that is `budget.test.ts`.
    (700_000, 0, 32_000),
    (200_000, 0, 24_000),
    (700_000, 0, 32_000),
]


def test_a_call_goes_down_and_up_the_rungs_and_on_a_line_that_is_nearly_gone_keeps_the_chat(
    own_server: RunningServer,
    ada: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
) -> None:
    with far(own_server, make_phone, tmp_path, clip, Shape(way=0.08)) as (caller, line):
        begin_call(ada, caller)
        for rate, picture, voice in RUNGS:
            line.squeeze(rate)
            on_rung(caller, picture, voice)
            heard = call(ada.page)["heard"]
            wait_for(lambda heard=heard: call(ada.page)["heard"] > heard + 50, 30, "for its sound")
        wait_for_text(ada.page, "Voice only")
        line.squeeze(80_000)
        say_in_chat(caller.page, "I hear you badly.")
        wait_for_text(ada.page, "I hear you badly.", 30)


def on_rung(caller: Caller, picture: int, voice: int) -> None:
    rung = {"picture": picture, "voice": voice}
    wait_for(lambda: rung.items() <= call(caller.page).items(), 90, f"for {rung}")
