"""Settings: each documented, each read from the environment, each wrong value refused in words."""

import argparse
import dataclasses
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accompany.cli.serve import configure_serve, settings_from
from accompany.config import LIMITS, TELEPHONES, Settings
from accompany.errors import Malformed
from house import settings_for
from serving import READY_SECONDS, accompany, environment

DOCS = (Path(__file__).resolve().parent.parent / "docs/settings.md").read_text()
FIELDS = {field.name: field for field in dataclasses.fields(Settings)}
NUMBERS = [name for name, field in FIELDS.items() if isinstance(field.default, int | float)]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("accompany serve")
    configure_serve(made)
    return made


def flags() -> set[str]:
    return {action.dest for action in parser()._actions} - {"help", "json", "new_origin"}


def documented() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\| (\S[^|]*) \|$", DOCS, re.M)
    return {name: [cell.strip().strip("`") for cell in rest] for name, *rest in rows}


def test_every_setting_is_documented_and_nothing_else() -> None:
    expected = {}
    for name, field in FIELDS.items():
        flag = f"--{name}" if name in flags() else ""
        expected[name] = [f"ACCOMPANY_{name.upper()}", flag, str(field.default)]
    assert {name: cells[:3] for name, cells in documented().items()} == expected
    assert flags() <= set(FIELDS)
    assert set(LIMITS) == set(NUMBERS)


def test_without_anything_the_defaults_hold() -> None:
    assert Settings.from_environment({"HOME": "/", "PORT": "1"}) == Settings()


@pytest.mark.parametrize("name", FIELDS)
def test_each_is_read_from_the_environment(name: str) -> None:
    given = {int: "4097", float: "1.0", str: "word", Path: "folder"}
    text = given[type(Settings().__getattribute__(name)) if name != "data" else Path]
    if name in TELEPHONES:
        text = "+1 (555) 010-0123"
    if name == "journal_file_bytes":
        text = str(2**20)
    found = Settings.from_environment({f"ACCOMPANY_{name.upper()}": text})
    assert str(getattr(found, name)) == text
    assert found == dataclasses.replace(Settings(), **{name: getattr(found, name)})


def test_a_flag_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOMPANY_PORT", "1")
    monkeypatch.setenv("ACCOMPANY_HOTLINE", "988")
    found = settings_from(parser().parse_args(["--port", "3", "--tls"]))
    assert (found.port, found.hotline, found.tls) == (3, "988", "own")
    assert found.secure
    assert not Settings().secure


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("wrong", ["", "many", "nan", "inf", "-1", "1e99", "0x10"])
def test_what_is_no_such_number_is_refused_in_words(name: str, wrong: str) -> None:
    with pytest.raises(Malformed, match=rf"setting {name} .* number from .* found '{wrong}'"):
        Settings().having(name, wrong)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_least_and_the_most_are_taken_and_no_more(name: str) -> None:
    least, most = LIMITS[name]
    for value in (least, most):
        assert getattr(Settings().having(name, str(value)), name) == value
    with pytest.raises(Malformed):
        Settings().having(name, str(most * 2))


@pytest.mark.parametrize("name", TELEPHONES)
@pytest.mark.parametrize(
    "wrong", ["1-800-LAW-HELP", "12", "+", "call us", "1" * 16, "+1+555", "555 0100;ext=1", "१२३४५"]
)
def test_what_no_telephone_calls_is_refused(name: str, wrong: str) -> None:
    with pytest.raises(Malformed, match=rf"setting {name} .*a telephone number.* found"):
        Settings().having(name, wrong)


@pytest.mark.parametrize("number", ["", "988", "+1 (555) 010-0123", "555.0100", "(02) 1234"])
def test_a_number_is_taken_as_people_write_it(number: str) -> None:
    assert Settings().having("hotline", number).hotline == number


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ACCOMPANY_PORT": "99999"}, "setting port .* a whole number from 0 to 65535"),
        ({"ACCOMPANY_HOTLINE": "1-800-LAW"}, "setting hotline .* a telephone number"),
        ({"ACCOMPANY_HOTLINE_SMS": "x"}, "setting hotline_sms .* a telephone number"),
        ({"ACCOMPANY_TLS": "nothing"}, "expected own or CERTIFICATE:KEY"),
        ({"ACCOMPANY_ORIGIN": "two words"}, "origin .* no space"),
        ({"ACCOMPANY_ORGANIZATION": ""}, "organization"),
        ({"ACCOMPANY_ORGANIZATION": "x" * 121}, "organization"),
    ],
)
def test_a_server_refuses_to_start_with_a_sentence(
    tmp_path: Path, variables: dict[str, Any], words: str
) -> None:
    command = accompany("serve", "--data", settings_for(tmp_path).data, "--json")
    done = subprocess.run(
        command, env={"ACCOMPANY_PORT": "0", **environment(), **variables},
        capture_output=True, text=True, timeout=READY_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.search(f"^accompany serve: .*{words}", done.stderr), done.stderr
    assert "Traceback" not in done.stderr
