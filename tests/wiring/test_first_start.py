"""The codes that a server keeps in small files: bent, they are made anew, and none is let in."""

from pathlib import Path

import pytest

from accompany.accounts.enrolment import canonical_code
from house import house

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("bent", [b"", b"\n", b"\xe3bcd-2345\n", b"abcd-234\n", b"no code\n"])
async def test_a_bent_guest_code_is_made_anew_and_the_one_on_posters_counts(
    tmp_path: Path, bent: bytes
) -> None:
    async with house(tmp_path) as held:
        posted = held.server.guest_code
    (tmp_path / "data" / "guest-code").write_bytes(bent)
    async with house(tmp_path) as held:
        office, code = held.server.office, held.server.guest_code
        assert code == canonical_code(code)
        assert code not in ("", posted)
        now = office.clock.now()
        assert office.codes.holds(posted, now)
        assert office.codes.holds(code, now)
        for other in ("", "nothing at all", "abcd-234"):
            assert not office.codes.holds(other, now)
        # The code that was bent is none.
        assert len(office.people.codes()) == 2
    async with house(tmp_path) as held:
        assert held.server.guest_code == code


@pytest.mark.parametrize("name", ["invitation", "desk-invitation"])
async def test_a_bent_invitation_is_made_anew(tmp_path: Path, name: str) -> None:
    async with house(tmp_path) as held:
        before = {held.server.invitation, held.server.coordinator_invitation}
    path = tmp_path / "data" / name
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    async with house(tmp_path) as held:
        after = {held.server.invitation, held.server.coordinator_invitation}
        assert len(before & after) == 1
        for code in after:
            assert not held.server.office.enrolment.used(code)
