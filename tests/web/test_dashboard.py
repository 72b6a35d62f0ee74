"""The dashboard in deploy/ asks for what there is, and nothing else."""

import json
import re
from pathlib import Path

import pytest

from house import listening, routed

pytestmark = pytest.mark.anyio
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


async def test_every_metric_on_the_dashboard_is_measured(tmp_path: Path) -> None:
    panels = json.loads((DEPLOY / "grafana.json").read_text())["panels"]
    asked = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    async with listening(tmp_path) as held:
        device = await held.opened(segments=1)
        await held.get(f"/api/recordings/{device.recording}")
        text = (await held.get("/metrics")).text
        routes = {getattr(route, "path", "") for route in routed(held.server.app).routes}
    known = set(re.findall(r"^# TYPE (\w+) ", text, re.M))
    for name in set(re.findall(r"accompany_\w+", asked)):
        assert name in known or name.removesuffix("_bucket") in known, name
    assert set(re.findall(r'route="([^"]+)"', asked)) <= routes


def test_a_proxy_in_front_shuts_what_is_the_operators() -> None:
    caddy = (DEPLOY / "Caddyfile").read_text()
    assert "@operator path /health /metrics\n\trespond @operator 404" in caddy
    assert not re.search(r"^\s*log\b", caddy, re.M)
