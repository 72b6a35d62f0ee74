"""A byte flipped in every kind of file, texts in other written forms, packages bent at random."""

import random
from collections.abc import Iterator
from dataclasses import replace

from accompany.evidence import layout
from accompany.evidence.notes import Signer
from corpus.cases import Case, flipped
from evidence import test_verify
from evidence.making import Log, Package, Server, sealed
from evidence.test_verify import film, statement


def kinds(package: Package) -> dict[str, str]:
    """The last file of each kind in *package*; of a time stamp, each part is a kind."""
    found: dict[str, str] = {}
    for path in package.files:
        place = layout.place(path)
        assert place is not None, path
        kind = place.kind
        if kind in ("stamp", "bag"):
            kind = f"{kind} {path.rpartition('.' if kind == 'stamp' else '/')[2]}"
        found[kind] = path
    return found


def every_kind(package: Package, policy: str, anchors: str) -> Iterator[Case]:
    """Flip one bit in the middle of a file of each kind; nothing is made to fit it."""
    for kind, path in kinds(package).items():
        data = package.files[path]
        for where, at in (("first", 0), ("middle", len(data) // 2), ("last", len(data) - 2)):
            bent = replace(package, files={**package.files, path: flipped(data, at)})
            name = f"{kind}, {where} byte"
            yield Case("flipped bytes", name, bent, None, None, policy=policy, anchors=anchors)


def forms() -> Iterator[Case]:
    """Texts that say the same in another written form, signed as they stand."""
    recording = film()
    text = recording.notes[2].decode().partition("\n\n")[0] + "\n"
    for name, written in {
        "a leading zero": text.replace("number 2", "number 02"),
        "two spaces": text.replace("offset ", "offset  "),
        "upper-case hex": _upper(text),
        "another order": _reordered(text),
        "a line more": f"{text}note hello\n",
        "a carriage return": text.replace("\n", "\r\n", 1),
        "a byte order mark": f"\ufeff{text}",
        "time with an offset": text.replace("Z\n", "+00:00\n"),
        "time without decimals": text.replace(".000Z", "Z"),
        "a day that is none": text.replace("-11-21T", "-11-31T"),
        "a number beyond all": text.replace("duration 500", f"duration {2**53}"),
        "Arabic digits": text.replace("duration 500", "duration ٥٠٠"),
        "letters far out": f"{text}\U0001f4f7 é\n",
        "over the limit": f"{text}{'x' * 5000}\n",
    }.items():
        assert written != text, name
        package = _stating(written, recording.signer)
        yield Case("other forms", f"a statement with {name}", package, fails=None, open=None)
    for name, data in {
        "no signature": text.encode(),
        "not UTF-8": b"\xff\xfe" + recording.notes[2],
        "nothing": b"",
        "a single newline": b"\n",
        "base64 without padding": recording.notes[2].replace(b"=\n", b"\n"),
        "base64 with a bit too many": _bit_more(recording.notes[2]),
        "an old dash": recording.notes[2].replace("—".encode(), b"-"),
    }.items():
        package = sealed(film().close()).having({statement(2): data})
        yield Case("other forms", f"a note with {name}", package, fails=None, open=None)
    yield from _policies()


def _stating(text: str, signer: Signer) -> Package:
    recording = film().close()
    recording.notes[2] = signer.sign(text)
    return sealed(recording, Server(Log()))


def _upper(text: str) -> str:
    head, _, tail = text.partition("previous ")
    digest, _, rest = tail.partition("\n")
    return f"{head}previous {digest.upper()}\n{rest}"


def _reordered(text: str) -> str:
    lines = text.splitlines()
    lines[6], lines[7] = lines[7], lines[6]
    return "\n".join(lines) + "\n"


def _bit_more(note: bytes) -> bytes:
    """The last letter before the padding, one higher: another writing of the same bytes."""
    at = len(note.rstrip(b"=\n")) - 1
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return note[:at] + bytes([alphabet[alphabet.index(note[at]) + 1]]) + note[at + 1 :]


def _policies() -> Iterator[Case]:
    for name, policy in {
        "two quorums": "quorum none\nquorum none\n",
        "no quorum": "# nothing\n",
        "a witness twice": "witness w x\nquorum none\n",
        "a word nobody knows": "believe \U0001f4f7 é'\\\nquorum none\n",
        "not UTF-8": "\udcff\nquorum none\n",
        "a group of nobody": "group g any nobody\nquorum g\n",
        "a key that is none": "log x+00000000+AAAA\nquorum none\n",
        "a key of low order": f"# receipts x+00000000+AQE{'A' * 41}\n",
    }.items():
        data = policy.encode("utf-8", "surrogateescape")
        change = lambda one, data=data: replace(one, policy=data)  # noqa: E731
        package = test_verify.bent(change)()
        yield Case("other forms", f"a policy with {name}", package, fails=None, open=None)


def at_random(packages: dict[str, Package], count: int, options: dict[str, dict]) -> Iterator[Case]:
    """*count* packages, each bent in a few places of files or ZIP, by a seed of its own."""
    names = sorted(packages)
    for number in range(count):
        chance = random.Random(f"corpus {number}")
        name = names[number % len(names)]
        package = packages[name]
        data = _in_files(package, chance) if chance.random() < 0.7 else _in_zip(package, chance)
        yield Case(
            "bent at random", f"{number:04d} {name}", data, fails=None, open=None, **options[name]
        )


def _in_files(package: Package, chance: random.Random) -> Package:
    changed: dict[str, bytes | None] = {}
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        path = chance.choice(sorted(package.files))
        data = package.files[path]
        other = package.files[chance.choice(sorted(package.files))]
        at = chance.randrange(len(data) or 1)
        changed[path] = chance.choice(
            (
                lambda d=data, at=at: flipped(d, at, 1 << chance.randrange(8)) if d else b"x",
                lambda d=data, at=at: flipped(d, at, chance.randrange(1, 256)) if d else b"x",
                lambda d=data, at=at: d[:at],
                lambda d=data, at=at: d[:at] + d[at + 1 :],
                lambda d=data, at=at: d[:at] + chance.randbytes(3) + d[at:],
                lambda d=data, at=at: d[:at] + d[at : at + 9] + d[at:],
                lambda other=other: other,
                lambda: None,
            )
        )()
    if chance.random() < 0.5:
        return package.having(changed)
    kept = {path: data for path, data in {**package.files, **changed}.items() if data is not None}
    return replace(package, files=kept)


def _in_zip(package: Package, chance: random.Random) -> bytes:
    data = package.zipped()
    directory = data.index(b"PK\x01\x02")
    for _ in range(chance.choice((1, 1, 2))):
        # Headers and directory are few of the bytes and most of the tricks.
        low = directory if chance.random() < 0.5 else 0
        data = flipped(data, chance.randrange(low, len(data)), 1 << chance.randrange(8))
    return data
