"""Checkpoints, proofs and policies; and a public log, rebuilt leaf by leaf."""

from base64 import b64encode
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.checkpoints import (
    Checkpoint,
    Policy,
    Proof,
    open_checkpoint,
    parse_checkpoint,
    read_consistency,
    write_consistency,
    write_policy,
)
from accompany.evidence.merkle import (
    check_consistency,
    consistency_proof,
    grown,
    leaf_hash,
    root,
)
from accompany.evidence.notes import Note, Verifier, signature_line
from accompany.ids import Origin
from evidence.making import LOG, ORGANIZATION, ORIGIN, RECEIPTS, Log, seed, signer
from evidence.vectors import VECTORS, needs_vectors

hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**53 - 1)
checkpoints = st.builds(Checkpoint, st.just(ORIGIN), numbers, hashes)
WITNESSES = [signer(f"witness-{n}.example") for n in range(3)]


# ---- Checkpoints --------------------------------------------------------------------------------


@given(checkpoints)
def test_a_checkpoint_is_read_as_it_was_signed(checkpoint):
    note = checkpoint.sign(LOG)
    assert open_checkpoint(note, LOG.verifier) == checkpoint
    assert parse_checkpoint(note)[0] == checkpoint


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n1\n", "\n1\n{root}\n", "a\n01\n{root}\n", "a\n-1\n{root}\n", "a\n1\nAAAA\n",
     "a\n1\n{root}\nmore\n", "a\n1\n{root}", "a\n1\n {root}\n"],
)  # fmt: skip
def test_another_checkpoint_is_refused(text):
    with pytest.raises(Malformed):
        Checkpoint.read(text.replace("{root}", b64encode(bytes(32)).decode()))


def test_a_checkpoint_is_its_own_logs():
    checkpoint = Checkpoint(Origin("elsewhere.example"), 1, bytes(32))
    with pytest.raises(DoesNotHold, match="origin"):
        open_checkpoint(checkpoint.sign(LOG), LOG.verifier)
    with pytest.raises(DoesNotHold):
        open_checkpoint(checkpoint.sign(RECEIPTS), LOG.verifier)


# ---- Proofs -------------------------------------------------------------------------------------

proofs = st.builds(
    Proof, numbers, st.lists(hashes, max_size=6).map(tuple),
    checkpoints.map(lambda checkpoint: checkpoint.sign(LOG)),
)  # fmt: skip


@given(proofs)
def test_a_proof_is_read_as_it_was_written(proof):
    assert Proof.parse(bytes(proof)) == proof


@given(proofs, st.data())
def test_a_bent_proof_is_refused_or_says_just_that(proof, data):
    whole = bytes(proof)
    position = data.draw(st.integers(0, len(whole)))
    drop = data.draw(st.integers(0, 2))
    bent = whole[:position] + data.draw(st.binary(max_size=2)) + whole[position + drop :]
    try:
        assert bytes(Proof.parse(bent)) == bent
    except Malformed:
        assert bent != whole


@given(st.binary(max_size=100))
def test_any_bytes_are_a_proof_or_malformed(data):
    for given_data in (data, b"c2sp.org/tlog-proof@v1\n" + data):
        with suppress(Malformed):
            assert bytes(Proof.parse(given_data)) == given_data


def test_a_proof_has_at_most_64_hashes():
    proof = Proof(0, (bytes(32),) * 64, b"x")
    assert Proof.parse(bytes(proof)) == proof
    with pytest.raises(Malformed, match="64"):
        Proof.parse(bytes(replace(proof, path=(bytes(32),) * 65)))


def test_a_proof_holds_for_its_entry_alone():
    log = Log()
    log.pad(11)
    checkpoint = log.checkpoint()
    proof = Proof.parse(log.proof(4, b"note", 11))
    proof.check(log.entries[4], checkpoint)
    with pytest.raises(DoesNotHold):
        proof.check(log.entries[5], checkpoint)
    with pytest.raises(DoesNotHold):
        proof.check(log.entries[4], log.checkpoint(10))


