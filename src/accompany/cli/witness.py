"""`accompany witness`: cosign other organizations' logs, by visiting them or by being asked."""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

import uvicorn

from accompany.client.auditing import Alarm, Memory, add_log, token_given
from accompany.client.line import open_client
from accompany.client.tiles import Tiles
from accompany.client.witnessing import Witness, open_witness
from accompany.errors import AccompanyError, Malformed
from accompany.evidence.checkpoints import Policy
from accompany.evidence.cosigning import Contradiction
from accompany.evidence.notes import Verifier
from accompany.web.witness import create_witness_app


def configure_witness(parser: ArgumentParser) -> None:
    """Describe `accompany witness` to *parser*."""
    parser.description = (
        "Cosign the logs that --policy names. With a URL, that log is visited: nothing has to "
        "reach this machine. With --listen, logs ask here (C2SP tlog-witness). With neither, the "
        "witness is made, and its key printed for the logs' `witnesses` files. A log that "
        "contradicts what was cosigned is never cosigned: exit status 1, with both checkpoints "
        "in a file."
    )
    add_log(parser, optional=True)
    add = parser.add_argument
    add(
        "--folder",
        metavar="DIR",
        type=Path,
        default=Path("accompany-witness"),
        help="the witness's key and memory (default: accompany-witness); never copy it",
    )
    add("--name", metavar="NAME", help="what to call a new witness, as example.org/witness")
    add("--listen", metavar="HOST:PORT", help="answer logs that ask")
    add("--every", metavar="SECONDS", type=float, help="visit again and again; otherwise once")
    add("--json", action="store_true", help="print lines of JSON")


def run_witness(given: Namespace) -> int:
    """Do `accompany witness`; return the exit status."""
    logs = _logs(given.policy)
    if (given.url or given.listen) and not logs:
        raise Malformed("--policy", "expected a file that names the logs to cosign")
    if given.url and given.listen:
        raise Malformed("arguments", "expected a URL or --listen, not both: run it twice")
    witness = open_witness(given.folder, given.name, logs)
    try:
        if given.listen:
            return _listen(given, witness)
        if given.url:
            return _visit(given, witness)
        _say(given, {"witness": str(witness.verifier)}, str(witness.verifier))
        return 0
    finally:
        witness.heads.close()


def _logs(policy: Path | None) -> dict[str, Verifier]:
    if policy is None:
        return {}
    return {log.name: log for log in Policy.parse(policy.read_bytes()).logs}


def _visit(given: Namespace, witness: Witness) -> int:
    while True:
        status = _visit_once(given, witness)
        if given.every is None or status == 1:
            return status
        time.sleep(given.every)


def _visit_once(given: Namespace, witness: Witness) -> int:
    now = time.time_ns() // 1_000_000
    try:
        with open_client(given.url, given.ca) as client:
            visit = witness.visit(Tiles(client, "/log", token_given(given)), now // 1000)
    except Alarm as alarm:
        alarm.file = Memory(witness.folder, True).keep_alarm(alarm, now)
        print(f"ALARM: {alarm}\nBoth checkpoints are in {alarm.file}", file=sys.stderr)
        _say(given, {"result": "contradiction", "file": str(alarm.file)}, "")
        return 1
    except Contradiction as contradiction:
        print(f"ALARM: {contradiction}", file=sys.stderr)
        _say(given, {"result": "contradiction", "file": None}, "")
        return 1
    except (AccompanyError, OSError) as error:
        print(f"accompany witness: {error}", file=sys.stderr)
        _say(given, {"result": "unchecked", "why": str(error)}, "")
        return 2
    result = "cosigned" if visit.cosigned else "older"
    words = f"{visit.origin}: {visit.size} entries cosigned" + (
        "" if visit.cosigned else "; it shows fewer now, which is not cosigned"
    )
    _say(given, {"result": result, "log": visit.origin, "size": visit.size}, words)
    return 0


def _listen(given: Namespace, witness: Witness) -> int:
    host, separator, port = given.listen.rpartition(":")
    if not separator or not port.isdigit():
        raise Malformed("--listen", f"expected HOST:PORT, found {given.listen!r}")
    app = create_witness_app(witness, lambda: time.time_ns() // 1_000_000_000)
    config = uvicorn.Config(
        app,
        host=host.strip("[]"),
        port=int(port),
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    server = _Announcing(config, given, witness)
    server.run()
    return 0


class _Announcing(uvicorn.Server):
    """A uvicorn server that says where it is once it really listens."""

    def __init__(self, config: uvicorn.Config, given: Namespace, witness: Witness) -> None:
        super().__init__(config)
        self._given = given
        self._witness = witness

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.should_exit or not self.servers:
            return
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        key = str(self._witness.verifier)
        url = f"http://{host}:{port}"
        words = f"{self._witness.signer.name} cosigns at {url}\nIts key: {key}"
        _say(self._given, {"witness": key, "url": url}, words)


def _say(given: Namespace, values: dict[str, object], words: str) -> None:
    if given.json:
        print(json.dumps(values), flush=True)
    elif words:
        print(words, flush=True)
