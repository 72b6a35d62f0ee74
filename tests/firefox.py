"""Debian's Firefox, driven without a screen over WebDriver BiDi: nothing beside the browser.

Elements are found by role and name as a screen reader finds them, and clicked and typed into by
the browser's own input. `wait` asks again until it is so. Not here: what a journey asserts.
"""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from browsers import wait_for

PREFERENCES: dict[str, object] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    # Calls over this machine's own address, with no name of it to look up.
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    "intl.accept_languages": "en-US",
    # Nothing but the page under test asks for anything.
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}
"""Fake camera and microphone, given without a question."""

LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_SECONDS = 60.0
ENTER = "\ue007"
TO_ITS_END = """() => document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
  .forEach((one) => one.finish())"""
"""What moves is where it goes: out of sight Firefox begins no transition, and a wait has no end."""

RESTS = """(one) => new Promise((done) => {
  const end = performance.now() + 20000;
  let [last, same] = ["", 0];
  const look = () => {
    const { x, y } = one.getBoundingClientRect();
    const now = `${x} ${y} ${scrollY}`;
    same = now === last ? same + 1 : 0;
    last = now;
    if (same > 3 || performance.now() > end) done(same > 3);
    else setTimeout(look, 50);
  };
  look();
})"""
"""Whether it stands where it stood for a fifth of a second, within twenty."""


def firefox() -> str:
    names = ("firefox-esr", "firefox")
    found = os.environ.get("ACCOMPANY_FIREFOX") or next(
        filter(None, map(shutil.which, names)), None
    )
    assert found, "no Firefox here: scripts/browser firefox says what to install"
    return found


class Refused(Exception):
    """The browser's answer to a command that it did not take, or what a script threw."""


@dataclass
class Fox:
    """One tab of one Firefox."""

    line: ClientConnection
    tab: str = ""
    console: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result; what the page logs meanwhile is kept."""
        number = next(self.numbers)
        self.line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            heard = json.loads(self.line.recv(timeout=START_SECONDS))
            if heard.get("id") == number:
                break
            if heard.get("method") == "log.entryAdded":
                self.console.append(f"{heard['params']['level']}: {heard['params']['text']}")
        if heard["type"] == "error":
            raise Refused(f"{method}: {heard['error']}: {heard['message']}")
        result: dict[str, Any] = heard["result"]
        return result

    def begin(self, width: int, height: int) -> None:
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        size = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.tab, viewport=size)

    def goto(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def run(self, function: str, *elements: dict[str, object]) -> Any:
        """Return what *function*, given *elements*, returns or resolves to, as JSON."""
        told = self.ask(
            "script.callFunction",
            functionDeclaration=f"async (...all) => JSON.stringify(await ({function})(...all))",
            arguments=list(elements),
            target={"context": self.tab},
            awaitPromise=True,
        )
        if told["type"] == "exception":
            raise Refused(told["exceptionDetails"]["text"])
        value = told["result"].get("value")
        return None if value is None else json.loads(value)

    def find(self, role: str, name: str) -> list[dict[str, object]]:
        """Return what is there now of that role and name, exactly."""
        wanted = {"type": "accessibility", "value": {"role": role, "name": name}}
        found: list[dict[str, object]] = self.ask(
            "browsingContext.locateNodes", context=self.tab, locator=wanted
        )["nodes"]
        return [{"sharedId": node["sharedId"]} for node in found]

    def wait(self, role: str, name: str, seconds: float = 45) -> dict[str, object]:
        found = wait_for(lambda: self.find(role, name), seconds, f"for the {role} {name!r}")
        assert isinstance(found, list)
        first: dict[str, object] = found[0]
        return first

    def wait_until(self, function: str, seconds: float = 45) -> Any:
        """Return the first true value of *function*."""
        return wait_for(lambda: self.run(function), seconds, f"for {function}")

    def wait_for_text(self, text: str, seconds: float = 45) -> None:
        self.wait_until(f"() => document.body.innerText.includes({json.dumps(text)})", seconds)

    def click(self, role: str, name: str) -> None:
        """Press and let go of the pointer on it, once it can be used."""
        element = self.wait(role, name)
        # What is still loading moves what is below it: a finger would wait, too.
        assert self.run(RESTS, element), f"{name!r} did not rest"
        ready = "(one) => { one.scrollIntoView({ block: 'center' }); return !one.disabled; }"
        wait_for(lambda: self.run(ready, element), 60, f"until {name!r} can be used")
        at = {"type": "element", "element": element}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": at},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        pointer = {"type": "pointer", "id": "finger", "actions": steps}
        self.ask("input.performActions", context=self.tab, actions=[pointer])

    def type(self, text: str) -> None:
        steps = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        keys = {"type": "key", "id": "keys", "actions": steps}
        self.ask("input.performActions", context=self.tab, actions=[keys])

    def choose(self, name: str, option: str) -> None:
        """Choose in a closed list by typing the beginning of an option, as with a keyboard."""
        has = "(one, text) => [...one.options].some(({ label }) => label === text)"
        element = self.wait("combobox", name)
        text: dict[str, object] = {"type": "string", "value": option}
        wait_for(lambda: self.run(has, element, text), 20, f"for the option {option!r}")
        self.run("(one) => one.focus()", element)
        self.type(option)
        shown = "(one) => one.selectedOptions[0]?.label"
        wait_for(lambda: self.run(shown, element) == option, 10, f"for {option!r} chosen")

    def give_files(self, selector: str, *paths: Path) -> None:
        found = self.ask(
            "browsingContext.locateNodes",
            context=self.tab,
            locator={"type": "css", "value": selector},
        )
        self.ask(
            "input.setFiles",
            context=self.tab,
            element={"sharedId": found["nodes"][0]["sharedId"]},
            files=[str(path) for path in paths],
        )

    def violations(self, axe: str) -> list[str]:
        """Return what axe finds on the page as it stands."""
        if not self.run("() => 'axe' in window"):
            self.run(f"() => {{ {axe}; return true; }}")
        # In one go: what changes in between would move again.
        look = "window.axe.run({ resultTypes: ['violations'] })"
        found = self.run(f"() => {{ ({TO_ITS_END})(); return {look}; }}")
        return [
            f"{one['id']}: {one['nodes'][0]['target']} {one['help']}" for one in found["violations"]
        ]


@contextmanager
def running_firefox(profile: Path, width: int = 390, height: int = 844) -> Iterator[Fox]:
    """Start Firefox on a profile of its own; it is ended at the end."""
    profile.mkdir(parents=True)
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items())
    (profile / "user.js").write_text("\n".join(lines))
    command = [firefox(), "--headless", "--no-remote", "--profile", str(profile)]
    process = subprocess.Popen(
        [*command, "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = _address(process)
        with connect(f"{address}/session", max_size=None, proxy=None) as line:
            fox = Fox(line)
            fox.begin(width, height)
            yield fox
    finally:
        process.kill()
        process.wait()


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    said = []
    for text in process.stderr:
        said.append(text)
        found = LISTENS.search(text)
        if found:
            watchdog.cancel()
            # What else it says is read, so that it never waits for a reader.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return found[1]
    raise AssertionError(f"Firefox did not start: {''.join(said)[-2000:]}")