@given(numbers, numbers, st.lists(hashes, max_size=6))
def test_a_consistency_file_is_read_as_it_was_written(old, new, path):
    data = write_consistency(old, new, path)
    assert read_consistency(data) == (old, new, path)
    for bent in (data[:-1], data + b"\n", data[1:], data.replace(b"old ", b"old  "), b"", b"\xff"):
        with pytest.raises(Malformed):
            read_consistency(bent)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_consistency_file_or_malformed(data):
    for given_data in (data, b"accompany/consistency/v1\nold 1\nnew 2\n" + data):
        with suppress(Malformed):
            assert write_consistency(*read_consistency(given_data)) == given_data


# ---- Policies -----------------------------------------------------------------------------------


def cosigner(number: int) -> Verifier:
    return replace(WITNESSES[number].verifier, kind=4)


def policy(*lines: str) -> Policy:
    return Policy.parse("".join(f"{line}\n" for line in lines).encode())


def test_a_servers_own_policy_names_its_keys():
    text = write_policy(LOG.verifier, RECEIPTS.verifier, ORGANIZATION.verifier)
    read = Policy.parse(text.encode())
    assert read.log(ORIGIN) == LOG.verifier
    assert read.receipts_key(ORIGIN) == RECEIPTS.verifier
    assert read.organizations == (ORGANIZATION.verifier,)
    assert read.log("elsewhere") is None
    assert read.quorum == "none"


W = [f"witness w{n} {cosigner(n)}" for n in range(3)]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [f"log {LOG.verifier}"],
        ["quorum none", "quorum none"],
        ["quorum w"],
        ["quorum w0", W[0]],
        [W[0], W[0], "quorum none"],
        [W[0], f"group w0 any {cosigner(1)}", "quorum none"],
        ["group g any w0", "quorum none"],
        [W[0], "group g 2 w0", "quorum g"],
        [W[0], "group g 0 w0", "quorum g"],
        [W[0], "group g any w0 w0", "quorum g"],
        [W[0], "group g any w0", "group h any w0", "quorum g"],
        [W[0], "group g some w0", "quorum g"],
        [W[0], "group g any", "quorum none"],
        ["group none any w0", "quorum none"],
        [f"witness none {cosigner(0)}", "quorum none"],
        [f"witness w {LOG.verifier}", "quorum none"],
        [f"log {cosigner(0)}", "quorum none"],
        [f"log {LOG.verifier}", f"log {LOG.verifier}", "quorum none"],
        ["log", "quorum none"],
        ["believe me", "quorum none"],
        ["# receipts nobody", "quorum none"],
        [f"log {LOG.verifier} url more", "quorum none"],
    ],
)
def test_a_policy_that_is_not_clear_is_refused(lines):
    with pytest.raises(Malformed, match="policy"):
        policy(*lines)


def test_a_policy_may_have_comments_tabs_and_addresses():
    read = policy(
        "# a comment", "#receipts nobody", "", f"log\t{LOG.verifier}  https://log.example.org",
        f"{W[0]} https://witness.example", "quorum w0",
    )  # fmt: skip
    assert read.log(ORIGIN) == LOG.verifier
    assert read.quorum == "w0"


@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_policy_or_malformed(data):
    for given_data in (data, b"quorum none\n" + data):
        with suppress(Malformed):
            Policy.parse(given_data)


def cosigned(*numbers: int, seconds: int = 1_795_291_200) -> Note:
    text = str(Checkpoint(ORIGIN, 5, seed("root")))
    note = LOG.sign(text)
    for number in numbers:
        value = WITNESSES[number].private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        line = signature_line(cosigner(number), seconds.to_bytes(8, "big") + value)
        note += line.encode()
    return Note.parse(note, 1 << 16)


