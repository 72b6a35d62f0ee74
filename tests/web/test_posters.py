"""Posters over the network and by the command line: the organization's key and its codes."""

import asyncio
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from accompany.cli import main
from accompany.evidence.cards import fingerprint
from house import listening
from qrcodes import read_codes

pytestmark = pytest.mark.anyio
CHOSEN = {"kind": "poster", "paper": "a4", "language": "es", "code": ""}


def _link(pdf: bytes) -> str:
    picture = pypdfium2.PdfDocument(BytesIO(pdf))[0].render(scale=2).to_pil()
    (found,) = read_codes([picture])
    return found


async def test_a_coordinator_gets_the_file_for_a_good_code_and_the_command_line_writes_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(tmp_path / "data", hotline="+1 555 010 0199") as held:
        cora = await held.person("coordinator")

        async def ask(**other: object) -> tuple[int, bytes]:
            answer = await held.client.post(
                "/api/desk/posters", json=CHOSEN | other, headers=cora.headers, timeout=120
            )
            return answer.status_code, answer.content

        status, pdf = await ask()
        assert status == 200
        key = fingerprint(held.server.keys.organization.verifier)
        link = f"{held.url}/#code={held.server.guest_code}&key={key}"
        assert _link(pdf) == link
        # As `accompany code` prints one, and as people type it.
        typed = held.server.guest_code.upper().replace("-", " ")
        status, pdf = await ask(code=typed, kind="cards", language="en")
        assert status == 200
        assert pdf.startswith(b"%PDF")
        assert [(await ask(**wrong))[0] for wrong in (
            {"code": "zzzz-zzzz"}, {"kind": "banner"}, {"language": "../en"}, {"paper": 4},
            {"code": None},
        )] == [404, 400, 400, 400, 400]  # fmt: skip

        def run(*arguments: str) -> int:
            return main(["posters", *arguments, "-o", str(tmp_path)])

        assert await asyncio.to_thread(run, link, "--language", "ar", "--kind", "poster") == 0
        path = tmp_path / "accompany-poster-ar-letter.pdf"
        assert capsys.readouterr().out.strip() == str(path)
        assert _link(path.read_bytes()) == link
        # Another organization's key: what that server says of itself is not printed.
        other = link[:-32] + "a" * 32
        assert await asyncio.to_thread(run, other, "--language", "en") == 1
        assert "key" in capsys.readouterr().err
        assert not (tmp_path / "accompany-poster-en-letter.pdf").exists()


async def test_no_more_than_two_files_are_drawn_at_once(tmp_path: Path) -> None:
    async with listening(tmp_path) as held:
        cora = await held.person("coordinator")

        async def ask() -> int:
            answer = await held.client.post(
                "/api/desk/posters", json=CHOSEN, headers=cora.headers, timeout=120
            )
            return answer.status_code

        found = await asyncio.gather(*(ask() for _ in range(4)))
        assert sorted(found) == [200, 200, 429, 429]
