"""Packages bent at random, sealed and opened: never a crash, never exit 0 for another show."""

import io
import json
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accompany.evidence.report import as_json, as_text
from accompany.evidence.verify import Trust
from accompany.verifier import verify
from client.test_opening import opened
from evidence import making

TRUST = Trust(policy=making.POLICY, open_ended=True)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    show = opened(tmp_path_factory.mktemp("opened"), making.good())
    return {
        "sealed": making.good().zipped(),
        "cut": making.cut().zipped(),
        "opened": show.zipped(),
        "deflated": _deflated(show),
    }


def _deflated(package: making.Package) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in package.files.items():
            archive.writestr(f"{package.recording}/{path}", data)
    return out.getvalue()


@cache
def shown(data: bytes) -> dict[str, bytes]:
    """What somebody who unpacks it gets to see."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@st.composite
def bends(draw: st.DrawFn, data: bytes) -> bytes:
    """One to three changes: a stretch flipped, dropped, repeated, swapped or overwritten."""
    for _ in range(draw(st.integers(1, 3))):
        size = len(data)
        directory = max(0, data.rfind(b"PK\x01\x02") - 4000)
        at = draw(st.one_of(st.integers(0, size - 1), st.integers(directory, size - 1)))
        end = min(size, at + draw(st.sampled_from([1, 1, 1, 2, 4, 8, 32, 500])))
        other = draw(st.integers(0, size - 1))
        stretch = data[at:end]
        new = draw(
            st.sampled_from(
                [
                    bytes([stretch[0] ^ draw(st.integers(1, 255))]) + stretch[1:],
                    b"",
                    stretch * 2,
                    data[other : other + len(stretch)],
                    bytes(len(stretch)),
                    draw(st.binary(max_size=8)) + stretch,
                ]
            )
        )
        data = data[:at] + new + data[end:] or b"x"
    return data


@pytest.mark.parametrize("kind", ["sealed", "cut", "opened", "deflated"])
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_package_bent_at_random_gets_a_report_and_never_shows_another_thing(
    packages: dict[str, bytes], kind: str, tmp_path: Path, data: st.DataObject
) -> None:
    bent = data.draw(bends(packages[kind]))
    path = tmp_path / "bent.zip"
    path.write_bytes(bent)
    report = verify(path, TRUST if kind == "cut" else Trust(policy=making.POLICY))
    for words in (as_text(report), json.dumps(as_json(report), ensure_ascii=False)):
        words.encode()  # Nothing in it that a terminal or a file cannot take.
    if report.exit == 0:
        try:
            seen = shown(bent)
        except NotImplementedError:
            # Nobody sees anything: the version it asks for was bent, and unpackers refuse it.
            return
        assert seen == shown(packages[kind])
