"""`accompany people`, beside a server that runs: invitations, and people who stop belonging."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from house import House, listening
from serving import accompany, environment

pytestmark = pytest.mark.anyio


async def people(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `accompany people` on *data* while the server of this process goes on."""
    command = accompany("people", "--data", data, *arguments)
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, env=environment(), timeout=60
    )


async def test_an_invitation_for_a_role_makes_one_person_of_that_role(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        url = "https://desk.example.org/"
        options = ("--for", "Cora", "--url", url)
        done = await people(tmp_path / "data", "invite", "coordinator", *options)
        link = done.stdout.strip()
        assert link.startswith("https://desk.example.org/desk#invitation=")
        code = link.partition("=")[2]
        assert (await held.get(f"/api/invitations/{code}")).json()["role"] == "coordinator"
        cora = await held.person("coordinator")
        me = (await held.get("/api/me", headers=cora.headers)).json()
        assert me == {
            "person": cora.serial,
            "role": "coordinator",
            "name": "Cora Desk",
            "card": None,
        }
        listed = (await people(tmp_path / "data", "list")).stdout
        assert f"{cora.serial}  coordinator  Cora Desk: since " in listed
        assert "1 sessions" in listed
        assert code not in listed


async def test_an_expired_invitation_is_no_invitation(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        done = await people(tmp_path / "data", "invite", "attorney", "--days", "0.0000001")
        code = done.stdout.strip().partition("=")[2]
        assert (await held.get(f"/api/invitations/{code}")).status_code == 404
        for days in ("0", "91", "nan"):
            refused = await people(tmp_path / "data", "invite", "attorney", "--days", days)
            assert (refused.returncode, refused.stdout) == (1, ""), days


@pytest.mark.parametrize("how", ["remove", "sign-out"])
async def test_whoever_is_removed_is_out_at_once_with_every_console(
    tmp_path: Path, how: str
) -> None:
    async with listening(tmp_path) as held:
        ada, ben = await held.attorney(), await held.attorney(name="Ben")
        async with held.console(ada) as console, held.console(ben) as other:
            for one in (console, other):
                await one.until("desk")
            assert (await people(tmp_path / "data", how, ada.serial)).returncode == 0
            await console.closed()
            await other.say(type="duty", on=True, languages=["en"])
            assert (await other.until("desk", lambda desk: desk["on"]))["on"]
        assert (await held.get("/api/me", headers=ada.headers)).status_code == 401
        assert await _comes_in_again(held, ada) is (how == "sign-out")
        again = await people(tmp_path / "data", how, ada.serial)
        assert (again.returncode, "that stands" in again.stdout) == (0, how == "remove")
        if how == "remove":
            second = ("remove", ada.serial, "--lost", "2026-01-01T00:00:00.000Z")
            told = await people(tmp_path / "data", *second)
            assert (told.returncode, "one end in the log" in told.stderr) == (1, True)
        gone = await people(tmp_path / "data", how, "a" * 32)
        assert (gone.returncode, "no such person" in gone.stderr) == (1, True)


async def _comes_in_again(held: House, ada: object) -> bool:
    note = (await held.session_note(ada)).decode()  # type: ignore[arg-type]
    answer = await held.client.post("/api/sessions", content=json.dumps({"note": note}))
    held.client.cookies.clear()
    return answer.status_code == 204
