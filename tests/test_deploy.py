"""What deploy/ says of itself, as far as it can be tried without an engine for containers."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_an_image_holds_nothing_that_git_does_not() -> None:
    """A data folder beside the source, with its keys, must not be copied into an image."""
    ignored = (ROOT / ".gitignore").read_text().split("\n")
    expected = {
        line.removeprefix("/") if "/" in line.rstrip("/") else f"**/{line}"
        for line in ignored if line and not line.startswith("#")
    }  # fmt: skip
    kept_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line for line in kept_out if not line.startswith("#")} == {*expected, ".git"}


def test_an_image_keeps_checkpoints_in_the_volume_that_it_has_for_them() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text()
    volumes = re.findall(r'"(/[a-z]+)"', text.partition("VOLUME ")[2].partition("\n")[0])
    settings = dict(re.findall(r"(ACCOMPANY_[A-Z]+)=(\S+)", text))
    assert [settings["ACCOMPANY_DATA"], settings["ACCOMPANY_CHECKPOINTS"]] == volumes
