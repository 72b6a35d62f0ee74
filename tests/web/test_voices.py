"""Recorded prompts of an organization: served as they are, one bad file takes no other away."""

import base64
import logging
from pathlib import Path

import pytest

from accompany.web.voices import PROMPTS, SOUND_BYTES, read_voices
from house import house


def test_each_prompt_is_read_and_what_is_none_is_said(tmp_path: Path) -> None:
    for name in PROMPTS:
        (tmp_path / f"{name}.opus").write_bytes(name.encode())
    for name, data in (("song.mp3", b"x"), ("here.txt", b"x"), ("calling.wav", bytes(70_000))):
        (tmp_path / name).write_bytes(data)
    found, wrong = read_voices(tmp_path)
    assert found == {name: ("audio/ogg", name.encode()) for name in PROMPTS}
    assert len(wrong) == 3
    (tmp_path / "calling.opus").write_bytes(bytes(SOUND_BYTES))
    assert len(read_voices(tmp_path)[0]["calling"][1]) == SOUND_BYTES
    (tmp_path / "calling.opus").write_bytes(b"")
    assert "calling" not in read_voices(tmp_path)[0]


@pytest.mark.anyio
@pytest.mark.parametrize("own", [False, True], ids=["in the data folder", "where the setting says"])
async def test_a_language_comes_in_one_answer(
    tmp_path: Path, own: bool, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / ("packs" if own else "data/voices")
    (folder / "ht").mkdir(parents=True)
    (folder / "ht" / "here.wav").write_bytes(b"RIFF")
    (folder / "ht" / "notes.txt").write_text("who spoke it")
    (folder / "secret.wav").write_bytes(b"no")
    more = {"voices": str(folder)} if own else {}
    async with house(tmp_path, **more) as held:
        with caplog.at_level(logging.WARNING, "accompany"):
            for _ in range(2):
                answer = await held.get("/api/voices/ht")
        sound = {"type": "audio/wav", "sound": base64.b64encode(b"RIFF").decode()}
        assert answer.json() == {"prompts": {"here": sound}}
        assert caplog.text.count("a recorded prompt is left out") == 1
        for none in ("pa", "..", "%2e%2e", "ht%2f..", "ht.wav"):
            answer = await held.get(f"/api/voices/{none}")
            assert answer.status_code == 404 or answer.json() == {"prompts": {}}
