"""The evidence is silent on purpose and says so; the film goes on, and so does the call."""

import itertools
from pathlib import Path

import pytest

from accompany.evidence.statements import Gap
from clips import beeps_in
from evidencefiles import open_media, since_opening, statements_in, verify
from people import Attorney, Caller, recordings_of, save_package, violations, wait_for_text
from serving import RunningServer

pytestmark = pytest.mark.journey

# The loudest of three seconds of what the attorney hears: the clip beeps once a second.
LOUDEST = """async () => {
  const context = new AudioContext();
  const meter = context.createAnalyser();
  const heard = document.querySelector("[data-testid=remote]").srcObject;
  context.createMediaStreamSource(heard).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  let loudest = 0;
  for (const began = performance.now(); performance.now() - began < 3000; ) {
    meter.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await context.close();
  return loudest;
}"""


def test_what_is_said_privately_is_not_in_the_evidence(
    own_server: RunningServer, attorney: Attorney, caller: Caller, tmp_path: Path
) -> None:
    caller.press()
    attorney.answer()
    wait_for_text(caller.page, f"{attorney.name} is with you")
    # The attorney's beeps are the caller's own: the browser would take them for an echo.
    attorney.page.get_by_role("button", name="Microphone off").click()
    caller.wait_until_recorded(caller.recorded + 4)
    private = caller.page.get_by_role("button", name="Speak privately", exact=True)
    private.click()
    caller.page.get_by_test_id("troubles").get_by_text("Use an earpiece").wait_for()
    told = attorney.page.get_by_test_id("talk").get_by_text("The caller speaks privately")
    told.wait_for()
    assert violations(caller.page) == []
    assert violations(attorney.page) == []
    assert attorney.page.evaluate(LOUDEST) > 0.05
    caller.wait_until_recorded(caller.recorded + 7)
    private.click()
    told.wait_for(state="detached")
    caller.wait_until_recorded(caller.recorded + 4)
    caller.end()
    caller.wait_until_safe()

    for kind, recording, _ in recordings_of(attorney):
        package = save_package(attorney, tmp_path / f"{kind}.zip", recording)
        verdict = verify(package, own_server.links["policy"])
        assert verdict.status == 0, verdict.words
        gaps = [one for one in statements_in(package) if isinstance(one, Gap)]
        silent = [gap for gap in gaps if gap.reason == "private"]
        # Stated while it lasts, and at its end: one stretch without a hole.
        assert len(silent) >= 2
        for one, other in itertools.pairwise(silent):
            assert one.offset + one.duration == other.offset
        first, last = silent[0].offset, silent[-1].offset + silent[-1].duration
        assert last - first >= 6000
        heard = beeps_in(open_media(own_server, package))
        beeps = [since_opening(package, at) for at, _ in heard]
        assert [at for at in beeps if first + 700 < at < last - 700] == []
        assert [at for at in beeps if at < first]
        assert [at for at in beeps if at > last], (kind, first, last, beeps, gaps)