@pytest.mark.parametrize(
    ("quorum", "enough", "too_few"),
    [
        (["quorum none"], [()], []),
        (["quorum w1"], [(1,), (0, 1)], [(), (0, 2)]),
        (["group g any w0 w1 w2", "quorum g"], [(0,), (2,), (0, 1, 2)], [()]),
        (["group g all w0 w1 w2", "quorum g"], [(0, 1, 2)], [(), (0, 1)]),
        (["group g 2 w0 w1 w2", "quorum g"], [(0, 2), (0, 1, 2)], [(), (1,)]),
        (["group g any w0 w1", "group h all g w2", "quorum h"], [(0, 2), (1, 2)], [(0, 1), (2,)]),
    ],
)
def test_a_quorum_is_counted_as_the_policy_says(quorum, enough, too_few):
    read = policy(*W, *quorum)
    assert all(read.quorum_holds(cosigned(*numbers)) for numbers in enough)
    assert not any(read.quorum_holds(cosigned(*numbers)) for numbers in too_few)


def test_a_witness_counts_for_its_own_text_and_time_alone():
    read = policy(*W, "quorum w0")
    note = cosigned(0)
    line = note.signatures[1]
    for bent in (
        replace(note, text=note.text.replace("\n5\n", "\n6\n")),
        replace(note, signatures=(replace(line, value=bytes(8) + line.value[8:]),)),
        replace(note, signatures=(replace(line, value=line.value[8:]),)),
        replace(note, signatures=(replace(line, name="w0"),)),
    ):
        assert not read.quorum_holds(bent)


def test_groups_within_groups_without_end_are_counted_too():
    """A hostile policy in a package must not bring the verifier down."""
    chain = [f"group g{n} any g{n - 1}" for n in range(1, 20_000)]
    read = policy(*W, "group g0 any w0", *chain, "quorum g19999")
    assert read.quorum_holds(cosigned(0))
    assert not read.quorum_holds(cosigned(1))


# ---- A public log: transparency-dev/tessera, testdata/log ---------------------------------------

VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def bundle(width: int) -> list[bytes]:
    """The entries of tile/entries/000.p/<width>: each with its length in two bytes before it."""
    data = (VECTORS / "tlog" / "tile" / "entries" / "000.p" / str(width)).read_bytes()
    entries = []
    while data:
        size = int.from_bytes(data[:2], "big")
        entries.append(data[2 : 2 + size])
        data = data[2 + size :]
    return entries


@needs_vectors
def test_a_public_logs_checkpoints_are_those_of_its_entries():
    verifier = Verifier.parse(VKEY)
    nodes: dict[tuple[int, int], bytes] = {}
    entries = bundle(15)
    assert len(entries) == 15
    roots = [root(0, lambda *at: nodes[at])]
    for index, entry in enumerate(entries):
        for level, number, value in grown(index, leaf_hash(entry), lambda *at: nodes[at]):
            nodes[level, number] = value
        roots.append(root(index + 1, lambda *at: nodes[at]))
    for size in range(16):
        note = (VECTORS / "tlog" / f"checkpoint.{size}").read_bytes()
        checkpoint = open_checkpoint(note, verifier)
        assert (checkpoint.size, checkpoint.root) == (size, roots[size])
        if size:
            assert bundle(size) == entries[:size]
            tile = (VECTORS / "tlog" / "tile" / "0" / "000.p" / str(size)).read_bytes()
            assert tile == b"".join(leaf_hash(entry) for entry in entries[:size])


@needs_vectors
def test_a_public_log_only_grows():
    log: dict[tuple[int, int], bytes] = {}
    for index, entry in enumerate(bundle(15)):
        for level, number, value in grown(index, leaf_hash(entry), lambda *at: log[at]):
            log[level, number] = value
    verifier = Verifier.parse(VKEY)
    heads = [
        open_checkpoint((VECTORS / "tlog" / f"checkpoint.{n}").read_bytes(), verifier)
        for n in range(16)
    ]
    for old in heads:
        for new in heads[old.size :]:
            proof = consistency_proof(old.size, new.size, lambda *at: log[at])
            check_consistency(old.size, new.size, old.root, new.root, proof)


@needs_vectors
def test_a_bent_public_checkpoint_is_refused():
    note = (VECTORS / "tlog" / "checkpoint.9").read_bytes()
    for position in range(len(note)):
        bent = note[:position] + bytes([note[position] ^ 1]) + note[position + 1 :]
        with pytest.raises(AccompanyError):
            open_checkpoint(bent, Verifier.parse(VKEY))
