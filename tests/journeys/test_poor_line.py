"""A call over a line of packets: what a phone's network does to it, with nothing faked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

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
"""

CALL = """
async () => {
  const call = { heard: 0, made_up: 0, samples: 0, twice: null, voice: null, picture: null };
  for (const one of window.connections) {
    if (one.connectionState !== "connected") continue;
    const stats = new Map([...await one.getStats()]);
    for (const stat of stats.values()) {
      if (stat.type !== "inbound-rtp" || stat.kind !== "audio") continue;
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
"""Of the connection that stands: packets of sound that came; samples that were made up for those
that did not, and all; the payload type of sound sent twice; bits a second of voice and picture."""


SIGNALING = "() => window.connections.map((one) => one.signalingState)"


@contextmanager
def far(
    server: RunningServer, make: Callable[..., Phone], folder: Path, clip: Clip, shape: Shape
) -> Iterator[tuple[Caller, PacketLine]]:
    """A caller whose browser has nothing but a line of *shape*."""
    with packet_line(server.port, shape, folder) as line:
        phone = make(folder / "far", video=clip.video, audio=clip.audio, browser=line.browser)
        caller = Caller(phone, phone.start())
        caller.page.add_init_script(KEEP)
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


def test_voice_goes_twice_and_a_tenth_that_is_lost_is_hardly_missed(
    own_server: RunningServer,
    ada: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
) -> None:
    lossy = Shape(rate=20_000_000, way=0.02, loss=0.1)
    with far(own_server, make_phone, tmp_path, clip, lossy) as (caller, line):
        caller.press()
        ada.page.get_by_role("button", name="Answer").wait_for(timeout=30_000)
        ada.answer()
        until_heard(ada, caller)
        first, sent = call(ada.page), line.sent.copy()
        wait_for(lambda: call(ada.page)["heard"] > first["heard"] + 500, 60, "for ten seconds")
        last = call(ada.page)
        # On the wire, whoever reads the statistics or not: sound is sent as RED (RFC 2198).
        kinds = (line.sent - sent).most_common()
        assert last["twice"] in dict(kinds)
        assert dict(kinds)[last["twice"]] > 500
        made_up = last["made_up"] - first["made_up"]
        assert made_up / (last["samples"] - first["samples"]) < 0.07


def test_a_line_that_becomes_thin_keeps_the_voice_and_one_that_is_nearly_gone_the_chat(
    own_server: RunningServer,
    ada: Attorney,
    make_phone: Callable[..., Phone],
    tmp_path: Path,
    clip: Clip,
) -> None:
    with far(own_server, make_phone, tmp_path, clip, Shape(way=0.08)) as (caller, line):
        caller.press()
        ada.page.get_by_role("button", name="Answer").wait_for(timeout=30_000)
        ada.answer()
        until_heard(ada, caller)
        line.squeeze(200_000)
        small = {"voice": 24_000, "picture": 0}
        wait_for(lambda: small.items() <= call(caller.page).items(), 90, "for voice alone, small")
        heard = call(ada.page)["heard"]
        wait_for(lambda: call(ada.page)["heard"] > heard + 250, 30, "for five seconds of it")
        assert ada.page.get_by_text("Voice only").count() > 0
        line.squeeze(80_000)
        say_in_chat(caller.page, "I hear you badly.")
        wait_for_text(ada.page, "I hear you badly.", 30)
