"""Both vector files hold here: what the browser writes is read, signed and refused alike."""

import importlib.util
import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accompany.errors import AccompanyError
from accompany.evidence.age import HybridIdentity, decrypt
from accompany.evidence.age_header import HeaderFailure, parse_header
from accompany.evidence.cards import Card, Organization, open_card
from accompany.evidence.checkpoints import Checkpoint, open_checkpoint
from accompany.evidence.merkle import check_inclusion
from accompany.evidence.notes import Note, Signer, Verifier, check_public_key, open_note
from accompany.evidence.receipts import Receipt, named_entry, open_receipt, statement_entry
from accompany.evidence.revocations import Revocation
from accompany.evidence.statements import (
    open_following,
    open_opening,
    read_statement,
)
from accompany.evidence.text import (
    read_base32,
    read_base64,
    read_hex,
    read_number,
    read_time,
    write_time,
)

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
SIGNED = ("notes", "receipts", "cards", "revocations", "organizations", "checkpoints")
Vector = dict[str, Any]


def load(name: str) -> Vector:
    loaded: Vector = json.loads((FOLDER / name).read_text())
    return loaded


FILES = ("from-typescript.json", "from-python.json")
REFUSED = [
    pytest.param(item, id=f"{name.split('.')[0]}-{at}-{item['what']}-{item['why']}")
    for name in FILES
    for at, item in enumerate(load(name)["refused"])
]


@pytest.fixture(params=FILES)
def vectors(request: pytest.FixtureRequest) -> Vector:
    return load(request.param)


def test_what_this_half_writes_is_what_from_python_says() -> None:
    spec = importlib.util.spec_from_file_location("make_vectors", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    making = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(making)
    assert making.text_of(making.anew()) == making.FILE.read_text()


def test_notes_are_signed_to_the_same_bytes_and_open(vectors: Vector) -> None:
    for item in (one for kind in SIGNED for one in vectors[kind]):
        signer = Signer.from_seed(item["name"], bytes.fromhex(item["seed"]))
        note = item["note"].encode()
        assert signer.sign(item["text"]) == note
        assert str(signer.verifier) == item["vkey"]
        assert open_note(note, Verifier.parse(item["vkey"])) == item["text"]
        assert bytes(Note.parse(note)) == note


def test_texts_are_read_and_written_again_to_the_same_bytes(vectors: Vector) -> None:
    forms: dict[str, Callable[[str], object]] = {
        "receipts": Receipt.read,
        "cards": Card.read,
        "revocations": Revocation.read,
        "organizations": Organization.read,
        "checkpoints": Checkpoint.read,
    }
    for kind, read in forms.items():
        for item in vectors[kind]:
            assert str(read(item["text"])) == item["text"]
    for item in vectors["times"]:
        assert write_time(item["milliseconds"]) == item["text"]
        assert read_time(item["text"]) == item["milliseconds"]


def test_a_chat_is_lines_of_json_whose_size_says_little(vectors: Vector) -> None:
    for item in vectors["chat"]:
        segment = b64decode(item.pop("segment"))
        assert len(segment) % 1024 == 0
        assert segment.index(b"\n") == len(segment) - 1
        assert json.loads(segment) == item
    assert len(vectors["chat"]) > 2


def test_statements_are_written_signed_and_bound_to_the_log_alike(vectors: Vector) -> None:
    opening = b""
    for item in vectors["statements"]:
        statement, note = read_statement(item["text"]), item["note"].encode()
        assert str(statement) == item["text"]
        signer = Signer.from_seed(f"recording/{statement.recording}", bytes.fromhex(item["seed"]))
        assert signer.sign(item["text"]) == note
        if item["form"] == "opening":
            opening = note
            assert open_opening(note) == statement
        else:
            assert open_following(note, signer.verifier.key) == statement
        entry = statement_entry(opening, statement.number, note)
        assert (entry.slot.hex(), entry.digest.hex()) == (item["slot"], item["digest"])


def test_entries_and_proofs_come_out_alike(vectors: Vector) -> None:
    for item in vectors["entries"]:
        entry = named_entry(item["what"], item["name"], b64decode(item["data"]))
        assert (entry.slot.hex(), entry.digest.hex()) == (item["slot"], item["digest"])
    for item in vectors["proofs"]:
        leaf, path = bytes.fromhex(item["leaf"]), [bytes.fromhex(one) for one in item["path"]]
        check_inclusion(item["index"], item["size"], leaf, path, bytes.fromhex(item["root"]))


def test_age_files_open(vectors: Vector) -> None:
    for item in vectors["age"]:
        identity = HybridIdentity.parse(item["identity"])
        assert str(identity.recipient) == item["recipient"]
        assert decrypt(b64decode(item["file"]), [identity]) == b64decode(item["plaintext"])


@pytest.mark.parametrize("item", REFUSED)
def test_what_is_bent_is_refused(item: Vector) -> None:
    with pytest.raises(AccompanyError):
        read(item["what"], b64decode(item["data"]), item["key"])


def read(what: str, data: bytes, key: str | None) -> object:
    """Read *data* as tests/vectors/README.md says *what* is read."""
    if what == "age":
        return open_age(data, key or "")
    if what in ("public-key", "note", "opening"):
        raw: dict[str, Callable[[bytes], object]] = {
            "public-key": check_public_key,
            "note": Note.parse,
            "opening": open_opening,
        }
        return raw[what](data)
    if key is not None:
        verifier = Verifier.parse(key)
        keyed: dict[str, Callable[[bytes, Verifier], object]] = {
            "signed": open_note,
            "following": lambda note, by: open_following(note, by.key),
            "receipt": open_receipt,
            "card": open_card,
            "revocation": lambda note, by: Revocation.read(open_note(note, by)),
            "organization": lambda note, by: Organization.read(open_note(note, by)),
            "checkpoint": open_checkpoint,
        }
        return keyed[what](data, verifier)
    texts: dict[str, Callable[[str], object]] = {
        "time": read_time,
        "number": read_number,
        "id": read_base32,
        "base64": read_base64,
        "hash": lambda text: read_hex(text, 32),
        "vkey": Verifier.parse,
        "statement": read_statement,
    }
    return texts[what](data.decode())


def open_age(data: bytes, identity: str) -> bytes:
    if not parse_header(data).one_hybrid:
        raise HeaderFailure("expected one stanza, mlkem768x25519")
    return decrypt(data, [HybridIdentity.parse(identity)])
