"""The draft certification: every field a court asks for, on pages that print on Letter and A4."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from accompany.client import pages
from accompany.client.certification import Item, Stated, certification
from accompany.client.pages import shown
from accompany.evidence import layout
from client import footage
from client.filmed import opened_of, package_of
from evidence.making import START, check

STATED = Stated(
    recording="3sn2qhu2uyenrkqkfgsyp3ryxbgzw7be",
    kind="film",
    media="video/mp4;codecs=avc1.640014,mp4a.40.2",
    client="accompany-web/0.1.0 none",
    log="log.example.org",
    began=START,
    ended=START + 60_000,
    received=(START + 300, START + 61_000),
    last=7,
    segments=6,
    shown=4,
    withheld=[("3-4", "privileged")],
    package=Item("Sealed package", "x.zip", 5_000_000, bytes([1] * 32)),
    items=[
        Item("Sealed original", "data/package.note", 900, bytes([2] * 32)),
        Item("Decrypted original", "data/media/recording.mp4", 4_000_000, bytes([3] * 32)),
        Item("Derived film", "data/media/court-copy.mp4", 3_900_000, bytes([4] * 32)),
    ],
    attorney="Ana Peña",
    tools={"accompany": "0.1.0", "PyAV": "18.1.0", "FFmpeg": "libavcodec 62"},
    signer="opener/x+00000000+AAAA",
)

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler-utils are not here"
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is set on the pages, in order."""
    texts: list[str] = []

    def watched(text: str) -> str:
        texts.append(text)
        return shown(text)

    monkeypatch.setattr(pages, "shown", watched)
    return texts


def one_line(texts: list[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(texts))


FIELDS = {
    "the rules": "902(11), 902(13) and 902(14); 28 U.S.C. § 1746",
    "that it is a draft": "DRAFT. Written by a program",
    "who signs": "No program and no server signs it.",
    "declarant": "Occupation and employer",
    "qualifications": "Qualifications: training, experience with digital evidence and hashes",
    "source device": "the device that held this recording's signing key",
    "software on it": "accompany-web/0.1.0 none",
    "tool and version": "PyAV 18.1.0",
    "algorithm": "SHA-256 (FIPS 180-4)",
    "hash of the sealed package": "01" * 32,
    "hash of the sealed original": "02" * 32,
    "hash of the decrypted original": "03" * 32,
    "hash of the derived film": "04" * 32,
    "that the declarant compared them": "compared the two values. They are identical.",
    "why the system is accurate": "this process produces an accurate result",
    "location": "Location: not collected",
    "what it does not show": "That the scene was not staged",
    "authenticity only": "It settles authenticity only",
    "what is withheld": "pieces 3-4: privileged",
    "within the United States": (
        "I declare (or certify, verify, or state) under penalty of perjury that the foregoing is "
        "true and correct."
    ),
    "without the United States": (
        "under penalty of perjury under the laws of the United States of America that the "
        "foregoing is true and correct."
    ),
    "date": "Executed on (date)",
    "signature": "Signature",
    "notice": "reasonable written notice",
}


def test_it_has_every_field_that_a_court_asks_for(written: list[str]) -> None:
    certification(STATED, START)
    text = one_line(written)
    assert {name for name, words in FIELDS.items() if words not in text} == set()


def test_nothing_that_only_a_person_can_say_is_filled_in(written: list[str]) -> None:
    certification(STATED, START)
    blanks = ("Name", "Signature", "Executed on (date)", "SHA-256 of the source")
    for blank in blanks:
        assert blank in written


def test_a_recorded_file_is_named_with_its_hash_and_whose_word_that_is(written: list[str]) -> None:
    source = {"name": "dashcam 4.mp4", "size": 99, "sha256": "ab" * 32}
    certification(replace(STATED, reported={"source": source}), START)
    text = one_line(written)
    assert "dashcam 4.mp4, 99 bytes" in text
    assert "ab" * 32 in text
    assert "as report.json says" in text


def test_a_recorded_camera_is_named(written: list[str]) -> None:
    source = {"devices": ["v4l2:/dev/video0", "alsa:default"]}
    certification(replace(STATED, reported={"source": source}), START)
    assert "v4l2:/dev/video0, alsa:default" in one_line(written)


def test_names_in_any_script_stand_there_or_by_their_numbers() -> None:
    for name in ("Ana Peña Nguyễn", "Дмитрий", "أحمد", "प्रिया", "Ελένη", "ქეთი"):
        assert shown(name) == name
    assert shown("王 O'Neil") == "[U+738B] O'Neil"
    assert shown("\x00\u202e") == "[U+0000][U+202E]"


def test_the_same_values_make_the_same_file() -> None:
    assert certification(STATED, START) == certification(STATED, START)


def test_an_opened_package_has_it_listed(tmp_path: Path) -> None:
    film = package_of(footage.make(tmp_path / "film.mp4", seconds=2))
    package = opened_of(tmp_path, film, certification=True)
    assert package.files[layout.CERTIFICATION].startswith(b"%PDF-")
    assert check(package).exit == 0
    changed = package.having({layout.CERTIFICATION: b"%PDF-another"})
    assert check(changed).exit == 1


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "certification.pdf"
    long = "A rather long name of somebody who answered, " * 6
    withheld = [(f"{n}-{n + 1}", "privileged: advice by the attorney") for n in range(40)]
    path.write_bytes(certification(replace(STATED, attorney=long, withheld=withheld), START))
    return path


def told(*command: str | Path) -> str:
    return subprocess.run(
        [str(one) for one in command], check=True, capture_output=True, text=True
    ).stdout


@needs_poppler
def test_every_word_lies_where_both_letter_and_a4_print(pdf: Path) -> None:
    words = re.findall(
        r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">',
        told("pdftotext", "-bbox", pdf, "-"),
    )
    boxes = [[float(number) * 25.4 / 72 for number in word] for word in words]
    assert len(boxes) > 600
    # Letter is 215.9 x 279.4 mm, A4 210 x 297: centred on A4, 3 mm are lost at each side.
    assert min(box[0] for box in boxes) >= 22
    assert max(box[2] for box in boxes) <= 215.9 - 22
    assert min(box[1] for box in boxes) >= 15
    assert max(box[3] for box in boxes) <= 279.4 - 10


@needs_poppler
def test_no_word_is_set_over_another(pdf: Path) -> None:
    for page in told("pdftotext", "-bbox", pdf, "-").split("<page ")[1:]:
        found = re.findall(
            r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">', page
        )
        boxes = sorted(tuple(float(number) for number in word) for word in found)
        for at, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[at + 1 :]:
                if other[0] >= right - 0.5:
                    break
                across = min(right, other[2]) - max(left, other[0])
                # Line boxes of fonts touch; half a letter's height is no touching.
                down = min(bottom, other[3]) - max(top, other[1])
                assert across < 0.5 or down < 5, (left, top, other)


@needs_poppler
def test_its_fonts_are_in_it_and_its_text_can_be_copied(pdf: Path) -> None:
    rows = told("pdffonts", pdf).splitlines()[2:]
    assert len(rows) == 3
    assert all(" yes yes yes " in row for row in rows)
    text = one_line([told("pdftotext", "-layout", pdf, "-")])
    assert "03" * 32 in text
    assert "Page 1 of" in text
