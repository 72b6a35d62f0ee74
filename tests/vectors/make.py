"""Writes from-python.json: the same shape as from-typescript.json, made by this half.

    python tests/vectors/make.py

Everything but age files comes from fixed seeds; age files are kept as long as they still open.
tests/evidence/test_vectors_from_typescript.py checks that what stands there is what this makes.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from accompany.evidence.age import HybridIdentity, HybridRecipient, decrypt, encrypt
from accompany.evidence.cards import Card, License, Organization, organization_name
from accompany.evidence.checkpoints import Checkpoint
from accompany.evidence.merkle import (
    EMPTY_ROOT,
    grown,
    inclusion_proof,
    leaf_hash,
    root,
)
from accompany.evidence.notes import Signer, signature_line
from accompany.evidence.receipts import Entry, Receipt, named_entry, statement_entry
from accompany.evidence.revocations import Revocation
from accompany.evidence.statements import (
    Chain,
    Closing,
    Gap,
    Opening,
    SegmentStatement,
    Statement,
    recording_id,
    recording_signer,
)
from accompany.evidence.text import write_base32, write_time
from accompany.ids import CardSerial, EncounterId, Origin

FILE = Path(__file__).with_name("from-python.json")
ORIGIN = Origin("python.example.net/log")
TIME = 1_795_300_000_007
Vector = dict[str, Any]


def seed(word: str) -> bytes:
    return sha256(f"accompany python seed: {word}".encode()).digest()


def signer(name: str, word: str) -> Signer:
    return Signer.from_seed(name, seed(word))


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def signed(name: str, word: str, text: str) -> Vector:
    key = signer(name, word)
    note = key.sign(text).decode()
    hexed = seed(word).hex()
    return {"name": name, "seed": hexed, "text": text, "note": note, "vkey": str(key.verifier)}


def make(kept: list[Vector]) -> Vector:
    """Return the whole set; *kept* age files that still open are taken over."""
    statements = make_statements()
    vectors: Vector = {**make_signed(), "statements": statements, "entries": make_entries()}
    vectors["proofs"] = make_proofs()
    vectors["chat"] = make_chat()
    times = [1, 59_999, TIME, 951_782_399_999, 4_102_444_800_000]
    vectors["times"] = [{"milliseconds": time, "text": write_time(time)} for time in times]
    vectors["age"] = kept if kept and all(map(opens, kept)) else make_age()
    vectors["refused"] = make_refused(vectors)
    return vectors


def opens(vector: Vector) -> bool:
    identity = HybridIdentity.parse(vector["identity"])
    return decrypt(b64decode(vector["file"]), [identity]) == b64decode(vector["plaintext"])


def make_signed() -> Vector:
    entry = Entry(seed("slot"), seed("digest"))
    receipts = [
        str(Receipt(ORIGIN, index, entry, word, TIME + index))
        for index, word in enumerate(("none", "kept", "awaited"))
    ]
    card = Card(
        CardSerial(write_base32(seed("serial")[:20])),
        "Nguyễn Thị Lan, Esq.",
        str(HybridIdentity(seed("attorney")).recipient),
        signer("x", "attorney").verifier.key,
        tuple(License(state, "2026-10-31") for state in ("AK", "TX", "WY")),
        TIME,
        TIME + 1,
    )
    organization = Organization(
        "البيت الأبيض 🕊",
        str(HybridIdentity(seed("custodian")).recipient),
        signer(ORIGIN, "log").verifier,
        signer(f"{ORIGIN}/receipts", "receipts").verifier,
    )
    name = organization_name(ORIGIN)
    checkpoints = [Checkpoint(ORIGIN, 1, leaf_hash(b"")), Checkpoint(ORIGIN, 2**40, EMPTY_ROOT)]
    return {
        "notes": [
            signed("a", "note", "\n"),
            signed("python.example.net", "note", "tail — spaces  \n— a b\n"),
        ],
        "receipts": [signed(f"{ORIGIN}/receipts", "receipts", text) for text in receipts],
        "cards": [signed(name, "organization", str(card))],
        "revocations": [
            signed(f"{ORIGIN}/receipts", "receipts", str(Revocation(card.serial, TIME, lost)))
            for lost in (None, TIME, 0)
        ],
        "organizations": [signed(name, "organization", str(organization))],
        "checkpoints": [signed(ORIGIN, "log", str(item)) for item in checkpoints],
    }


def make_chat() -> list[Vector]:
    """Lines of a chat as docs/format.md has them, one of them longer than a block."""
    texts = ["Bonjou, èske m dwe louvri? 🕊", 'لا. قل: "لا".\t', "n" * 1999]
    lines = [
        {"by": by, "time": write_time(TIME + at), "text": text}
        for at, (by, text) in enumerate(zip(("caller", "attorney", "caller"), texts, strict=True))
    ]
    return [{**line, "segment": base64(chat_segment(line))} for line in lines]


def chat_segment(line: Vector) -> bytes:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
    return text.ljust(-(-(len(text) + 1) // 1024) * 1024 - 1) + b"\n"


def make_statements() -> list[Vector]:
    """One chain of sound with a muted stretch, closed because another replaced it."""
    key = recording_signer(signer("recording", "recording"))
    opening = Opening(
        recording_id(key.verifier.key),
        TIME,
        key.verifier.key,
        "sound",
        "audio/mp4;codecs=mp4a.40.2",
        str(HybridIdentity(seed("recording")).recipient),
        seed("grants"),
        EncounterId(write_base32(seed("encounter")[:20])),
        (recording_id(seed("older")), seed("last")),
        ORIGIN,
        (0, EMPTY_ROOT),
        "accompany-record/0.1.0 none",
    )
    note = key.sign(str(opening))
    chain = Chain.start(opening, note)
    vectors = [statement_vector("opening", opening, note, note)]

    def add(form: str, make: Callable[..., Any], *rest: Any) -> None:
        nonlocal chain
        head = (chain.recording, chain.last + 1, chain.digest, TIME + chain.last)
        item = make(*head, *rest)
        signed_note = key.sign(str(item))
        chain = chain.follow(item, signed_note)
        vectors.append(statement_vector(form, item, signed_note, note))

    add("segment", SegmentStatement, 0, 0, 1200, seed("one"))
    add("segment", SegmentStatement, 12, 2000, 12_288, seed("two"))
    add("gap", Gap, 500, 700, "muted")
    add("segment", SegmentStatement, 2012, 1999, 12_288, seed("three"))
    add("gap", Gap, 4011, 0, "unknown")
    add("closing", Closing, 4011, 3, "replaced")
    return vectors


def statement_vector(form: str, item: Statement, note: bytes, opening: bytes) -> Vector:
    entry = statement_entry(opening, item.number, note)
    return {
        "form": form,
        "seed": seed("recording").hex(),
        "text": str(item),
        "note": note.decode(),
        "digest": entry.digest.hex(),
        "slot": entry.slot.hex(),
    }


def make_entries() -> list[Vector]:
    names = [("grant", "id 12"), ("custody", "id 3"), ("card", "serial"), ("release", "ab")]
    names.append(("revocation", "serial"))
    made = []
    for what, name in names:
        data = seed(what)
        entry = named_entry(what, name, data)
        slots = {"slot": entry.slot.hex(), "digest": entry.digest.hex()}
        made.append({"what": what, "name": name, "data": base64(data), **slots})
    return made


def make_proofs() -> list[Vector]:
    nodes: dict[tuple[int, int], bytes] = {}
    leaves = [leaf_hash(seed(str(number))) for number in range(21)]
    for number, leaf in enumerate(leaves):
        nodes.update({(a, b): c for a, b, c in grown(number, leaf, lambda a, b: nodes[a, b])})
    made = []
    for index, size in ((0, 1), (0, 21), (15, 16), (16, 21), (20, 21), (12, 13)):
        path = inclusion_proof(index, size, lambda a, b: nodes[a, b])
        made.append(
            {
                "index": index,
                "size": size,
                "leaf": leaves[index].hex(),
                "path": [item.hex() for item in path],
                "root": root(size, lambda a, b: nodes[a, b]).hex(),
            }
        )
    return made


def make_age() -> list[Vector]:
    made = []
    for number, plaintext in enumerate((b"", b"x" * 4095, seed("bytes") * 3)):
        identity = HybridIdentity(seed(f"age {number}"))
        file = encrypt(plaintext, [identity.recipient])
        texts = {"identity": str(identity), "recipient": str(identity.recipient)}
        made.append({**texts, "file": base64(file), "plaintext": base64(plaintext)})
    return made


def refused(what: str, data: str | bytes, why: str, key: str | None = None) -> Vector:
    raw = data.encode() if isinstance(data, str) else data
    return {"what": what, "data": base64(raw), "key": key, "why": why}


def make_refused(vectors: Vector) -> list[Vector]:
    return [
        *bent_words(),
        *bent_notes(vectors["notes"][0]),
        *bent_statements(vectors["statements"]),
        *bent_texts(vectors),
        *bent_age(vectors["age"][2]),
    ]


def bent_words() -> list[Vector]:
    times = ["2027-02-29T00:00:00.000Z", "2026-1-01T00:00:00.000Z", "2026-01-01 00:00:00.000Z"]
    return [
        *(refused("time", text, "no moment in its written form") for text in times),
        *(
            refused("number", text, "no number")
            for text in ("0x1", "1_0", "99999999999999999", "٣")
        ),
        *(refused("base64", text, "no canonical base64") for text in ("AA", "AB==", "A", "AAAA ")),
        *(refused("id", text, "no id") for text in ("", "0" * 32, "ä" * 32)),
        *(refused("hash", text, "no hash") for text in ("", "0x" + "ab" * 31, "ab" * 33)),
        *(refused("vkey", text, "no vkey") for text in ("", "a+b", "a+00000000+AQ==", "a b+1+c")),
        refused("public-key", bytes(32), "low order"),
        refused("public-key", (2**255 - 19 + 3).to_bytes(32, "little"), "not canonical"),
        refused("public-key", b"\xff" * 32, "not canonical"),
    ]


def bent_notes(good: Vector) -> list[Vector]:
    key, note = signer(good["name"], "note"), good["note"]
    raw = key.private.sign(good["text"].encode())
    line = note.rsplit("\n\n", 1)[1]
    half = f"{good['text']}\n{signature_line(key.verifier, raw[:32])}"
    forms = [note.strip(), note.replace("\n\n", "\n"), note + " ", note[:-2] + "\n"]
    signs = [half, f"more\n{note}", note + line, note.replace("— a ", "— b ")]
    return [
        *(refused("note", text, "not the form of a note") for text in forms),
        *(refused("signed", text, "not a note by this key", good["vkey"]) for text in signs),
    ]


def bent_statements(statements: list[Vector]) -> list[Vector]:
    opening, segment, gap, closing = (statements[number] for number in (0, 1, 3, 6))
    key = recording_signer(signer("recording", "recording"))
    texts = [
        segment["text"].replace("size 1200", "size 01200"),
        segment["text"].replace("size 1200", "size -1"),
        segment["text"].replace("sha256", "SHA256"),
        gap["text"].replace("reason muted", "reason stopped"),
        closing["text"].replace("reason replaced", "reason hidden"),
        closing["text"].replace("\n", "\r\n"),
        opening["text"].replace("number 0", "number 1"),
    ]
    openings = [
        opening["text"].replace("kind sound", "kind Sound"),
        opening["text"].replace("after 0 ", "after 00 "),
        opening["text"].replace("\nlog ", "\nlog a+"),
        opening["text"].replace("accompany-record/0.1.0 none", "accompany record/0.1.0 none"),
        opening["text"].replace("audio/mp4", "audio/mp4é"),
    ]
    vkey = str(key.verifier)
    return [
        *(refused("statement", text, "not a statement's form") for text in texts),
        *(refused("opening", key.sign(text), "an opening that does not hold") for text in openings),
        refused("opening", signer("recording/x", "other").sign(opening["text"]), "another's key"),
        refused("following", opening["note"], "an opening", vkey),
        refused("following", segment["note"].replace("1200", "1201"), "not as signed", vkey),
    ]


def bent_texts(vectors: Vector) -> list[Vector]:
    made = []
    bends = {
        "receipts": ("receipts", [("index 0", "index "), ("bytes none", "bytes None")]),
        "cards": ("organization", [("license AK", "license A"), ("2026-10-31", "2026-10-3")]),
        "revocations": ("receipts", [("time ", "lost "), ("Z\n", "Z\nlost none\n")]),
        "organizations": ("organization", [("name ", "name"), ("/receipts+", "/receipts +")]),
        "checkpoints": ("log", [("\n1\n", "\n+1\n"), ("\n1\n", "\n1\n\n")]),
    }
    for what, (word, pairs) in bends.items():
        good = vectors[what][0]
        for old, new in pairs:
            bent = signer(good["name"], word).sign(good["text"].replace(old, new, 1))
            made.append(refused(what.removesuffix("s"), bent, f"{old!r} as {new!r}", good["vkey"]))
    return made


def bent_age(good: Vector) -> list[Vector]:
    file, other = b64decode(good["file"]), HybridIdentity(seed("another"))
    recipients: list[HybridRecipient] = [HybridIdentity.parse(good["identity"]).recipient]
    two = encrypt(b"x", [*recipients, other.recipient])
    return [
        refused("age", two, "sealed to two", good["identity"]),
        refused("age", file, "sealed to another", str(other)),
        refused("age", file[:-17], "cut", good["identity"]),
        refused("age", file.replace(b"--- ", b"---"), "no space before the MAC", good["identity"]),
    ]


def text_of(vectors: Vector) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


def kept() -> Vector:
    found: Vector = json.loads(FILE.read_text()) if FILE.is_file() else {}
    return found


def anew() -> Vector:
    """Return the set as it would be written now. Two-stanza files draw randomness: kept as well."""
    old = kept()
    vectors = make(old.get("age", []))
    if old.get("age") == vectors["age"]:
        before = {item["why"]: item for item in old["refused"] if item["what"] == "age"}
        vectors["refused"] = [
            replace_random(item, before.get(item["why"])) for item in vectors["refused"]
        ]
    return vectors


def replace_random(item: Vector, before: Vector | None) -> Vector:
    return before if before is not None and item["why"] == "sealed to two" else item


if __name__ == "__main__":
    FILE.write_text(text_of(anew()))
